"""No kind of work keeps another one waiting: a real worker over a real queue, and tickets that hang."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.models import Job, JobKind
from deploy.local.workspace.background import RunningWorkspace
from slack_app.lanes import BATCH, YIELD_SECONDS, Lanes
from slack_app.messenger import SlackMessenger
from slack_app.worker import AT_ONCE, Worker
from tests.contracts.examples import job
from tests.slack_app.incident_desk import IncidentDesk, incident_desk

SLOW = 40
LEASE_SECONDS = 1.2


def of(kind: JobKind, number: int = 0, **payload: object) -> Job:
    return job(f"{kind}:{number}", kind=kind, payload=dict(payload))


async def taken_in(desk: IncidentDesk) -> None:
    """Returns when an alert has become an incident."""
    for _ in range(1000):
        if await desk.deps.incidents.recent(datetime(2026, 1, 1, tzinfo=UTC)):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("No incident was made.")


def test_a_full_lane_takes_nothing_more_and_the_others_do() -> None:
    lanes = Lanes(held=3)
    held = [lanes.enter(of(JobKind.mention)) for _ in range(4)]
    assert [lane is None for lane in held] == [False, False, False, True]
    for kind in (JobKind.alert, JobKind.stop, JobKind.living, JobKind.ticket):
        assert lanes.enter(of(kind)) is not None
    assert held[0] is not None
    lanes.leave(held[0])
    assert lanes.enter(of(JobKind.analysis)) is not None


async def test_more_of_a_kind_is_received_as_soon_as_there_is_room_for_it() -> None:
    lanes, alert = Lanes(held=30), of(JobKind.alert)
    entered = [lane for _ in range(100) if (lane := lanes.enter(alert))]
    loop = asyncio.get_running_loop()
    began = loop.time()
    await lanes.ease([of(JobKind.stop)] * BATCH)
    assert loop.time() - began < YIELD_SECONDS / 2, "other work is not kept waiting"
    easing = asyncio.create_task(lanes.ease([alert] * BATCH))
    await asyncio.sleep(0.01)
    assert not easing.done()
    for lane in entered[:BATCH]:
        lanes.leave(lane)
    await asyncio.wait_for(easing, YIELD_SECONDS / 2)


async def test_tickets_that_hang_keep_no_alert_waiting_and_no_lease_is_lost(
    ws: RunningWorkspace, messenger: SlackMessenger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setitem(AT_ONCE, JobKind.ticket, hang)
    with incident_desk(ws, tmp_path, job_lease_seconds=LEASE_SECONDS) as desk:
        queue = desk.deps.queue
        queue.send_all([of(JobKind.ticket, number) for number in range(SLOW)])
        worker = asyncio.create_task(Worker(desk.desk.app, messenger).run())
        await asyncio.sleep(LEASE_SECONDS * 1.5)
        queue.send(of(JobKind.alert, source="datadog", body={"title": "[Triggered] Errors of checkout"}))
        await taken_in(desk)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        tickets = await desk.queued(JobKind.ticket)

    assert len({each.id for each in tickets}) == len(tickets) == SLOW
    assert {each.attempt for each in tickets} == {1}
