from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.incident_times import Spread, acknowledged_after, resolved_after, times_by_severity, times_of, was_reopened
from agent.models import Incident, IncidentStatus, Mark, Ownership, Severity, TimelineEvent
from tests.contracts.examples import START, incident

MINUTE = 60.0


def went(*events: tuple[float, str] | tuple[float, str, str], **changes: Any) -> Incident:
    """An incident with (minutes after it was opened, kind, who) in its timeline."""
    timeline = tuple(
        TimelineEvent(at=START + timedelta(minutes=event[0]), kind=event[1], text="", actor=(*event, "U1")[2])
        for event in events
    )
    return incident(timeline=timeline, **changes)


def over(*events: tuple[float, str] | tuple[float, str, str], **changes: Any) -> Incident:
    return went(*events, status=IncidentStatus.resolved, **changes)


@pytest.mark.parametrize("kind", ["acknowledged", "assigned", "snoozed"])
def test_whoever_takes_it_has_seen_it(kind: str) -> None:
    assert acknowledged_after(went((5, kind), (9, "acknowledged"))) == 5 * MINUTE


def test_whoever_closes_it_has_seen_it_and_what_closes_by_itself_was_seen_by_nobody() -> None:
    assert acknowledged_after(over((7, "resolved", "U1"))) == 7 * MINUTE
    assert acknowledged_after(over((7, "resolved", "watchkeeper"))) is None


def test_what_is_marked_as_seen_counts_without_an_event() -> None:
    seen = Ownership(acknowledged=Mark(by="U1", at=START + timedelta(minutes=3)))
    assert acknowledged_after(incident(ownership=seen)) == 3 * MINUTE


def test_an_incident_that_goes_on_has_no_time() -> None:
    assert resolved_after(went((5, "acknowledged"))) is None
    assert acknowledged_after(went()) is None


def test_one_that_was_opened_again_is_over_when_it_was_resolved_the_last_time() -> None:
    again = over((10, "resolved"), (20, "refired"), (50, "resolved"))
    assert resolved_after(again) == 50 * MINUTE
    assert was_reopened(again)
    assert resolved_after(went((10, "resolved"), (20, "reopened"))) is None


def test_a_clock_that_was_behind_makes_no_negative_time() -> None:
    assert resolved_after(over((-1, "resolved"))) == 0


def test_the_times_of_many_are_their_median_and_what_nine_of_ten_stay_within() -> None:
    found = [over((n, "resolved"), severity=Severity.error) for n in range(1, 11)]
    found += [went((2, "acknowledged")), went(), over((3, "resolved"), (4, "refired"), (8, "resolved"))]
    times = times_of(found)
    assert times.incidents == 13
    assert times.resolved == Spread(11, 6 * MINUTE, 9 * MINUTE)
    assert (times.not_resolved, times.not_acknowledged, times.reopened) == (2, 1, 1)
    by_severity = times_by_severity(found)
    assert list(by_severity) == [Severity.error, Severity.warning]
    assert by_severity[Severity.error].resolved == Spread(10, 5.5 * MINUTE, 9 * MINUTE)


def test_of_nothing_there_are_no_times() -> None:
    times = times_of([])
    assert (times.incidents, times.acknowledged, times.resolved) == (0, None, None)
    assert times_by_severity([]) == {}
