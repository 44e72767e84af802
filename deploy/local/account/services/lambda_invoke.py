"""Lambda's Invoke: synchronous, asynchronous or dry, with what the scenario says an invocation comes to."""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.exceptions import ClientError

from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.serverless import LambdaFunction, Outcome
from deploy.local.account.services.lambda_changes import declared, function_name
from deploy.local.account.state import Account
from deploy.local.account.text import stable_id

_LARGEST = {"RequestResponse": 6 * 1024**2, "Event": 1024**2}


def invoke(account: Account, request: Request) -> dict[str, Any]:
    """The function's answer, or its error with FunctionError; without an outcome that fits, the payload comes back."""
    name, params = function_name(request), request.params
    kind = params.get("InvocationType", "RequestResponse")
    configuration = _configuration(account, request, name)
    text = _text(params.get("Payload"))
    if len(text) > _LARGEST.get(kind, _LARGEST["RequestResponse"]):
        raise AwsError("RequestTooLargeException", f"{len(text)} byte payload is too large for the {kind} type", 413)
    try:
        payload = json.loads(text or "{}")
    except ValueError:
        message = "Could not parse request body into json: Unrecognized token"
        raise AwsError("InvalidRequestContentException", message) from None
    if kind == "DryRun":
        return {"StatusCode": 204, "Payload": b""}
    found = declared(account, request.region, name)
    function = found[1] if found else LambdaFunction(name=name)
    if function.reserved_concurrency == 0:
        reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        raise AwsError("TooManyRequestsException", "Rate Exceeded.", 429, Reason=reason, Type="User")
    if kind == "Event":
        return {"StatusCode": 202, "Payload": b""}
    version = configuration["Version"]
    return _answer(account, request, version, configuration, _outcome(function, version, payload), payload)


def _answer(
    account: Account, request: Request, version: str, configuration: dict[str, Any], outcome: Outcome, payload: Any
) -> dict[str, Any]:
    body = payload if outcome.payload is None else outcome.payload
    reply: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": version}
    if outcome.fails:
        body = {"errorMessage": outcome.error_message, "errorType": outcome.error_type}
        reply["FunctionError"] = "Unhandled"
    if request.params.get("LogType") == "Tail":
        request_id = stable_id("invocation", account.now().isoformat(), json.dumps(body))
        reply["LogResult"] = base64.b64encode(_log(request_id, version, configuration, outcome).encode()).decode()
    return {**reply, "Payload": json.dumps(body).encode()}


def _outcome(function: LambdaFunction, version: str, payload: Any) -> Outcome:
    keys = set(payload) if isinstance(payload, dict) else set[str]()
    for each in function.outcomes:
        if (
            (not each.versions or version in each.versions)
            and keys >= set(each.payload_has)
            and (not each.payload_lacks or not keys >= set(each.payload_lacks))
            and function.memory_mb >= each.minimum_memory_mb
            and function.timeout_s >= each.minimum_timeout_s
        ):
            return each
    return Outcome()


def _configuration(account: Account, request: Request, name: str) -> dict[str, Any]:
    embedded = request.params["FunctionName"].partition(":function:")[2] or request.params["FunctionName"]
    qualifier = request.params.get("Qualifier") or embedded.partition(":")[2]
    client = account.moto.client("lambda", request.region)
    try:
        return client.get_function_configuration(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    except ClientError as error:
        raise AwsError("ResourceNotFoundException", error.response["Error"]["Message"], 404) from error


def _text(payload: Any) -> bytes:
    if payload is None:
        return b""
    if hasattr(payload, "read"):
        return bytes(payload.read())
    return payload.encode() if isinstance(payload, str) else bytes(payload)


def _log(request_id: str, version: str, configuration: dict[str, Any], outcome: Outcome) -> str:
    lines = [f"START RequestId: {request_id} Version: {version}"]
    if outcome.fails:
        lines.append(f"[ERROR] {outcome.error_type}: {outcome.error_message}")
    lines.append(f"END RequestId: {request_id}")
    duration = f"Duration: {outcome.milliseconds:.2f} ms\tBilled Duration: {round(outcome.milliseconds) + 1} ms"
    lines.append(f"REPORT RequestId: {request_id}\t{duration}\tMemory Size: {configuration['MemorySize']} MB")
    return "\n".join(lines) + "\n"


OPERATIONS: dict[str, Operation] = {"Invoke": invoke}
