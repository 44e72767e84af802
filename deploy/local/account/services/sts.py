"""AssumeRole with a session policy that is enforced. The rest of STS is moto's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from deploy.local.account.iam.permissions import account_id_of
from deploy.local.account.iam.policy import LONGEST, parse_policy
from deploy.local.account.iam.sessions import READER_KEY, READER_ROLE, READER_SESSION, Caller, Sessions, caller_of
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account

_SHORTEST, _AN_HOUR = 900, 3600


def assume_role(account: Account, request: Request) -> dict[str, Any]:
    """Credentials of a role, cut down to what the session policy allows.

    A role of an account that scenarios are in must exist; the simulated account knows no other accounts' roles.
    """
    params = request.params
    role = params["RoleArn"].rpartition("/")[2]
    owner = params["RoleArn"].split(":")[4]
    known = owner in {account_id_of(account), *_account_ids(account)}
    longest = _longest(account, params["RoleArn"], role) if known else _AN_HOUR
    seconds = params.get("DurationSeconds", 3600)
    if not _SHORTEST <= seconds <= longest:
        message = f"The requested DurationSeconds must be between {_SHORTEST} and the role's limit of {longest}."
        raise AwsError("ValidationError", message)
    policy = parse_policy(params["Policy"], LONGEST) if params.get("Policy") else None
    reply = from_moto(account, request)
    expires = account.now() + timedelta(seconds=seconds)
    session = params["RoleSessionName"]
    caller = Caller(role, session, policy, expires, assumed=True, account_id=owner, known_role=known)
    account.memory(Sessions).add(reply["Credentials"]["AccessKeyId"], caller)
    reply["Credentials"]["Expiration"] = expires
    return reply


def get_caller_identity(account: Account, request: Request) -> dict[str, Any]:
    """The assumed role's session; without one, what moto says."""
    identity = from_moto(account, request)
    caller = caller_of(account, request)
    if request.access_key != READER_KEY and not caller.assumed:
        return identity
    owner = caller.account_id or identity["Account"]
    arn = f"arn:aws:sts::{owner}:assumed-role/{caller.role}/{caller.session}"
    return {"Account": owner, "Arn": arn, "UserId": f"AROASIMULATED:{caller.session}"}


def _account_ids(account: Account) -> set[str]:
    return {loaded.scenario.account_id for loaded in account.loaded()}


def _longest(account: Account, arn: str, role: str) -> int:
    """The longest session of the role, in seconds. AccessDenied for a role that does not exist, as STS says it."""
    try:
        found = account.moto.client("iam", "us-east-1").get_role(RoleName=role)["Role"]
    except ClientError:
        found = None
    if found is None or found["Arn"] != arn:
        who = f"arn:aws:sts::{arn.split(':')[4]}:assumed-role/{READER_ROLE}/{READER_SESSION}"
        raise AwsError(
            "AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}", 403
        )
    return int(found.get("MaxSessionDuration", _AN_HOUR))


OPERATIONS: dict[str, Operation] = {"AssumeRole": assume_role, "GetCallerIdentity": get_caller_identity}
