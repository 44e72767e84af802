from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent import incident_changes
from agent.incident_changes import Grouping
from agent.models import (
    MAX_ALERTS,
    Alert,
    Decision,
    Incident,
    IncidentStatus,
    Mark,
    Ownership,
    Severity,
)
from tests.agent.examples import NOW

ANALYSE = Decision(treatment="analyse", rule="default: error", reason="It is an error.")
PASS = Decision(treatment="pass", rule="default: information", reason="It informs.")
LATER = NOW + timedelta(minutes=5)


def alert(name: str = "a", severity: Severity = Severity.error) -> Alert:
    return Alert(source="x", title=name, severity=severity, started_at=NOW, fingerprint=name)


def incident(**more: Any) -> Incident:
    return incident_changes.opened(alert(), ANALYSE, None, Grouping("inc_1"), NOW).model_copy(update=more)


def test_the_same_alert_joins_once() -> None:
    once = incident_changes.joined(incident(), alert("b"), ANALYSE, Grouping("inc_1", "why"), NOW)

    assert [each.fingerprint for each in once.alerts] == ["a", "b"]
    assert incident_changes.joined(once, alert("b"), ANALYSE, Grouping("inc_1", "why"), NOW) is once


def test_only_the_first_alerts_are_kept() -> None:
    full = incident()
    for number in range(MAX_ALERTS + 5):
        full = incident_changes.joined(full, alert(f"b{number}"), ANALYSE, Grouping("inc_1"), NOW)

    assert len(full.alerts) == len(full.timeline) == MAX_ALERTS


def test_a_storm_is_written_down_once_with_its_reason() -> None:
    storm = Grouping("inc_1", "storm: 40 alerts in 60 s", storm=True)
    first = incident_changes.joined(incident(), alert("b"), ANALYSE, storm, NOW)
    second = incident_changes.joined(first, alert("c"), ANALYSE, storm, NOW)

    assert [event.kind for event in second.timeline] == ["opened", "joined", "storm", "joined"]
    assert (second.storm, second.grouped) == (True, "storm: 40 alerts in 60 s")


def test_a_lesser_alert_changes_neither_severity_nor_title_nor_treatment() -> None:
    changed = incident_changes.joined(incident(), alert("b", Severity.info), PASS, Grouping("inc_1"), NOW)

    assert (changed.severity, changed.title, changed.decision) == (Severity.error, "a", ANALYSE)


def test_the_last_alert_is_never_dated_back() -> None:
    late = incident(last_alert_at=LATER)

    assert incident_changes.heard_again(late, alert(), NOW) is late
    assert incident_changes.joined(late, alert("b"), ANALYSE, Grouping("inc_1"), NOW).last_alert_at == LATER


@pytest.mark.parametrize("status", incident_changes.AT_WORK)
def test_who_acts_on_an_incident_says_when_it_is_over(status: IncidentStatus) -> None:
    busy = incident(status=status)

    assert incident_changes.turned(busy, 0, "a", NOW) is busy


def test_what_comes_back_is_neither_resolved_nor_snoozed_but_still_somebodys() -> None:
    mark = Mark(by="U1", at=NOW)
    owned = Ownership(assigned=mark, snoozed=mark, snoozed_until=LATER, resolved=mark)
    back = incident_changes.turned(incident(status=IncidentStatus.resolved, ownership=owned), 1, "a", LATER)

    assert (back.status, back.ownership) == (IncidentStatus.open, Ownership(assigned=mark))
    assert (back.timeline[-1].kind, back.updated_at) == ("refired", LATER)


@pytest.mark.parametrize(("status", "firing"), [(IncidentStatus.open, 2), (IncidentStatus.resolved, 0)])
def test_what_is_so_already_is_not_written_again(status: IncidentStatus, firing: int) -> None:
    same = incident(status=status)

    assert incident_changes.turned(same, firing, "a", LATER) is same
