"""The doctor's part about changes: whether the executor's roles can be assumed, and what may be sent to event buses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import SettingsError, WriteRefused
from agent.ports.writing import Permission
from agent.settings import Settings
from tools.actions.event_catalogue import read_events
from tools.aws.writing import AssumedWriteAccess

IDENTITY = (Permission("sts", "get_caller_identity", "sts:GetCallerIdentity", ("*",)),)
"""Allowed to everybody, and changes nothing."""


def check_executor(settings: Settings, aws: Literal["simulated", "real"]) -> Iterator[dict[str, Any]]:
    """Fields of `deploy.doctor.Check`."""
    yield from _catalogue(settings)
    roles = _roles(settings)
    if not roles:
        fix = "set WATCHKEEPER_EXECUTOR_ROLE_ARN to let it make the changes that you approve (docs/executor.md)"
        yield {"name": "Executor", "status": "ok", "message": "no role: nothing can be changed in AWS", "fix": fix}
    elif aws == "simulated":
        fix = "run `watchkeeper doctor --aws real` to try it"
        yield {"name": "Executor", "status": "ok", "message": "a role is set, and not tried here", "fix": fix}
    else:
        access = AssumedWriteAccess.of(settings)
        yield from (_assumed(access, name, account) for name, account in roles)


def _roles(settings: Settings) -> list[tuple[str, str]]:
    """(name, account) of each account that may be changed; "" is the home account."""
    others = [(f"Executor in {each.name or each.id}", each.id) for each in settings.aws_accounts if each.executor_role]
    return ([("Executor", "")] if settings.executor_role_arn else []) + others


def _assumed(access: AssumedWriteAccess, name: str, account: str) -> dict[str, Any]:
    try:
        arn = access.open(IDENTITY, "doctor", account).client("sts").get_caller_identity()["Arn"]
    except (WriteRefused, SettingsError) as error:
        fix = "correct the role's trust policy and the external id, as docs/executor.md says"
        return {"name": name, "status": "fail", "message": str(error), "fix": fix}
    except (BotoCoreError, ClientError) as error:
        fix = "check the credentials, the region and AWS_ENDPOINT_URL"
        return {"name": name, "status": "fail", "message": str(error)[:200], "fix": fix}
    return {"name": name, "status": "ok", "message": f"{arn} can be had for approved changes"}


def _catalogue(settings: Settings) -> Iterator[dict[str, Any]]:
    if settings.event_catalogue is None:
        return
    try:
        events = read_events(settings.event_catalogue)
    except SettingsError as error:
        yield {"name": "Events", "status": "fail", "message": str(error), "fix": "correct the file"}
    else:
        yield {"name": "Events", "status": "ok", "message": f"{len(events)} kinds of events may be sent"}
