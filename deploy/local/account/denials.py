"""IAM denials that scenarios ask for, enforced on every service."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from deploy.local.account.protocols import SIGNING_NAMES
from deploy.local.account.request import AwsError, Request
from deploy.local.account.state import Account

_PREFIXES = {service: name for name, service in SIGNING_NAMES.items()} | {"cloudwatch": "cloudwatch"}
_ACTIONS = {
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "lambda:Invoke": "lambda:InvokeFunction",
}
_CODES = {"ec2": "UnauthorizedOperation", "query": "AccessDenied", "rest-xml": "AccessDenied"}


def check(account: Account, request: Request, protocol: str) -> None:
    """Raise the service's own AccessDenied when a loaded scenario denies this call."""
    action = action_of(request)
    for loaded in account.loaded():
        for denial in loaded.scenario.denied:
            if fnmatchcase(action.lower(), denial.action.lower()) and _covers(denial.resource, request):
                raise access_denied(action, loaded.scenario.account_id, request, protocol)


def action_of(request: Request) -> str:
    """The IAM action that a call needs: `lambda:InvokeFunction` for Lambda's Invoke."""
    prefix = _PREFIXES.get(request.service, request.service)
    action = f"{prefix}:{request.operation}"
    action = _ACTIONS.get(action, action)
    if request.service.startswith("apigateway") and request.operation.startswith("Get"):
        return "apigateway:GET"  # API Gateway's actions are the methods of HTTP
    return action


def _covers(resource: str, request: Request) -> bool:
    """Whether the denial's resource, a glob over names or ARNs, matches anything named in the request."""
    if resource == "*":
        return True
    return any(fnmatchcase(name, resource) for name in _names(request.params))


def _names(value: Any) -> Iterator[str]:
    """Every string in a request; of an ARN also the last part, which is the resource's own name."""
    if isinstance(value, str):
        yield value
        if value.startswith("arn:"):
            yield value.rpartition(":")[2].rpartition("/")[2]
    elif isinstance(value, dict):
        for each in value.values():
            yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def access_denied(
    action: str,
    account_id: str,
    request: Request,
    protocol: str,
    caller: str = "watchkeeper-read-only/watchkeeper",
    resource: str = "",
) -> AwsError:
    """The service's own refusal. `caller` is the role and the session."""
    code = _CODES.get(protocol, "AccessDenied" if request.service == "cloudwatch" else "AccessDeniedException")
    what = resource or f"arn:aws:{action.partition(':')[0]}:{request.region}:{account_id}:*"
    message = (
        f"User: arn:aws:sts::{account_id}:assumed-role/{caller} is not authorized to perform: {action} on resource: "
        f"{what} because no identity-based policy allows the {action} action"
    )
    return AwsError(code, message, 400 if protocol == "json" else 403)
