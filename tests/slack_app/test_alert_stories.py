"""What senders tell of one thing over time, as jobs bring it: again, late, by notes, and while somebody wants quiet."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import datetime, timedelta
from typing import Any

from agent.models import IncidentStatus, JobKind, Mute, TimelineEvent
from tests.agent.sources import shapes
from tests.slack_app.test_alert_jobs import Bench, bench

__all__ = ["bench"]

START = datetime(2026, 11, 20, 14, 40)


def pagerduty(event: str, minutes: int, **changes: Any) -> dict[str, Any]:
    status = {"resolved": "resolved", "acknowledged": "acknowledged"}.get(event, "triggered")
    payload = shapes.pagerduty(f"incident.{event}", **{"status": status, **changes})
    payload["event"]["occurred_at"] = f"{START + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
    return payload


def servicenow(state: str, minutes: int) -> dict[str, Any]:
    return shapes.servicenow(state=state, sys_updated_on=f"{START + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}")


async def statuses(bench: Bench, source: str, *payloads: dict[str, Any]) -> list[str]:
    """How its only incident stands after each."""
    found: list[str] = []
    for payload in payloads:
        bench.pass_by(60)
        await bench.takes(bench.webhook(payload, source))
        (incident,) = await bench.incidents()
        found.append("over" if incident.status is IncidentStatus.resolved else "open")
    return found


async def test_what_is_reopened_fires_again_though_it_began_at_the_same_time(bench: Bench) -> None:
    told = [pagerduty("triggered", 0), pagerduty("resolved", 5), pagerduty("reopened", 9)]

    assert await statuses(bench, "pagerduty", *told) == ["open", "over", "open"]


async def test_a_record_that_is_taken_up_again_fires_again(bench: Bench) -> None:
    told = [servicenow("1", 0), servicenow("6", 5), servicenow("2", 9)]

    assert await statuses(bench, "servicenow", *told) == ["open", "over", "open"]


async def test_what_comes_late_opens_nothing_again(bench: Bench) -> None:
    told = [pagerduty("triggered", 0), pagerduty("resolved", 5), pagerduty("acknowledged", 2)]

    assert await statuses(bench, "pagerduty", *told) == ["open", "over", "over"]


async def test_a_clock_that_is_hours_ahead_keeps_nothing_open(bench: Bench) -> None:
    fired = {"title": "Disk is full", "status": "firing", "timestamp": "2099-01-01T00:00:00Z", "service": "shop"}
    over = {"title": "Disk is full", "status": "resolved", "service": "shop"}

    assert await statuses(bench, "generic", fired, over) == ["open", "over"]


async def test_an_incident_is_over_when_both_of_one_title_are(bench: Bench) -> None:
    told = [
        pagerduty("triggered", 0, id="P1"),
        pagerduty("triggered", 1, id="P2"),
        pagerduty("resolved", 5, id="P1"),
        pagerduty("resolved", 9, id="P2"),
    ]

    assert await statuses(bench, "pagerduty", *told) == ["open", "open", "open", "over"]
    assert await bench.count() == 2


async def test_acknowledgements_and_notes_are_no_firings(bench: Bench) -> None:
    for minutes, event in enumerate(("triggered", "acknowledged", "priority_updated", "annotated")):
        status = {"status": ""} if event == "annotated" else {}
        await bench.takes(bench.webhook(pagerduty(event, minutes, **status), "pagerduty"))

    (incident,) = await bench.incidents()
    tally = await bench.deps.ledger.tally(incident.id)
    assert (tally.count, tally.events, tally.firing) == (1, 4, 1)


async def test_updates_of_a_record_are_no_firings(bench: Bench) -> None:
    for minutes in range(4):
        await bench.takes(bench.webhook(servicenow("2", minutes), "servicenow"))

    assert await bench.count() == 1


async def test_no_secret_that_was_packed_is_kept(bench: Bench) -> None:
    secret = "AKIA" + "Q3EGRJQ7XTBNPX2V"
    lines = [
        {"id": str(n), "timestamp": 1795186000000 + n, "message": f"ERROR {n} key {secret} " + "x " * 5000}
        for n in range(5)
    ]
    packed = {
        **dict.fromkeys(("owner", "logGroup", "logStream"), "checkout"),
        "messageType": "DATA_MESSAGE",
        "subscriptionFilters": ["errors"],
        "logEvents": lines,
    }
    data = base64.b64encode(gzip.compress(json.dumps(packed).encode())).decode()
    await bench.takes(bench.webhook({"awslogs": {"data": data}}, "aws"))

    (incident,) = await bench.incidents()
    (key,) = await bench.deps.archive.keys("alerts/")
    kept = [(await bench.deps.archive.get(key) or b"").decode(), incident.model_dump_json()]
    assert all("ERROR 3" in text or "ERROR 0" in text for text in kept)
    assert not any(secret in text for text in kept)


async def test_a_mute_holds_for_a_webhook_s_alert_where_its_incident_is_told(bench: Bench) -> None:
    await bench.takes(bench.webhook(channel="C1"))
    await bench.follow()
    await bench.deps.mutes.mute(Mute(channel="C1", by="U1", at=bench.clock[0]))
    bench.pass_by(60)
    await bench.takes(bench.webhook(channel="C1"))
    bench.pass_by(60)

    assert await bench.follow() == []
    assert await bench.count() == 2
    assert [entry.event for entry in await bench.deps.audit.read()] == ["alert.muted"]


async def test_what_began_while_muted_is_analysed_once_it_fires_afterwards(bench: Bench) -> None:
    await bench.deps.mutes.mute(
        Mute(channel="C1", by="U1", at=bench.clock[0], until=bench.clock[0] + timedelta(hours=1))
    )
    await bench.takes(bench.webhook(channel="C1"))
    bench.pass_by(1800)
    await bench.takes(bench.webhook(channel="C1"))
    assert await bench.follow() == []

    bench.pass_by(1900)
    await bench.takes(bench.webhook(channel="C1"))
    await bench.takes(bench.webhook(channel="C1"))
    assert [job.payload["why"] for job in await bench.follow() if job.kind is JobKind.analysis] == ["new"]

    (incident,) = await bench.incidents()
    run = TimelineEvent(at=bench.clock[0], kind="analysing", text="")
    await bench.deps.incidents.change(incident.id, lambda found: found.model_copy(update={"timeline": (run,)}))
    bench.pass_by(120)
    await bench.takes(bench.webhook(channel="C1"))
    await bench.takes(bench.webhook(channel="C1"))
    assert [job for job in await bench.follow() if job.kind is JobKind.analysis] == []
