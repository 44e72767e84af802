"""A worker process that kills or stops itself at a write, over stores, an account and a workspace that outlive it.

It is forked from a server that has imported everything, so that a life costs little. Nobody waits: when nothing is to
be done, time goes on, for the account, too.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.knowledge import KnowledgeBase
from agent.models import Job, JobKind, SlackPlace, new_id
from agent.ports import Deps
from agent.settings import Settings
from graphs.remediation import Remediator, build_remediation
from slack_app import worker
from slack_app.application import Application
from slack_app.blocks.approval import APPROVE
from slack_app.bootstrap import build_deps
from slack_app.handlers import fixes, living, remediations
from slack_app.handlers.fixes import begin_remediation
from slack_app.handlers.remediation_jobs import go_on_after_a_start
from slack_app.messenger import SlackMessenger, web_client
from slack_app.worker import Worker
from tests.graphs.remediation_machine.story import diagnosed, runbook_of
from tools.aws.writing import AssumedWriteAccess
from tools.checkpoints import open_checkpointer
from tools.executor import Executor

LEASE_SECONDS, STEP_SECONDS, ROUNDS = 60, 15.0, 400
POLL_SECONDS = 0.02
"""How often a lock is asked for again: here nobody has it for long."""
WRITES = {
    "approvals": ("save", "approve", "reject", "expire", "supersede", "place", "claim"),
    "remediations": ("create", "change"),
    "audit": ("append",),
    "locks": ("acquire", "renew", "release"),
    "incidents": ("change",),
    "queue": ("send", "delete", "put_back"),
}
CHECKPOINTS = ("aput", "aput_writes", "adelete_thread")
KNOWLEDGE = KnowledgeBase(
    [
        runbook_of(
            "restart",
            "metric_drop",
            {"type": "ecs_restart", "target": "{{ seen.resource }}", "parameters": {"cluster": "documents-prod"}},
        ),
        runbook_of(
            "redrive",
            "workflow_failed",
            {
                "type": "stepfunctions_redrive",
                "target": "{{ seen.resource }}",
                "parameters": {"execution": "settlement-of-today", "how": "redrive"},
            },
        ),
    ]
)


@dataclass(frozen=True)
class Drill:
    """A scenario, and what its remediation is about."""

    scenario: str
    resource: str
    alarm: str
    runbook: str
    finding: str


@dataclass(frozen=True)
class World:
    """What outlives a process."""

    home: Path
    environment: dict[str, str]
    settings: dict[str, Any]
    token: str
    approver: str
    place: SlackPlace
    drill: Drill


@dataclass(frozen=True)
class Fate:
    """What happens to a process at its write with this number, or just before the effect; 0: nothing.

    With `new`, a file: at the first write that, after the one before it, is not in there yet; it is added.
    """

    at: int = 0
    new: Path | None = None
    only: tuple[str, ...] = ()
    """Of these writes; of any if empty."""
    signal: signal.Signals = signal.SIGKILL


class Points:
    """Every write, counted; the process sends itself a signal after one of them."""

    def __init__(self, fate: Fate, path: Path) -> None:
        self._fate = fate
        self._path = path
        self._done, self._last, self._met = 0, "", False

    def reached(self, name: str) -> None:
        self._done += 1
        pair, self._last = f"{self._last}>{name}", name
        with self._path.open("a") as file:
            file.write(f"{name}\n")
        if not self._met and (self._done == self._fate.at or self._is_new(pair, name)):
            self._met = True
            os.kill(os.getpid(), self._fate.signal)

    def _is_new(self, pair: str, name: str) -> bool:
        met = self._fate.new
        if met is None or (self._fate.only and name not in self._fate.only) or pair in met.read_text().split():
            return False
        with met.open("a") as file:
            file.write(f"{pair}\n")
        return True

    def wrap(self, name: str, found: Any) -> Any:
        """The same function, which tells that it was done."""

        async def later(*args: Any, **more: Any) -> Any:
            result = await found(*args, **more)
            self.reached(name)
            return result

        def at_once(*args: Any, **more: Any) -> Any:
            result = found(*args, **more)
            self.reached(name)
            return result

        return later if inspect.iscoroutinefunction(found) else at_once


class Counted:
    """A port whose writes are points."""

    def __init__(self, name: str, port: Any, points: Points) -> None:
        self._name, self._port, self._points = name, port, points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        return self._points.wrap(f"{self._name}.{name}", found) if name in WRITES[self._name] else found


class CountedWrites:
    """Write access: just before its call may be sent, and just after it was answered, are points, too."""

    def __init__(self, writes: Any, points: Points) -> None:
        self._writes, self._points = writes, points

    def open(self, *args: Any) -> Any:
        session, points = self._writes.open(*args), self._points

        class Session:
            def client(self, service: str) -> Any:
                client = session.client(service)
                client.meta.events.register_first("before-send", lambda **_: points.reached("effect.asked"))
                client.meta.events.register("after-call", lambda **_: points.reached("effect.done"))
                return client

        return Session()


def live(world: World, ahead: Any, fate: Fate) -> None:
    """One life. `ahead`: by how many seconds everybody's clock is ahead of the true one."""
    os.environ.update(world.environment)
    for waiting in (worker, remediations, fixes, living):
        waiting.LOCK_POLL_SECONDS = POLL_SECONDS
    asyncio.run(_live(world, ahead, fate))


