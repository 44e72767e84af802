"""`watchkeeper incidents`, run as it is run at a prompt."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.errors import InputError
from agent.models import Diagnosis, Incident, IncidentStatus, Severity, TimelineEvent
from deploy.cli import app
from tests.contracts.adapters import wall_clock
from tests.contracts.examples import alert, incident
from tools.stores.sqlite import open_stores

NOW = wall_clock().replace(microsecond=0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def kept(home: Path) -> list[Incident]:
    """One that goes on, one that was over after ten minutes, and one of long ago: the newest first."""

    def event(opened: float, after: float, kind: str) -> TimelineEvent:
        return TimelineEvent(at=NOW - timedelta(minutes=opened - after), kind=kind, text=f"it was {kind}", actor="U1")

    def opened(minutes: float, **changes: object) -> Incident:
        at = NOW - timedelta(minutes=minutes)
        return incident(created_at=at, updated_at=at, last_alert_at=at, **changes)

    found = [
        opened(30, title="Checkout fails", severity=Severity.critical, diagnosis=Diagnosis(summary="A deployment")),
        opened(
            60,
            title="Disk [full]",
            status=IncidentStatus.resolved,
            timeline=(event(60, 2, "acknowledged"), event(60, 10, "resolved")),
        ),
        opened(60 * 24 * 40, title="Long ago"),
    ]
    asyncio.run(_save(home, found))
    return found


async def _save(home: Path, found: list[Incident]) -> None:
    stores = open_stores(home / "watchkeeper.db", wall_clock)
    for each in found:
        await stores.incidents.create(each)
    for fingerprint, times in (("f1", 1), ("f2", 3)):
        for _ in range(times):
            await stores.ledger.record(alert(fingerprint=fingerprint, title=f"Alert {fingerprint}"), found[0].id)
    stores.close()


def output(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["incidents", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        CliRunner().invoke(app, ["incidents", *arguments], catch_exceptions=False)
    return str(error.value)


def ids(*arguments: str) -> list[str]:
    return [each["id"] for each in json.loads(output("list", "--json", *arguments))["incidents"]]


def test_they_are_listed_newest_first(kept: list[Incident]) -> None:
    lines = output("list").splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        [kept[0].id, "open", "critical"],
        [kept[1].id, "resolved", "warning"],
    ]
    assert lines[2].rstrip().endswith("Disk [full]")
    assert ids("--days", "60") == [each.id for each in kept]
    assert ids("--limit", "1") == [kept[0].id]


def test_those_of_a_status_are_listed(kept: list[Incident]) -> None:
    assert ids("--status", "resolved") == [kept[1].id]
    assert output("list", "--status", "failed") == "There is no such incident.\n"
    assert refused("list", "--status", "odd").startswith("--status is one of open, investigating,")


def test_one_is_shown_with_its_alerts_and_what_happened(kept: list[Incident]) -> None:
    shown = output("show", kept[0].id)
    assert "Checkout fails" in shown
    assert "diagnosis   A deployment" in shown
    assert "2 alerts, 2 firing now, fired 4 times" in shown
    assert shown.index("Alert f2") < shown.index("Alert f1")
    assert "3×" in shown
    shown = output("show", kept[1].id)
    assert "seen after  2m" in shown
    assert "over after  10m" in shown
    assert "it was resolved" in shown


def test_one_as_json_has_its_alerts_and_its_timeline(kept: list[Incident]) -> None:
    shown = json.loads(output("show", kept[0].id, "--json"))
    assert (shown["diagnosis"], shown["firings"], shown["messages"]) == ("A deployment", 4, 4)
    assert [(each["fingerprint"], each["count"]) for each in shown["alerts"]] == [("f2", 3), ("f1", 1)]
    timeline = json.loads(output("show", kept[1].id, "--json"))["timeline"]
    assert [event["kind"] for event in timeline] == ["acknowledged", "resolved"]


def test_one_that_is_unknown_is_told(home: Path) -> None:
    assert refused("show", "inc_1") == "There is no incident inc_1; `watchkeeper incidents list` shows them."


def test_times_are_told_by_severity(kept: list[Incident]) -> None:
    lines = output("times").splitlines()
    assert lines[1].split() == ["critical", "1", "–", "–", "–", "–", "1", "1", "0"]
    assert lines[2].split() == ["warning", "1", "2m", "2m", "10m", "10m", "0", "0", "0"]
    assert lines[3].split() == ["all", "2", "2m", "2m", "10m", "10m", "1", "1", "0"]
    found = json.loads(output("times", "--days", "60", "--json"))
    assert found["days"] == 60
    assert found["times"]["all"] == {
        "incidents": 3,
        "acknowledged": {"count": 1, "median": 120.0, "p90": 120.0},
        "resolved": {"count": 1, "median": 600.0, "p90": 600.0},
        "not_acknowledged": 2,
        "not_resolved": 2,
        "reopened": 0,
    }
