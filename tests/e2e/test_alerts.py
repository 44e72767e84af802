"""Alerts of all ten scenarios, posted by other apps, and some of them over Slack's other transport."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.models import Diagnosis, Evidence, SlackPlace
from deploy.local.account import SimulatedAccount, load_scenario, scenario_names
from deploy.local.scoring import Mark, mark
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.bootstrap import utc_now
from tests.e2e.service import PATIENT, fire, post_to_webhook, replies, running_service, text_of
from tests.e2e.talk import Unread
from tools.stores.sqlite import open_stores

ALERT_SECONDS = 150
NEEDED_RIGHT = 9
OVER_HTTP = ("lambda-errors-after-deploy", "flapping-alarm")
"""Something wrong and nothing wrong: by the time that a scenario is analysed, nobody knows how its alert came."""
ALL_AT_ONCE: dict[str, Any] = {**PATIENT, "workers": 2, "channel_messages_per_minute": 600}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_alert_gets_one_summary_with_cause_and_evidence(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    with running_service(workspace, tmp_path, **PATIENT):
        ts = fire("lambda-errors-after-deploy", account, workspace)
        summary = _summary(workspace, ts)
        _reads(workspace, ts, "nobody may approve it: name people in WATCHKEEPER_APPROVERS")
    assert len(replies(workspace, "alerts", ts)) == 1
    assert "Likely cause" in text_of(summary)
    assert "checkout-submit-order" in text_of(summary)
    assert "console.aws.amazon.com" in text_of(summary)


def test_one_message_lives_as_long_as_its_incident(workspace: RunningWorkspace, tmp_path: Path) -> None:
    """Analysed, taken by somebody, over, and back again: always the same message, and the App Home knows it."""
    with running_service(workspace, tmp_path, {"aws": Unread()}):
        hook = workspace.incoming_webhook_url("alerts")
        post_to_webhook(hook, {"text": "CRITICAL: checkout-submit-order error rate is 12%"})
        ts = workspace.messages("alerts")[-1]["ts"]
        living = _summary(workspace, ts)["ts"]

        workspace.click("maya", "alerts", living, "incident_acknowledge")
        _reads(workspace, ts, f"Acknowledged by <@{workspace.user_id('maya')}>")
        workspace.click("maya", "alerts", living, "incident_snooze", selected_option={"value": "30m"})
        _reads(workspace, ts, "snoozed by")
        workspace.open_home("priya")
        workspace.wait_for(lambda: "has it" in str(workspace.home("priya")), 60)
        workspace.click("priya", "alerts", living, "incident_resolve")
        _reads(workspace, ts, "Resolved at")
        assert "Open incidents" in str(workspace.home("priya"))

        post_to_webhook(hook, {"text": "CRITICAL: checkout-submit-order error rate is 12%"})
        _reads(workspace, ts, "after it was resolved")
        assert len(replies(workspace, "alerts", ts)) == 1


def _reads(workspace: RunningWorkspace, ts: str, words: str) -> None:
    """The message comes to say so, and stays one that Slack takes."""

    def said() -> bool:
        (living,) = replies(workspace, "alerts", ts)
        assert validate_blocks(living.get("blocks") or []) == []
        return words in text_of(living)

    workspace.wait_for(said, 60)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_scenario_is_explained(account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path) -> None:
    with running_service(workspace, tmp_path, **ALL_AT_ONCE):
        found = _explained(scenario_names(), account, workspace, tmp_path)
    wrong = {name: (_mark(name, *said), said[0]) for name, said in found.items() if not _mark(name, *said).right}
    assert len(found) - len(wrong) >= NEEDED_RIGHT, wrong


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_alerts_are_explained_over_http_too(account: SimulatedAccount, tmp_path: Path) -> None:
    port = _free_port()
    with (
        running_workspace(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace,
        running_service(workspace, tmp_path, **ALL_AT_ONCE, slack_app_token=None, http_port=port),
    ):
        found = _explained(OVER_HTTP, account, workspace, tmp_path)
    assert all(_mark(name, *said).right for name, said in found.items()), found


def _explained(
    names: Sequence[str], account: SimulatedAccount, workspace: RunningWorkspace, home: Path
) -> dict[str, tuple[Diagnosis, list[Evidence]]]:
    """The diagnosis of each scenario, once each alert has its one summary."""
    fired = {name: fire(name, account, workspace) for name in names}
    summaries = {name: _summary(workspace, ts) for name, ts in fired.items()}
    counts = {name: len(replies(workspace, "alerts", ts)) for name, ts in fired.items()}
    assert set(counts.values()) == {1}, counts
    for name, summary in summaries.items():
        assert validate_blocks(summary["blocks"]) == [], name
    found = {name: asyncio.run(_diagnosis(home, workspace, ts)) for name, ts in fired.items()}
    for name, (diagnosis, _) in found.items():
        assert len({i for claim in diagnosis.claims for i in claim.evidence}) >= 2, name
    assert found["flapping-alarm"][0].nothing_wrong
    assert "nothing is wrong" in text_of(summaries["flapping-alarm"]).lower()
    return found


def _summary(workspace: RunningWorkspace, ts: str) -> dict[str, object]:
    """The reply once it is final: it has a header, which progress has not."""

    def final() -> dict[str, object] | None:
        for message in replies(workspace, "alerts", ts):
            if any(block["type"] == "header" for block in message.get("blocks") or []):
                return message
        return None

    found = workspace.wait_for(final, ALERT_SECONDS)
    assert found is not None
    return found


async def _diagnosis(home: Path, workspace: RunningWorkspace, ts: str) -> tuple[Diagnosis, list[Evidence]]:
    stores = open_stores(home / "watchkeeper.db", utc_now)
    try:
        place = SlackPlace(team=workspace.team_id, channel=workspace.channel_id("alerts"), thread_ts=ts)
        incident = await stores.incidents.by_thread(place)
    finally:
        stores.close()
    assert incident is not None
    assert incident.diagnosis is not None
    return incident.diagnosis, list(incident.evidence)


def _mark(name: str, diagnosis: Diagnosis, evidence: list[Evidence]) -> Mark:
    text = " ".join([diagnosis.summary, diagnosis.root_cause, *(claim.text for claim in diagnosis.claims)])
    key = load_scenario(name).answer_key
    return mark(key, text, diagnosis.nothing_wrong, diagnosis.claims, evidence)
