"""Any sequence of sends, receives, deletes, releases, extensions and passing time, against a model of SQS in a dict."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from agent.errors import RetryLater
from agent.models import Job, Urgency
from tests.contracts.adapters import MAX_RECEIVES, QUEUES, SettableClock
from tests.contracts.emulators import EMULATORS
from tests.contracts.examples import job
from tests.contracts.parameters import queue_slow_over_emulators

SECONDS = st.integers(0, 4).map(lambda tens: tens * 10)
"""Whole tens: an emulator's clock runs on while the steps are made, by less than that."""
LEASES = st.integers(1, 4).map(lambda tens: tens * 10)


@dataclass
class Expected:
    """What the model knows of one job; times are seconds since the start."""

    visible_at: float
    sequence: int
    urgency: int = 1
    attempt: int = 0
    leased: bool = False

    def is_held(self, attempt: int, now: float) -> bool:
        return self.leased and self.attempt == attempt and self.visible_at > now


@dataclass
class Model:
    now: float = 0
    sent: set[str] = field(default_factory=set)
    jobs: dict[str, Expected] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    sequences: dict[str, int] = field(default_factory=dict)
    urgencies: dict[str, int] = field(default_factory=dict)

    def received(self, got: list[tuple[str, int]], max_jobs: int, lease: float) -> None:
        visible = [key for key, expected in self.jobs.items() if expected.visible_at <= self.now]
        for key in [key for key in visible if self.jobs[key].attempt >= MAX_RECEIVES]:
            self.dead.add(key)
            del self.jobs[key]
        alive = [key for key in visible if key in self.jobs]
        alive.sort(key=lambda key: (self.jobs[key].urgency, self.jobs[key].visible_at, self.jobs[key].sequence))
        assert [key for key, _ in got] == alive[:max_jobs]
        self._lease(got, lease)

    def saw_dead(self, dead: set[str]) -> None:
        assert dead == self.dead

    def forgets(self, lease: Job) -> bool:
        """Whether the queue no longer knows which lease a job in somebody's hands was received on."""
        return False

    def released(self, lease: Job) -> None:
        pass

    def restarted(self) -> None:
        pass

    def _lease(self, got: list[tuple[str, int]], seconds: float) -> None:
        for key, attempt in got:
            expected = self.jobs[key]
            expected.attempt, expected.leased, expected.visible_at = expected.attempt + 1, True, self.now + seconds
            assert attempt == expected.attempt


@dataclass
class SqsModel(Model):
    """What SQS promises less: no order, dead letters moved only as a reader comes across them, leases in memory."""

    known: set[tuple[str, int]] = field(default_factory=set)

    def received(self, got: list[tuple[str, int]], max_jobs: int, lease: float) -> None:
        alive = {k for k, job in self.jobs.items() if job.visible_at <= self.now and job.attempt < MAX_RECEIVES}
        assert {key for key, _ in got} <= alive
        assert len(got) == min(max_jobs, len(alive))
        self._lease(got, lease)
        self.known |= set(got)

    def saw_dead(self, dead: set[str]) -> None:
        for key in dead - self.dead:
            expected = self.jobs.pop(key)
            assert expected.attempt >= MAX_RECEIVES
            assert expected.visible_at <= self.now
        assert self.dead <= dead
        self.dead |= dead

    def forgets(self, lease: Job) -> bool:
        return (lease.idempotency_key, lease.attempt) not in self.known

    def released(self, lease: Job) -> None:
        self.known.discard((lease.idempotency_key, lease.attempt))

    def restarted(self) -> None:
        self.known.clear()


