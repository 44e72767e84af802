"""Fifteen kinds of changes, each from its alert to a closed incident, over Slack's wire and AWS', all parts real.

One account, one workspace and one service see them all, one incident after the other, as a day on call has them.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from tests.e2e.remediation_day import CHANGES, Day, opened_day
from tests.e2e.service import text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
APPROVERS = ("maya", "liwei")
ONCE = ("action.intended", "action.executed")
WRITTEN = ("action.proposed", "approval.approved", "action.intended", "action.executed", "action.verified")


def test_by_signed_requests_too(tmp_path: Path) -> None:
    """Slack posts events and clicks to the listener's address, each signed; there is no socket.

    It comes first: the account of the others is not there yet, and a process has one at a time.
    """
    with opened_day(tmp_path, over_http=True) as day:
        goes_through(day, "lambda-stale-secret")
        assert day.ws.connection_count == 0


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Generator[Day]:
    with opened_day(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.mark.parametrize("name", CHANGES)
def test_an_alert_ends_with_the_account_changed_and_the_incident_closed(day: Day, name: str) -> None:
    goes_through(day, name)


def goes_through(day: Day, name: str) -> None:
    """From the alert to the end: everything that people see and do, and the account at each point."""
    change = CHANGES[name]
    card = day.happens(name, change)
    assert change.kind in text_of(card)

    day.click(card, "dry_run")
    day.until(lambda: any(change.title in text_of(each) for each in day.ws.whispers("maya", "alerts")))
    assert change.seen() == change.before

    for user in APPROVERS:
        if day.headed("Approval needed"):
            day.click(card, "approve", user)
            day.until(lambda user=user: day.reply(change.title, f"<@{day.ws.user_id(user)}> at"))
    day.until(lambda: day.headed("Done, being watched"))
    if change.at_once:
        assert change.seen() == change.after

    day.until(lambda: day.headed("It helped"), step=timedelta(seconds=20))
    assert change.seen() == change.after
    day.until(lambda: day.reply("🔧", "resolved"))
    assert day.account.happened(name)


def test_everything_is_closed_and_written_down(day: Day) -> None:
    """After those that this process has seen: what is kept, as the command line tells it."""
    incidents = said("incidents", "list", "--json")["incidents"]
    assert [each["status"] for each in incidents] == ["resolved"] * len(incidents)
    for each in incidents:
        alerts = said("incidents", "show", each["id"], "--json")["alerts"]
        assert {alert["status"] for alert in alerts} == {"resolved"}
    assert said("approvals", "list", "--json")["approvals"] == []
    assert said("audit", "verify", "--json")["broken"] is None
    entries = said("audit", "show", "--limit", "500", "--json")["entries"]
    for event in WRITTEN:
        about = [entry["detail"]["action_id"] for entry in entries if entry["event"] == event]
        assert len(set(about)) == len(incidents), event
        assert len(about) == len(incidents) or event not in ONCE, event


def said(*arguments: str) -> Any:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)
