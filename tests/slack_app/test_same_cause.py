"""Two incidents with one cause name each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.models import Claim, Diagnosis, Incident, JobKind, TimelineEvent
from agent.same_cause import MAX_REMEMBERED, causes_of, with_other
from slack_app.handlers.same_cause import tie
from tests.agent.examples import NOW, evidence, finding
from tests.slack_app.incident_desk import IncidentDesk, alert

FULL = evidence(finding("metric_at_limit", "orders-db has no connections left.", resource="orders-db"), id="ev_db")
RISEN = evidence(finding("metric_rise", "Errors of orders-api rose.", resource="orders-api"), id="ev_api")


def diagnosed(cause: str, *pieces: Any, nothing_wrong: bool = False) -> dict[str, Any]:
    ids = tuple(piece.id for piece in pieces)
    claims = (Claim(text=cause, evidence=ids),)
    found = Diagnosis(summary="It fails.", root_cause=cause, claims=claims, nothing_wrong=nothing_wrong)
    return {"diagnosis": found, "evidence": pieces, "diagnosed_at": NOW}


async def told(desk: IncidentDesk, number: int, title: str, **found: Any) -> Incident:
    """An incident with a diagnosis, its message posted."""
    desk.id = f"inc_{number:012d}"
    made = await desk.opened(alert(title, f"f{number}"), place=desk.post(title), **found)
    run = TimelineEvent(at=made.created_at, kind="diagnosed", text="found")
    await desk.deps.incidents.change(
        made.id, lambda incident: incident.model_copy(update={"timeline": (*incident.timeline, run)})
    )
    await tie(await desk.incident(), desk.deps)
    await desk.living()
    return await desk.incident()


def message_of(desk: IncidentDesk, incident: Incident) -> str:
    return next(str(message["blocks"]) for message in desk.shown() if message["ts"] == incident.summary_ts)


async def test_incidents_with_one_cause_name_each_other(desk: IncidentDesk) -> None:
    first = await told(desk, 1, "connections of orders-db", **diagnosed("orders-db is full.", FULL))
    second = await told(desk, 2, "5xx of orders-api", **diagnosed("orders-api fails: orders-db is full.", FULL, RISEN))

    assert second.same_cause == (first.id,)
    assert first.summary_ts.replace(".", "") in message_of(desk, second)
    assert "Same cause as* <" in message_of(desk, second)
    assert [job.payload["incident"] for job in await desk.queued(JobKind.living)] == [first.id]
    desk.id = first.id
    await desk.living()
    assert "|5xx of orders-api" in message_of(desk, first)


async def test_another_cause_a_closed_incident_and_what_is_fine_are_not_named(desk: IncidentDesk) -> None:
    await told(desk, 1, "5xx of orders-api", **diagnosed("orders-api fails.", RISEN))
    await told(desk, 2, "all is well", **diagnosed("orders-db is full.", FULL, nothing_wrong=True))
    over = await told(desk, 3, "connections of orders-db", **diagnosed("orders-db is full.", FULL))
    await desk.click("incident_resolve")

    last = await told(desk, 4, "disk of orders-db", **diagnosed("orders-db is full.", FULL))

    assert (over.same_cause, last.same_cause) == ((), ())
    assert "Same cause" not in message_of(desk, last)


async def test_in_another_channel_only_what_everybody_may_see_is_named(desk: IncidentDesk) -> None:
    first = await told(desk, 1, "connections of orders-db", **diagnosed("orders-db is full.", FULL))
    assert first.place is not None
    elsewhere = first.place.model_copy(update={"channel": desk.ws.channel_id("general")})
    await desk.deps.incidents.change(first.id, lambda incident: incident.model_copy(update={"place": elsewhere}))
    desk.ws.faults.fail("conversations.info", "channel_not_found", times=1)

    second = await told(desk, 2, "disk of orders-db", **diagnosed("orders-db is full.", FULL))

    assert second.same_cause == (first.id,)
    assert "Same cause" not in message_of(desk, second)


async def test_tying_again_changes_nothing(desk: IncidentDesk) -> None:
    await told(desk, 1, "connections of orders-db", **diagnosed("orders-db is full.", FULL))
    second = await told(desk, 2, "disk of orders-db", **diagnosed("orders-db is full.", FULL))
    await desk.queued(JobKind.living)

    await tie(second, desk.deps)

    assert await desk.incident() == second
    assert await desk.queued(JobKind.living) == []


def test_a_cause_is_what_its_own_evidence_is_about() -> None:
    found = diagnosed("orders-api fails, as db-07 does.", RISEN)
    incident = Incident(id="inc_1", title="5xx", created_at=NOW, updated_at=NOW, **found)

    assert causes_of(incident) == ("orders-api",)


def test_old_and_many_incidents_are_forgotten() -> None:
    kept: dict[str, Any] = {}
    for number in range(30):
        kept = with_other(kept, f"inc_{number}", NOW + timedelta(minutes=number))
    assert len(kept["incidents"]) == MAX_REMEMBERED
    assert list(with_other(kept, "inc_x", NOW + timedelta(days=3))["incidents"]) == ["inc_x"]
