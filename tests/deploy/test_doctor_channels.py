"""The doctor on channels, in the local workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from agent.settings import Settings
from deploy.doctor_channels import check_channels, listed_channels
from deploy.local.workspace.background import RunningWorkspace, running_workspace


@pytest.fixture
def ws() -> Iterator[RunningWorkspace]:
    with running_workspace() as workspace:
        yield workspace


def checked(ws: RunningWorkspace, home: Path) -> dict[str, Any]:
    """With a rule that posts to #finops."""
    rules = home / "rules.yaml"
    rules.write_text("rules: [{name: cost, when: {source: datadog}, then: {channel: '#finops'}}]")
    listed = listed_channels(WebClient(ws.bot_token, base_url=ws.api_url))
    return check_channels(Settings(home=home, alert_rules=rules), listed)


def test_those_of_settings_and_rules_are_fine_where_watchkeeper_is_a_member(
    ws: RunningWorkspace, tmp_path: Path
) -> None:
    check = checked(ws, tmp_path)
    assert (check["status"], check["message"]) == ("ok", "#alerts, #finops")


def test_it_has_to_be_a_member_of_a_channel_that_a_rule_names(ws: RunningWorkspace, tmp_path: Path) -> None:
    ws.workspace.state.channel("finops").members.remove(ws.bot_user)
    check = checked(ws, tmp_path)
    assert (check["status"], check["message"]) == ("fail", "not a member of finops")
    assert "/invite @watchkeeper" in check["fix"]


def test_a_channel_that_slack_does_not_list_may_be_a_private_one(ws: RunningWorkspace, tmp_path: Path) -> None:
    state = ws.workspace.state
    del state.channels[state.channel("finops").id]
    check = checked(ws, tmp_path)
    assert (check["status"], check["message"]) == ("warn", "not found: finops")
    assert "if it is private" in check["fix"]
