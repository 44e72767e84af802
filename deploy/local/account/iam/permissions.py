"""Whether a caller may do what it asks: the policies of its role, and of its session, must both allow it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from deploy.local.account.denials import access_denied, action_of
from deploy.local.account.iam.policy import Policy, parse_policy
from deploy.local.account.iam.resources import resources_of
from deploy.local.account.iam.sessions import READER_KEY, READER_ROLE, READER_SESSION, Caller, caller_of
from deploy.local.account.request import Request
from deploy.local.account.state import Account

_READS = re.compile(
    r"^(BatchGet|BatchImport|Check|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Select|Simulate|Start(Live|Query)"
    r"|StopQuery|AssumeRole|ExecuteStatement|BatchExecuteStatement|CancelStatement|DescribeStatement)"
)
"""What the account's reader may call. Its SQL is read by databases, whose users have rights of their own."""
_ALWAYS = {"sts:GetCallerIdentity"}


def check(account: Account, request: Request, protocol: str) -> None:
    """Raise the service's own AccessDenied unless the caller's policies allow the call.

    The account's own credentials, which no role was assumed with, may do anything that no scenario denies.
    """
    action = action_of(request)
    account_id = account_id_of(account)
    if request.access_key == READER_KEY:
        if not _may_read(request):
            raise access_denied(action, account_id, request, protocol, f"{READER_ROLE}/{READER_SESSION}")
        return
    caller = caller_of(account, request)
    if not caller.assumed or action in _ALWAYS:
        return
    for resource in resources_of(request, account_id):
        if not _allowed(account, caller, action, resource.split(" ")):
            raise access_denied(
                action, account_id, request, protocol, f"{caller.role}/{caller.session}", resource.split(" ")[0]
            )


def account_id_of(account: Account) -> str:
    loaded = account.loaded()
    return loaded[0].scenario.account_id if loaded else "123456789012"


def _may_read(request: Request) -> bool:
    if request.service == "mwaa" and request.operation == "InvokeRestApi":
        return request.params.get("Method") == "GET"
    return bool(_READS.match(request.operation))


def _allowed(account: Account, caller: Caller, action: str, forms: list[str]) -> bool:
    """Whether the role's policies, and the session's if it has one, allow the action on one form of the resource."""
    own = list(_policies_of(account, caller.role)) if caller.known_role else [None]
    return any(_allow(own, action, form) and _allow([caller.policy], action, form) for form in forms)


def _allow(policies: Sequence[Policy | None], action: str, resource: str) -> bool:
    if None in policies:
        return True  # a session without a policy of its own, or a role that nothing is known of
    answers = [each.says(action, resource) for each in policies if each is not None]
    return "allow" in answers and "deny" not in answers


def _policies_of(account: Account, role: str) -> Iterator[Policy]:
    """The inline and the attached policies of a role; none when it has been deleted."""
    iam = account.moto.client("iam", "us-east-1")
    try:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            yield _read(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            policy = iam.get_policy(PolicyArn=each["PolicyArn"])["Policy"]
            version = iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId=policy["DefaultVersionId"])
            yield _read(version["PolicyVersion"]["Document"])
    except ClientError:
        return


def _read(document: Any) -> Policy:
    return parse_policy(unquote(document) if isinstance(document, str) else json.dumps(document))
