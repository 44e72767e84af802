"""Alerts into incidents, where what was stored a moment ago is not listed yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.models import IncidentStatus
from graphs.alert_intake import AlertIntake
from tests.graphs.intake_desk import RESOLVED, Desk
from tests.graphs.lagging import LaggingIncidents, LaggingLedger


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.intake = another(made)
    yield made
    made.close()


def another(desk: Desk) -> AlertIntake:
    """Another process's intake over the same stores."""
    ledger = LaggingLedger(desk.deps.ledger, desk.deps.clock)
    return AlertIntake(
        replace(desk.deps, ledger=ledger, incidents=LaggingIncidents(desk.deps.incidents, desk.deps.clock))
    )


async def test_a_new_incident_is_open_while_no_list_shows_its_alert_yet(desk: Desk) -> None:
    taken = await desk.takes(desk.alert())

    assert (taken.opened, (await desk.incident()).status) == (True, IncidentStatus.open)
    assert [event.kind for event in (await desk.incident()).timeline] == ["opened"]


async def test_an_alert_that_joins_while_the_others_end_keeps_its_incident_open(desk: Desk) -> None:
    await desk.takes(desk.alert())
    desk.pass_by(seconds=10)
    joined = await desk.takes(desk.alert("latency of checkout"))
    await desk.takes(desk.alert(status=RESOLVED))
    assert (joined.joined, (await desk.incident()).status) == (True, IncidentStatus.open)

    await desk.takes(desk.alert("latency of checkout", status=RESOLVED))
    assert (await desk.incident()).status is IncidentStatus.resolved


async def test_the_last_of_very_many_alerts_keeps_its_incident_open(desk: Desk) -> None:
    """An incident names the first twenty of its alerts."""
    names = [f"errors of checkout-{number}" for number in range(25)]
    for name in names:
        await desk.takes(desk.alert(name))
    desk.pass_by(seconds=10)
    joined = await desk.takes(desk.alert("latency of checkout"))
    for name in names:
        await desk.takes(desk.alert(name, status=RESOLVED))

    assert joined.joined
    assert (await desk.incident()).status is IncidentStatus.open


async def test_two_processes_that_take_turns_make_one_incident(desk: Desk) -> None:
    """Each groups what comes with what the other one has opened a moment ago."""
    await desk.takes(desk.alert())
    desk.intake = another(desk)
    taken = await desk.takes(desk.alert("latency of checkout"))

    assert (taken.joined, len(await desk.incidents())) == (True, 1)
