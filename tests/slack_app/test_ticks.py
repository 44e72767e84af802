"""A tick in the service: looked, queued, remembered, in this order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from agent.detection.gaps import GAPS_KEY
from agent.errors import StoreUnavailable
from agent.models import AlertStatus, Job, JobKind
from agent.ports import Deps
from agent.sources import parse_alerts
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from slack_app.handlers.ticks import handle_tick, run_tick
from slack_app.scheduler import tick_of
from tests.lookout import STEP, Lookout, MovingClock, lookout
from tests.tools.detection.test_alarms import errors, errors_alarm
from tools.aws import Boto3Session

NOW = datetime(2026, 11, 18, 15, 2, 30, tzinfo=UTC)


@pytest.fixture
def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookout]:
    """One alarm that fires half an hour ago."""
    clock = MovingClock(NOW)
    with SimulatedAccount(clock=clock) as account:
        for name, value in account.environment().items():
            monkeypatch.setenv(name, value)
        with lookout(account, Boto3Session.open("us-east-1"), clock, tmp_path, NOW) as looking:
            looking.load(
                metrics=[errors("checkout", {"from": "-30m", "to": "-10m", "add": 40})],
                alarms=[errors_alarm("checkout")],
            )
            yield looking


@dataclass(frozen=True)
class Room:
    """As much of a desk as a tick needs."""

    app: Any


@dataclass(frozen=True)
class App:
    deps: Deps


def desk(deps: Deps) -> Any:
    return Room(App(deps))


def tick(deps: Deps) -> Job:
    job = tick_of(deps.clock(), deps.settings.tick_minutes)
    assert job is not None
    return job


async def ticks(watching: Lookout, count: int) -> None:
    for _ in range(count):
        await handle_tick(tick(watching.deps), desk(watching.deps))
        watching.clock.now += STEP


async def queued(deps: Deps) -> list[Job]:
    jobs = await deps.queue.receive(10, 60)
    for job in jobs:
        await deps.queue.delete(job)
    return jobs


async def test_what_a_tick_finds_is_queued_as_an_alert_and_its_end_too(watching: Lookout):
    await ticks(watching, 12)
    jobs = await queued(watching.deps)
    assert {job.kind for job in jobs} == {JobKind.alert}
    alerts = [alert for job in jobs for alert in parse_alerts(job.payload, NOW)]
    assert [(alert.title, alert.status) for alert in alerts] == [
        ("checkout-errors", AlertStatus.firing),
        ("checkout-errors", AlertStatus.resolved),
    ]
    assert len({alert.fingerprint for alert in alerts}) == 1


async def test_a_tick_that_dies_before_it_remembers_finds_the_same_again_and_queues_it_once(watching: Lookout):
    await ticks(watching, 3)
    watching.clock.now = NOW - timedelta(minutes=20)
    slot = watching.clock.now

    class Forgetful:
        """A state store that fails when the tick wants to remember."""

        def __init__(self, store: Any) -> None:
            self.get = store.get

        async def put(self, key: str, value: dict[str, Any], ttl_seconds: float = 0) -> None:
            raise StoreUnavailable("The store is down.")

    dying = replace(watching.deps, state=cast("Any", Forgetful(watching.deps.state)))
    with pytest.raises(StoreUnavailable):
        await run_tick(dying, slot)
    await run_tick(watching.deps, slot)
    assert len(await queued(watching.deps)) == 1


async def test_a_tick_says_what_it_cost(watching: Lookout):
    await ticks(watching, 1)
    [entry] = await watching.deps.audit.read()
    assert entry.event == "tick.done"
    assert entry.detail["api_calls"] >= 3
    assert entry.detail["alerts"] == 0
    assert {each["detector"] for each in entry.detail["detectors"]} >= {"alarms", "bands", "airflow"}


async def test_of_two_ticks_at_once_one_works(watching: Lookout):
    deps = watching.deps
    assert await deps.locks.acquire("tick", "another worker", 60)
    await ticks(watching, 1)
    assert await deps.audit.read() == []


async def test_a_tick_that_waited_for_long_is_left_out(watching: Lookout):
    job = tick(watching.deps)
    watching.clock.now += timedelta(hours=1)
    await handle_tick(job, desk(watching.deps))
    assert await watching.deps.audit.read() == []


async def test_what_is_denied_is_logged_once_and_kept_for_the_doctor(
    watching: Lookout, caplog: pytest.LogCaptureFixture
):
    watching.account.put(Fault("cloudwatch:DescribeAlarms", code="AccessDenied", status=403))
    await ticks(watching, 3)
    warnings = [record.getMessage() for record in caplog.records if "cannot read everything" in record.getMessage()]
    assert len(warnings) == 1
    assert "cloudwatch:DescribeAlarms" in warnings[0]
    document = await watching.deps.state.get(GAPS_KEY)
    assert document is not None
    assert len(document["since"]) == 1


async def test_a_budget_that_is_used_up_ends_the_tick_and_is_said(watching: Lookout):
    deps = replace(watching.deps, settings=watching.deps.settings.model_copy(update={"tick_api_calls": 1}))
    found = await run_tick(deps, NOW)
    assert any("WATCHKEEPER_TICK_API_CALLS" in gap for gap in found.gaps)


async def test_a_detector_that_hangs_keeps_none_of_the_others_from_being_heard(watching: Lookout):
    watching.account.put(Fault("mwaa:ListEnvironments", seconds=30))
    deps = replace(watching.deps, settings=watching.deps.settings.model_copy(update={"tick_seconds": 1}))
    found = await run_tick(deps, NOW)
    watching.account.heal()
    assert any(gap.startswith("airflow") and "in time" in gap for gap in found.gaps)
    assert "1 alarms" in found.learned
