"""What the doctor says of those whom the policy names, asked of a real client of the local workspace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from agent.settings import Settings
from deploy.doctor_approvers import check_approvers
from deploy.local.workspace.background import RunningWorkspace, running_workspace


@pytest.fixture(scope="module")
def ws() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


def checked(ws: RunningWorkspace, *names: str) -> list[dict[str, Any]]:
    client = WebClient(token=ws.bot_token, base_url=ws.api_url)
    return list(check_approvers(client, Settings.read(approvers=names)))


def test_people_and_groups_that_slack_knows_are_fine(ws: RunningWorkspace) -> None:
    (check,) = checked(ws, ws.user_id("maya"), "S0PLATFORM")
    assert (check["status"], check["message"]) == ("ok", "Slack knows all 2 who are named")


def test_where_nobody_is_named_the_policys_own_check_says_so(ws: RunningWorkspace) -> None:
    assert checked(ws) == []


def test_whoever_can_decide_nothing_is_named_with_the_reason(ws: RunningWorkspace) -> None:
    gone = ws.workspace.state.user("jonas")
    gone.deleted = True
    (check,) = checked(ws, "U0NOBODY99", "S0NOBODY99", gone.id, ws.bot_user, ws.user_id("maya"))
    assert check["status"] == "warn"
    assert check["message"] == (
        f"Slack knows no U0NOBODY99; Slack knows no S0NOBODY99; {gone.id} is deactivated; {ws.bot_user} is an app"
    )
    gone.deleted = False


def test_a_group_without_members_lets_nobody_decide(ws: RunningWorkspace) -> None:
    group = ws.workspace.state.groups["S0PLATFORM"]
    members, group.users[:] = [*group.users], []
    (check,) = checked(ws, "S0PLATFORM")
    assert (check["status"], check["message"]) == ("warn", "nobody is in the user group S0PLATFORM")
    group.users[:] = members


def test_a_slack_that_does_not_say_is_a_failure(ws: RunningWorkspace) -> None:
    ws.faults.fail("usergroups.users.list", "missing_scope")
    (check,) = checked(ws, "S0PLATFORM")
    assert check["status"] == "fail"
    assert "(missing_scope): nobody can approve anything" in check["message"]
    assert "usergroups:read" in check["fix"]
