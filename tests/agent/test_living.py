"""What an incident's message shows, and when another analysis is worth its tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.living import (
    Seen,
    began_at,
    ended_at,
    is_snoozed,
    most_telling,
    needs_analysis,
    state_of,
    wait_before,
)
from agent.models import (
    AlertStatus,
    Decision,
    Diagnosis,
    Incident,
    IncidentStatus,
    Mark,
    Ownership,
    Severity,
    TimelineEvent,
)
from agent.ports import Sighting, Tally
from tests.agent.examples import NOW, alert

MINUTE = timedelta(minutes=1)
WINDOW = 3600.0
FOUND: dict[str, Any] = {
    "diagnosis": Diagnosis(summary="It fails."),
    "diagnosed_at": NOW,
    "diagnosed": ("f",),
    "diagnosed_severity": Severity.error,
}


def incident(*kinds: str, **fields: Any) -> Incident:
    """With a timeline of these kinds, a minute apart, the last one now."""
    events = [TimelineEvent(at=NOW - (len(kinds) - 1 - n) * MINUTE, kind=kind, text="") for n, kind in enumerate(kinds)]
    given: dict[str, Any] = {"severity": Severity.error, "alerts": (alert(),), "timeline": tuple(events)}
    given["decision"] = Decision(treatment=fields.pop("treatment", "analyse"), rule="r", reason="Because.")
    began = NOW - timedelta(hours=1)
    return Incident(id="inc_1", title="t", created_at=began, updated_at=NOW, **(given | fields))


def sighting(fingerprint: str = "f", status: str = "firing", **fields: Any) -> Sighting:
    about = alert(**fields).model_copy(update={"fingerprint": fingerprint})
    return Sighting(about, "inc_1", 1, 1, NOW, NOW, AlertStatus(status))


def seen(*sightings: Sighting, flapping: bool = False) -> Seen:
    return Seen(
        Tally(len(sightings), len(sightings), len(sightings), len(sightings), NOW), sightings, flapping=flapping
    )


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (incident("opened"), "waiting"),
        (incident("opened", "analysing"), "analysing"),
        (incident("opened", "analysing", "diagnosed", "acknowledged", **FOUND), "diagnosed"),
        (incident("opened", "recalled", **FOUND), "diagnosed"),
        (incident("analysing", "stopped", **FOUND), "stopped"),
        (incident("analysing", "failed"), "failed"),
        (incident("diagnosed", "resolved", status=IncidentStatus.resolved, **FOUND), "resolved"),
        (incident("opened", treatment="pass"), "passed"),
        (incident("opened", "analysing", treatment="pass"), "analysing"),
        (incident("opened", treatment="digest"), "quiet"),
        (incident("opened", treatment="drop", status=IncidentStatus.resolved), "quiet"),
    ],
)
def test_an_incident_is_in_one_state(made: Incident, state: str) -> None:
    assert state_of(made) == state


@pytest.mark.parametrize(
    ("made", "known", "why"),
    [
        (incident("opened"), seen(sighting()), "it is new"),
        (incident("diagnosed", **FOUND), seen(sighting()), ""),
        (incident("diagnosed", **FOUND), seen(sighting(), sighting("f2")), "1 more alert joined"),
        (incident("diagnosed", **FOUND), seen(sighting(), sighting("f2", "resolved")), ""),
        (incident("diagnosed", storm=True, **FOUND), seen(sighting(), sighting("f2")), ""),
        (incident("stopped", **FOUND), seen(sighting(), sighting("f2")), ""),
        (incident("diagnosed", **(FOUND | {"severity": Severity.critical})), seen(sighting()), "it became critical"),
        (
            incident("diagnosed", "resolved", "refired", **(FOUND | {"diagnosed_at": NOW - MINUTE})),
            seen(sighting()),
            "it came back after it was resolved",
        ),
        (
            incident("diagnosed", "resolved", "refired", **(FOUND | {"diagnosed_at": NOW - MINUTE})),
            seen(sighting(), flapping=True),
            "",
        ),
        (incident("recalled", same_as="inc_0", **FOUND), seen(sighting()), ""),
        (
            incident("recalled", same_as="inc_0", **(FOUND | {"diagnosed_at": NOW - timedelta(hours=2)})),
            seen(sighting()),
            "the earlier diagnosis is to be checked",
        ),
        (incident("opened", treatment="pass"), seen(sighting()), ""),
        (incident("opened", treatment="digest"), seen(sighting()), ""),
        (incident("resolved", status=IncidentStatus.resolved), seen(sighting()), ""),
    ],
)
def test_only_what_is_new_is_analysed(made: Incident, known: Seen, why: str) -> None:
    assert needs_analysis(made, known, NOW, WINDOW) == why


def test_a_snooze_keeps_quiet_until_it_is_over_or_things_get_worse() -> None:
    mark = Mark(by="U1", at=NOW)
    own = Ownership(snoozed=mark, snoozed_until=NOW + 30 * MINUTE)
    made = incident("opened", ownership=own, snoozed_severity=Severity.error)

    assert is_snoozed(made, NOW)
    assert needs_analysis(made, seen(sighting()), NOW, WINDOW) == ""
    assert not is_snoozed(made, NOW + 30 * MINUTE)
    assert not is_snoozed(made.model_copy(update={"severity": Severity.critical}), NOW)
    assert not is_snoozed(incident("opened"), NOW)


def test_what_joins_soon_after_a_diagnosis_is_collected_and_what_is_worse_is_not() -> None:
    made = incident("diagnosed", **FOUND)
    assert wait_before(made, NOW + MINUTE) == 120
    assert wait_before(made, NOW + 5 * MINUTE) == 0
    assert wait_before(made.model_copy(update={"severity": Severity.critical}), NOW) == 0
    assert wait_before(incident("opened"), NOW) == 0


def test_the_most_telling_alert_fires_is_bad_and_is_new() -> None:
    over = sighting("over", "resolved", severity=Severity.critical)
    mild, bad = sighting("mild", severity=Severity.warning), sighting("bad", severity=Severity.critical)
    assert [a.fingerprint for a in most_telling(incident("opened"), [over, mild, bad])] == ["bad", "mild", "over"]
    assert most_telling(incident("opened"), []) == [alert()]


def test_it_lasted_from_when_it_began_last_until_it_was_over() -> None:
    over = incident("resolved", "refired", "resolved", status=IncidentStatus.resolved)
    assert ended_at(over) == NOW
    assert began_at(over) == NOW - MINUTE
    assert ended_at(incident("resolved", "refired")) is None
    assert began_at(incident("opened")) == NOW - timedelta(hours=1)
    assert ended_at(incident("opened", status=IncidentStatus.resolved)) == NOW
