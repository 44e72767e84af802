"""What to allow when AWS refuses: the exact IAM action and the resource, from the reply or else from the call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from agent.ports import AwsSession
from tools.aws.iam import actions

DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedAccess"}
    | {"403", "Forbidden", "NotAuthorized", "NotAuthorizedException", "AccessDeniedForDependencyException"}
)
_ACTION = re.compile(r"perform:? ([\w-]+:\w+)")
_RESOURCE = re.compile(r"on (?:the )?resource:? (arn:[^\s\"',]+)")
_NAMED: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("TableName", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
    "lambda": ("FunctionName", "arn:{partition}:lambda:{region}:{account}:function:{name}"),
    "logs": ("logGroupName", "arn:{partition}:logs:{region}:{account}:log-group:{name}:*"),
    "mwaa": ("Name", "arn:{partition}:airflow:{region}:{account}:environment/{name}"),
    "s3": ("Bucket", "arn:{partition}:s3:::{name}"),
}
"""Which parameter names a call's resource, and its ARN."""


def is_denied(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"].get("Code", "") in DENIED_CODES


def missing(error: ClientError) -> str:
    """What `note` found to be missing, such as `rds:DescribeEvents on *`; if it was not asked, what AWS itself says."""
    detail: Mapping[str, Any] = error.response["Error"]
    action = _ACTION.search(str(detail.get("Message", "")))
    return str(detail.get("Missing") or (action[1] if action else error.operation_name))


def note(error: ClientError, service: str, operation: str, parameters: Mapping[str, Any], aws: AwsSession) -> None:
    """Write into a denial which permission is missing."""
    detail: dict[str, Any] = error.response["Error"]  # pyright: ignore[reportAssignmentType] -- a plain dict underneath
    message = str(detail.get("Message", ""))
    action = _ACTION.search(message)
    resource = _RESOURCE.search(message)
    on = resource[1].rstrip(".") if resource else _resource(service, parameters, aws)
    detail["Missing"] = f"{action[1] if action else actions(service, operation)[0]} on {on}"


def _resource(service: str, parameters: Mapping[str, Any], aws: AwsSession) -> str:
    parameter, pattern = _NAMED.get(service, ("", ""))
    name = str(parameters.get(parameter) or "")
    if not name:
        return "*"
    place = {"partition": aws.partition, "region": aws.region, "account": aws.account if "{account}" in pattern else ""}
    arn = name if name.startswith("arn:") else pattern.format(name=name, **place)
    return f"{arn}/{parameters['Key']}" if service == "s3" and parameters.get("Key") else arn