class QueueMachine(RuleBasedStateMachine):
    adapter = ""
    leases = Bundle("leases")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SettableClock()
        self.queue = QUEUES[self.adapter](self.folder, self.clock)
        self.model = SqsModel() if self.adapter in EMULATORS else Model()
        self.runner = asyncio.Runner()

    def teardown(self) -> None:
        self.queue.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(key=st.sampled_from("abcdefgh"), delay=SECONDS, urgency=st.sampled_from(Urgency))
    def send(self, key: str, delay: int, urgency: Urgency) -> None:
        sent = self.queue.send(job(key, urgency=urgency), delay_seconds=delay)
        assert sent is (key not in self.model.sent)
        self._sent(key, delay, urgency)

    @rule(keys=st.lists(st.sampled_from("abcdefgh"), max_size=4))
    def send_all(self, keys: list[str]) -> None:
        assert self.queue.send_all([job(key) for key in keys]) == len(set(keys) - self.model.sent)
        for key in keys:
            self._sent(key)

    @rule(target=leases, max_jobs=st.integers(1, 4), lease=LEASES)
    def receive(self, max_jobs: int, lease: int) -> object:
        received = self.runner.run(self.queue.receive(max_jobs, lease_seconds=lease))
        self.model.received([(each.idempotency_key, each.attempt) for each in received], max_jobs, lease)
        return multiple(*received)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.model.now += seconds

    @rule(lease=consumes(leases))
    def delete(self, lease: Job) -> None:
        self.runner.run(self.queue.delete(lease))
        expected = self._expected(lease)
        if expected and expected.attempt == lease.attempt:
            del self.model.jobs[lease.idempotency_key]

    @rule(lease=leases, seconds=LEASES)
    def extend(self, lease: Job, seconds: int) -> None:
        expected = self._expected(lease)
        if expected and expected.is_held(lease.attempt, self.model.now):
            self.runner.run(self.queue.extend(lease, seconds))
            expected.visible_at = self.model.now + seconds
        else:
            with pytest.raises(RetryLater):
                self.runner.run(self.queue.extend(lease, seconds))

    @rule(lease=leases, delay=SECONDS)
    def release(self, lease: Job, delay: int) -> None:
        self.runner.run(self.queue.release(lease, delay_seconds=delay))
        expected = self._expected(lease)
        if expected and expected.is_held(lease.attempt, self.model.now):
            expected.visible_at, expected.leased = self.model.now + delay, False
            self.model.released(lease)

    @rule(lease=leases)
    def bury(self, lease: Job) -> None:
        self.runner.run(self.queue.bury(lease, "given up"))
        expected = self._expected(lease)
        if expected and expected.is_held(lease.attempt, self.model.now):
            del self.model.jobs[lease.idempotency_key]
            self.model.dead.add(lease.idempotency_key)
            self.model.released(lease)

    @rule(key=st.sampled_from("abcdefgh"))
    def retry(self, key: str) -> None:
        found = [each.job for each in self.runner.run(self.queue.dead_letters()) if each.job.idempotency_key == key]
        assert bool(found) is (key in self.model.dead)
        for dead in found:
            assert self.runner.run(self.queue.retry(dead.id))
            self.model.dead.remove(key)
            self.model.jobs[key] = Expected(self.model.now, self.model.sequences[key], self.model.urgencies[key])

    @rule()
    def restart(self) -> None:
        self.queue.close()
        self.queue = QUEUES[self.adapter](self.folder, self.clock)
        self.model.restarted()

    @invariant()
    def depth_and_dead_letters_agree(self) -> None:
        dead = self.runner.run(self.queue.dead_letters())
        self.model.saw_dead({each.job.idempotency_key for each in dead})
        assert self.runner.run(self.queue.depth()) == len(self.model.jobs)

    def _sent(self, key: str, delay: int = 0, urgency: Urgency = Urgency.normal) -> None:
        if key not in self.model.sent:
            self.model.sequences[key], self.model.urgencies[key] = len(self.model.sent), urgency
            self.model.jobs[key] = Expected(self.model.now + delay, len(self.model.sent), urgency)
            self.model.sent.add(key)

    def _expected(self, lease: Job) -> Expected | None:
        return None if self.model.forgets(lease) else self.model.jobs.get(lease.idempotency_key)


@pytest.mark.slow
@queue_slow_over_emulators
def test_the_queue_does_what_the_model_does(queue_adapter: str) -> None:
    machine = type("Machine", (QueueMachine,), {"adapter": queue_adapter})
    emulated = queue_adapter in EMULATORS
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6 if emulated else 25,
            stateful_step_count=20 if emulated else 40,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow],
            database=None,
        ),
    )