async def _live(world: World, ahead: Any, fate: Fate) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead.value)

    settings = Settings.read(home=world.home, job_lease_seconds=LEASE_SECONDS, **world.settings)
    held = build_deps(settings, clock=clock, knowledge=KNOWLEDGE)
    points = Points(fate, world.home / "points")
    ports: dict[str, Any] = {name: Counted(name, getattr(held.deps, name), points) for name in WRITES}
    async with open_checkpointer(settings) as saver:
        for name in CHECKPOINTS:
            setattr(saver, name, points.wrap(f"checkpoint.{name}", getattr(saver, name)))
        deps = replace(held.deps, **ports)
        access = replace(AssumedWriteAccess.of(settings), ticks=lambda: time.monotonic() + ahead.value)
        remediator = Remediator(Executor(deps, CountedWrites(access, points)))
        application = Application(deps, None, None, remediator, build_remediation(remediator, saver))
        client = web_client(world.token, settings.slack_api_url)
        working = Worker(application, SlackMessenger(client, seconds_between_edits=0))
        await go_on_after_a_start(held.deps)
        await _begin(world, working, held.deps)
        await _work(world, working, held.deps, ahead)
        await asyncio.gather(*working._desk.drawing, return_exceptions=True)
    held.close()


async def _begin(world: World, working: Worker, deps: Deps) -> None:
    """The end of an analysis, whose job comes back until a remediation has begun."""
    drill, found = world.drill, await deps.incidents.by_thread(world.place)
    if found is None:
        found = diagnosed(drill.resource, drill.runbook, drill.finding, drill.alarm, world.place, deps.clock())
        await deps.incidents.create(found)
        await deps.ledger.record(found.alerts[0], found.id, event_id=new_id("ev"))
    await begin_remediation(found.id, working._desk)


async def _work(world: World, working: Worker, deps: Deps, ahead: Any) -> None:
    """Until all is over."""
    for _ in range(ROUNDS):
        if jobs := await deps.queue.receive(10, LEASE_SECONDS):
            async with asyncio.TaskGroup() as tasks:
                working._begin(jobs, tasks)
        elif not await deps.queue.depth() and not await deps.remediations.open():
            return
        elif not await _is_approved(world, deps):
            ahead.value += STEP_SECONDS
    raise AssertionError(f"It never ends: {await deps.queue.waiting()}, {await deps.remediations.open()}")


async def _is_approved(world: World, deps: Deps) -> bool:
    """Somebody presses the button of a card as soon as it is there, and again where a click has come to nothing: a job
    over which three workers die is given up."""
    sent, lost = False, (await deps.queue.waiting()).dead
    for asked in await deps.approvals.pending():
        if asked.place is None or not asked.message_ts:
            continue
        where = {"channel": asked.place.channel, "thread_ts": asked.place.thread_ts, "team": asked.place.team}
        said = {"approval": asked.id, "action": APPROVE, "user": world.approver, "message_ts": asked.message_ts}
        payload = {**where, **said, "at": f"{deps.clock().timestamp():.6f}"}
        job = Job(
            id=new_id("job"),
            kind=JobKind.approval,
            idempotency_key=f"{asked.id}:{lost}",
            payload=payload,
            created_at=deps.clock(),
        )
        sent |= deps.queue.send(job)
    return sent
