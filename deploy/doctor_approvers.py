"""The doctor's part about people: whether Slack knows whom the action policy names, and tells who is in a group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent.safety.policy import policy_of
from agent.settings import Settings

NAME = "Approvers"
MAX_LOOKUPS = 50
"""Slack answers some fifty of these in a minute."""


def check_approvers(client: WebClient, settings: Settings) -> Iterator[dict[str, Any]]:
    """As keywords of `Check`; none where the policy names nobody, which its own check says."""
    document = policy_of(settings).document
    named = (name for grant in document.approvers for name in grant.who)
    names = list(dict.fromkeys((*named, *document.break_glass.who)))
    if not names:
        return
    try:
        wrong = [problem for name in names[:MAX_LOOKUPS] if (problem := _problem(client, name))]
    except (SlackApiError, OSError) as error:
        said = str(error.response.get("error")) if isinstance(error, SlackApiError) else type(error).__name__
        fix = "grant users:read and usergroups:read (slack_app/manifest.yaml), and look whether Slack can be reached"
        yield _check("fail", f"Slack does not say who they are ({said}): nobody can approve anything", fix)
        return
    if wrong:
        fix = "correct the ids in the action policy or in WATCHKEEPER_APPROVERS"
        yield _check("warn", "; ".join(wrong), fix)
        return
    unread = f", {len(names) - MAX_LOOKUPS} of them not looked up" if len(names) > MAX_LOOKUPS else ""
    yield _check("ok", f"Slack knows all {len(names)} who are named{unread}")


def _problem(client: WebClient, name: str) -> str:
    """Why a name lets nobody decide; "" when it does. Raises what Slack says against being asked."""
    try:
        if name.startswith("S"):
            members: list[str] = client.usergroups_users_list(usergroup=name).get("users") or []
            return "" if members else f"nobody is in the user group {name}"
        known: dict[str, Any] = client.users_info(user=name).get("user") or {}
    except SlackApiError as error:
        if error.response.get("error") not in ("user_not_found", "user_not_visible", "no_such_subteam"):
            raise
        return f"Slack knows no {name}"
    if known.get("deleted"):
        return f"{name} is deactivated"
    return f"{name} is an app" if known.get("is_bot") else ""


def _check(status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": NAME, "status": status, "message": message, "fix": fix}
