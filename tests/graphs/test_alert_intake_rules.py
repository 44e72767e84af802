"""What rules say while alerts are taken in: kept apart, and told as soon as that is due."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.models import AlertStatus, IncidentStatus
from tests.graphs.intake_desk import Desk

RULES = """
maintenance:
  - {name: upgrade, from: 2026-11-20 14:00, to: 2026-11-20 16:00, when: {system: shop}}
rules:
  - {name: quiet, when: {title: quiet*}, then: digest}
  - {name: noise, when: {title: noise}, then: drop}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """At 15:00, in the maintenance of `shop`."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    made = Desk(tmp_path, {"alert_rules": str(rules)})
    yield made
    made.close()


async def test_what_is_kept_back_is_grouped_apart_from_what_is_told(desk: Desk) -> None:
    """Else the message about the loud one would stand in the quiet one's thread."""
    kept = [await desk.takes(desk.alert(f"quiet {n}", system="cart")) for n in range(2)]
    told = [await desk.takes(desk.alert(f"errors {n}", system="cart")) for n in range(2)]

    assert len({taken.incident_id for taken in kept}) == len({taken.incident_id for taken in told}) == 1
    assert kept[0].incident_id != told[0].incident_id
    assert [taken.wants_analysis for taken in (*kept, *told)] == [False, False, True, True]


async def test_an_alert_that_outlasts_its_maintenance_is_told_then(desk: Desk) -> None:
    within = await desk.takes(desk.alert())
    assert (within.decision.treatment, within.wants_analysis) == ("digest", False)

    for _ in range(3):
        desk.pass_by(minutes=25)
        after = await desk.takes(desk.alert())

    assert after.incident_id == within.incident_id
    assert after.wants_analysis
    decision = (await desk.incident()).decision
    assert decision is not None
    assert decision.rule == "default: error"
    assert not (await desk.takes(desk.alert())).wants_analysis


async def test_maintenance_does_not_hold_back_the_end_of_an_incident(desk: Desk) -> None:
    desk.pass_by(hours=-2)
    await desk.takes(desk.alert())
    desk.pass_by(minutes=90)
    await desk.takes(desk.alert(status=AlertStatus.resolved, ended_at=desk.now))

    incident = await desk.incident()
    assert incident.status is IncidentStatus.resolved
    assert incident.decision is not None
    assert incident.decision.treatment == "analyse"


async def test_what_is_dropped_has_no_incident_and_is_counted(desk: Desk) -> None:
    taken = await desk.takes(desk.alert("noise", system="cart"))

    assert (taken.incident_id, taken.sighting.count, await desk.incidents()) == ("", 1, [])
