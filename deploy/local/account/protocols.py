"""From HTTP to (service, operation, parameters) and back, by botocore's own models: JSON, query, REST and CBOR."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from botocore.session import get_session
from botocore.utils import parse_timestamp
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request as HttpRequest
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from deploy.local.account.json_body import json_body
from deploy.local.account.request import AwsError, Request

SIGNING_NAMES = {
    "airflow": "mwaa",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "elasticmapreduce": "emr",
    "email": "ses",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}
"""From the name in a signature to boto3's, where the two differ."""

CBOR = "smithy-rpc-v2-cbor"


@dataclass(frozen=True)
class Call:
    """A request together with what is needed to answer it in its own protocol."""

    request: Request
    model: OperationModel
    protocol: str


@dataclass(frozen=True)
class Scope:
    """Where a request is signed for."""

    service: str
    region: str
    access_key: str = ""


def signed_scope(http: HttpRequest) -> Scope | None:
    """Read the credential scope of a SigV4 header or a presigned URL; None when the request is not signed."""
    header = http.headers.get("Authorization", "")
    credential = header.partition("Credential=")[2].partition(",")[0] or http.args.get("X-Amz-Credential", "")
    parts = credential.strip().split("/")
    if len(parts) != 5:
        return None
    service = _services_by_signing_name().get(parts[3])
    if service == "apigateway" and http.path.startswith("/v2/"):
        service = "apigatewayv2"  # signed as the first version is
    return Scope(service, parts[2], parts[0]) if service else None


def parse(http: HttpRequest, scope: Scope) -> Call | None:
    """Find out which operation is called, and with what; None when botocore's model does not know it."""
    model: Any = get_service_model(scope.service)
    if http.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _parse_cbor(http, scope, model)
    try:
        operation, url_params = get_service_router(scope.service).match(http)
        protocol = determine_request_protocol(model, http.content_type)
    except (NotFound, NotImplementedError):
        return None
    parser = PROTOCOL_PARSERS[protocol](operation, timestamp_parser=_aware)
    params = parser.parse(
        {
            "method": http.method,
            "values": http.values,
            "headers": http.headers,
            "body": http.get_data(),
            "url_path": http.path,
            "url_params": url_params,
        }
    )
    name: Any = operation.name
    return Call(Request(scope.service, name, params, scope.region, scope.access_key), operation, protocol)


def reply(call: Call, result: Mapping[str, Any]) -> Response:
    """Serialise an operation's result."""
    if call.protocol == CBOR:
        buffer = bytearray()
        serializer: Any = RpcV2CBORSerializer()
        serializer._serialize_data_item(buffer, result, call.model.output_shape)
        return _cbor_response(bytes(buffer), 200, {})
    if call.protocol == "json":
        version = call.model.service_model.metadata.get("jsonVersion", "1.0")
        body = json_body(result, call.model.output_shape)
        return Response(body, 200, content_type=f"application/x-amz-json-{version}")
    serializer_class = get_serializer_class(call.request.service, call.protocol)
    serializer = serializer_class(call.model, context=SerializationContext(str(uuid.uuid4())))
    answer = serializer.serialize(dict(result))
    status = _told_status(call, result) or answer["status_code"]
    return Response(answer["body"], status, Headers(answer["headers"]))


def _told_status(call: Call, result: Mapping[str, Any]) -> int | None:
    """The HTTP status where a member of the result is one, as Lambda's Invoke has it."""
    shape: Any = call.model.output_shape
    members = shape.members.items() if shape is not None else ()
    return next(
        (result.get(name) for name, each in members if each.serialization.get("location") == "statusCode"), None
    )


def refuse(call: Call, error: AwsError) -> Response:
    """Serialise an error as the service itself would."""
    code, status = _code_and_status(call.model.service_model, error)
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id}
    if call.model.service_model.is_query_compatible:
        headers["x-amzn-query-error"] = f"{error.code};{'Receiver' if status >= 500 else 'Sender'}"
    body = {"__type": code, "message": error.message, **error.members}
    if call.protocol == CBOR:
        return _cbor_response(_cbor_map(body), status, headers)
    if call.protocol in ("json", "rest-json"):
        headers["x-amzn-ErrorType"] = code
        return Response(json.dumps(body, default=str), status, headers, content_type="application/json")
    return Response(_xml_error(call.protocol, error, request_id), status, headers, content_type="text/xml")


def _parse_cbor(http: HttpRequest, scope: Scope, model: Any) -> Call | None:
    """`/service/GraniteServiceVersion20100801/operation/DescribeAlarms`, with a CBOR map as its body."""
    name = http.path.rpartition("/operation/")[2]
    if name not in model.operation_names:
        return None
    parser: Any = RpcV2CBORParser()
    data = http.get_data()
    params = parser.parse_data_item(io.BufferedReader(io.BytesIO(data))) if data else {}
    request = Request(scope.service, name, _aware_all(params), scope.region, scope.access_key)
    return Call(request, model.operation_model(name), CBOR)


def _cbor_response(body: bytes, status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status, {"smithy-protocol": "rpc-v2-cbor", **headers}, content_type="application/cbor")


def _cbor_map(strings: Mapping[str, Any]) -> bytes:
    """A CBOR map of at most 23 text entries; enough for an error."""
    serializer: Any = RpcV2CBORSerializer()
    body = bytearray([0xA0 + len(strings)])
    for key, value in strings.items():
        serializer._serialize_type_string(body, key, None, None)
        serializer._serialize_type_string(body, str(value), None, None)
    return bytes(body)


def _code_and_status(model: Any, error: AwsError) -> tuple[str, int]:
    """The error shape's name (JSON speaks of shapes, query of codes) and its HTTP status."""
    for shape in model.error_shapes:
        metadata = shape.metadata.get("error", {})
        if error.code in (shape.name, metadata.get("code")):
            return shape.name, error.status or metadata.get("httpStatusCode", 400)
    return error.code, error.status or 400


def _xml_error(protocol: str, error: AwsError, request_id: str) -> str:
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if protocol == "ec2":
        return f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    if protocol == "rest-xml":
        return f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    return (
        f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _aware(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else parse_timestamp(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _aware_all(value: Any) -> Any:
    if isinstance(value, datetime):
        return _aware(value)
    if isinstance(value, dict):
        return {key: _aware_all(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_aware_all(each) for each in value]
    return value


@cache
def _services_by_signing_name() -> dict[str, str]:
    """From the name in a signature to boto3's: monitoring is cloudwatch, airflow is mwaa."""
    return {name: name for name in get_session().get_available_services()} | SIGNING_NAMES
