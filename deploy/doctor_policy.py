"""The doctor's part about the action policy: whether it can be read, who may approve, and what runs by itself."""

from __future__ import annotations

from typing import Any

from agent.errors import SettingsError
from agent.safety.policy import ActionPolicy, read_policy
from agent.settings import Settings

NAME = "Action policy"


def check_policy(settings: Settings) -> dict[str, Any]:
    """As keywords of `Check`. What is missing is a warning once there is a role that could change anything."""
    try:
        policy = read_policy(settings.action_policy, settings.approvers, settings.kill_switch)
    except SettingsError as error:
        fix = "correct the file (`watchkeeper policy check`), or unset WATCHKEEPER_ACTION_POLICY"
        return _check("fail", f"nothing may be changed: {error}", fix)
    acts = settings.executor_role_arn or any(account.executor_role for account in settings.aws_accounts)
    missing = "warn" if acts else "ok"
    if policy.kill_switch:
        fix = "unset WATCHKEEPER_KILL_SWITCH to switch it on again"
        return _check(missing, "remediation is switched off: nothing may be changed", fix)
    if not policy.document.approvers:
        fix = "name approvers in WATCHKEEPER_APPROVERS or in a policy file (docs/action-policy.md)"
        return _check(missing, f"nobody may approve a change; {alone(policy)}", fix)
    return _check("ok", described(policy))


def described(policy: ActionPolicy) -> str:
    """`2 approvers, 1 rule, 3 protections …; nothing runs by itself`."""
    document = policy.document
    who = {name for grant in document.approvers for name in grant.who}
    parts = [
        _count(len(who), "approver") if who else "nobody may approve anything",
        _count(len(document.protected), "protection"),
        _count(len(document.rules), "rule"),
        _count(len(document.freezes), "freeze"),
    ]
    return f"{', '.join(parts)}; {alone(policy)}"


def alone(policy: ActionPolicy) -> str:
    kinds = sorted({kind for entry in policy.document.by_itself for kind in entry.action})
    return f"may run by itself: {', '.join(kinds)}" if kinds else "nothing runs by itself"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _check(status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": NAME, "status": status, "message": message, "fix": fix}
