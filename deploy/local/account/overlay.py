"""The WSGI application in front of moto: it answers what moto fakes or lacks, and denies what scenarios deny."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.request import Request as HttpRequest
from werkzeug.wrappers import Response

from deploy.local.account import denials, protocols, trail
from deploy.local.account.iam import permissions
from deploy.local.account.moto_app import StartResponse
from deploy.local.account.reactions.course import follow_up
from deploy.local.account.request import AwsError, Operation
from deploy.local.account.services import (
    apigatewayv2,
    autoscaling,
    budgets,
    ce,
    cloudformation,
    cloudtrail,
    cloudwatch,
    codedeploy,
    dynamodb,
    ec2,
    ecs,
    elbv2,
    events,
    guardduty,
    health,
    lambda_,
    logs,
    mwaa,
    pi,
    rds,
    rds_data,
    redshift_data,
    redshift_serverless,
    securityhub,
    service_quotas,
    sqs,
    ssm,
    stepfunctions,
    sts,
    xray,
)
from deploy.local.account.state import Account

OWNED: Mapping[str, Mapping[str, Operation]] = {
    "ce": ce.OPERATIONS,
    "budgets": budgets.OPERATIONS,
    "cloudwatch": cloudwatch.OPERATIONS,
    "logs": logs.OPERATIONS,
    "cloudtrail": cloudtrail.OPERATIONS,
    "health": health.OPERATIONS,
    "securityhub": securityhub.OPERATIONS,
    "guardduty": guardduty.OPERATIONS,
    "codedeploy": codedeploy.OPERATIONS,
    "pi": pi.OPERATIONS,
    "service-quotas": service_quotas.OPERATIONS,
    "mwaa": mwaa.OPERATIONS,
    "rds-data": rds_data.OPERATIONS,
    "redshift-data": redshift_data.OPERATIONS,
    "redshift-serverless": redshift_serverless.OPERATIONS,
    "ssm": ssm.OPERATIONS,
    "xray": xray.OPERATIONS,
}
"""Services that the overlay answers alone: an operation that is not listed is refused, never handed to moto."""

AMENDED: Mapping[str, Mapping[str, Operation]] = {
    "apigatewayv2": apigatewayv2.OPERATIONS,
    "autoscaling": autoscaling.OPERATIONS,
    "cloudformation": cloudformation.OPERATIONS,
    "dynamodb": dynamodb.OPERATIONS,
    "ec2": ec2.OPERATIONS,
    "ecs": ecs.OPERATIONS,
    "elbv2": elbv2.OPERATIONS,
    "events": events.OPERATIONS,
    "lambda": lambda_.OPERATIONS,
    "rds": rds.OPERATIONS,
    "sqs": sqs.OPERATIONS,
    "stepfunctions": stepfunctions.OPERATIONS,
    "sts": sts.OPERATIONS,
}
"""Single operations of services that are otherwise moto's."""

log = logging.getLogger(__name__)


class Overlay:
    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        http = HttpRequest(environ)
        scope = protocols.signed_scope(http)
        if scope is None or (http.content_length is None and "HTTP_TRANSFER_ENCODING" in environ):
            return self._account.moto(environ, start_response)
        body = http.get_data(cache=True, parse_form_data=False)
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            call = protocols.parse(HttpRequest(environ), scope)
        except Exception:
            log.exception("A request to %s cannot be read", scope.service)
            call = None
        environ["wsgi.input"] = io.BytesIO(body)
        if call is not None:
            return self._answer(call, environ)(environ, start_response)
        return (_unknown(scope) if scope.service in OWNED else self._account.moto)(environ, start_response)

    def _answer(self, call: protocols.Call, environ: dict[str, Any]) -> Response:
        """The answer of the overlay, or else of moto; or an error as the service itself would say it."""
        account, request = self._account, call.request
        try:
            account.faults.happen(request)
            permissions.check(account, request, call.protocol)
            denials.check(account, request, call.protocol)
            answer = self._done(call, environ)
            if answer.status_code < 400:
                follow_up(account, request)
                account.faults.happen(request, after_effect=True)
            return answer
        except AwsError as error:
            if trail.is_change(request):
                trail.record(account, request, error)
            return protocols.refuse(call, error)
        except NotImplementedError:
            return protocols.refuse(call, _unsupported(call))
        except Exception:
            log.exception("%s %s failed in the simulated account", request.service, request.operation)
            return protocols.refuse(call, AwsError("InternalFailure", "The simulated account failed.", 500))

    def _done(self, call: protocols.Call, environ: dict[str, Any]) -> Response:
        operation = _find(call)
        if operation is not None:
            return protocols.reply(call, operation(self._account, call.request))
        return self._account.moto.answer(call.model.service_model, environ)


def _find(call: protocols.Call) -> Operation | None:
    service, name = call.request.service, call.request.operation
    if service not in OWNED:
        return AMENDED.get(service, {}).get(name)
    operation = OWNED[service].get(name)
    if operation is None:
        raise _unsupported(call)
    return operation


def _unsupported(call: protocols.Call) -> AwsError:
    what = f"{call.request.service} {call.request.operation}"
    return AwsError("UnsupportedOperation", f"The simulated account does not answer {what}.", 501)


def _unknown(scope: protocols.Scope) -> Response:
    body = {"__type": "SerializationException", "message": f"This request to {scope.service} cannot be read."}
    return Response(json.dumps(body), 400, content_type="application/x-amz-json-1.1")
