"""Whatever happens to alerts on their way: none is lost, none is counted twice, and one message tells each incident."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agent.models import AlertStatus
from slack_app.blocks.ownership import REOPEN, RESOLVE
from tests.slack_app.delivery_machine.backends import Aws, Sqlite
from tests.slack_app.delivery_machine.senders import NAMES, Delivery
from tests.slack_app.delivery_machine.slack_wire import TROUBLES, Trouble
from tests.slack_app.delivery_machine.world import World

MINUTE, HOUR = 60, 3600
names = st.sampled_from(NAMES)


class DeliveryMachine(RuleBasedStateMachine):
    backend: type[Sqlite | Aws] = Sqlite
    steps = 0

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.world = World(self.backend(), seed)
        self.last: Delivery | None = None
        self.held: list[Delivery] = []

    def teardown(self) -> None:
        try:
            for delivery in self.held:
                self.world.arrives(delivery)
            self.world.run(self.world.drain())
            self.world.run(self.world.check_at_rest())
        finally:
            self.world.close()

    def _sent(self, name: str, status: AlertStatus) -> Delivery:
        self.last = self.world.message(name, status)
        return self.last

    @rule(name=names)
    def deliver(self, name: str) -> None:
        assert self.world.arrives(self._sent(name, AlertStatus.firing))

    @rule(name=names)
    def resolve(self, name: str) -> None:
        assert self.world.arrives(self._sent(name, AlertStatus.resolved))

    @rule(name=names)
    def resolve_and_fire_again(self, name: str) -> None:
        self.resolve(name)
        self.deliver(name)

    @precondition(lambda self: self.last is not None and self.last not in self.held)
    @rule()
    def duplicate(self) -> None:
        assert self.last is not None
        assert not self.world.arrives(self.last)

    @precondition(lambda self: len(self.held) < 3)
    @rule(name=names, status=st.sampled_from(AlertStatus))
    def is_delayed(self, name: str, status: AlertStatus) -> None:
        self.held.append(self._sent(name, status))

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 2))
    def comes_late(self, which: int) -> None:
        assert self.world.arrives(self.held.pop(which % len(self.held)))

    @rule(who=st.sampled_from([(0,), (1,), (0, 1)]), jobs=st.integers(1, 10))
    def work(self, who: tuple[int, ...], jobs: int) -> None:
        self.world.run(self.world.work(who, jobs))

    @rule(seconds=st.sampled_from([1, 5, 20]))
    def work_for_a_while(self, seconds: int) -> None:
        for _ in range(3):
            self.world.run(self.world.work((0, 1), 10))
            self.world.time_jumps(seconds, wrong=False)

    @rule()
    def everything_is_done(self) -> None:
        self.world.run(self.world.drain())
        self.world.run(self.world.check_at_rest())

    @precondition(lambda self: not self.held)
    @rule()
    def a_quiet_while(self) -> None:
        self.world.run(self.world.a_quiet_while())

    @rule(who=st.sampled_from([(0,), (1,), (0, 1), (1, 0)]), jobs=st.integers(1, 5), requests=st.integers(0, 40))
    def crash(self, who: tuple[int, ...], jobs: int, requests: int) -> None:
        self.world.run(self.world.work(who, jobs, dies_after=requests))

    @rule(troubles=st.lists(st.sampled_from(TROUBLES), min_size=1, max_size=4))
    def throttle_slack(self, troubles: list[Trouble]) -> None:
        self.world.troubles.calls.extend(troubles)

    @rule(troubles=st.lists(st.sampled_from([*TROUBLES, "answer lost"]), min_size=1, max_size=3))
    def throttle_posts(self, troubles: list[Trouble]) -> None:
        self.world.troubles.posts.extend(troubles)

    @rule(times=st.integers(1, 4))
    def throttle_stores(self, times: int) -> None:
        self.world.store_troubles += times

    @rule(seconds=st.sampled_from([1, 5, 20, MINUTE, 10 * MINUTE]))
    def time_passes(self, seconds: int) -> None:
        self.world.time_jumps(seconds, wrong=False)

    @rule(hours=st.sampled_from([0.5, 1, 3]))
    def hours_pass(self, hours: float) -> None:
        self.world.time_jumps(hours * HOUR, wrong=False)

    @rule(seconds=st.sampled_from([-20 * MINUTE, -MINUTE, -5, 5, MINUTE, 20 * MINUTE, HOUR]))
    def the_clock_jumps(self, seconds: int) -> None:
        self.world.time_jumps(seconds, wrong=True)

    @rule(action=st.sampled_from(["analyse", RESOLVE, REOPEN]), which=st.integers(0, 3))
    def click(self, action: str, which: int) -> None:
        self.world.click(action, which)

    @rule(which=st.integers(0, 3))
    def a_change_helps(self, which: int) -> None:
        self.world.run(self.world.a_change_helps(which))

    @invariant()
    def nothing_is_doubled_or_given_up(self) -> None:
        type(self).steps += 1
        self.world.run(self.world.check_always())


def run(backend: type[Sqlite | Aws], examples: int, steps: int = 50) -> int:
    """How many steps there were. The first failure is told as it is: making it smaller takes minutes."""
    machine = type("Machine", (DeliveryMachine,), {"backend": backend, "steps": 0})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=(Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        ),
    )
    return machine.steps


def _what_came_of_a_run(seed: int) -> list[str]:
    """Of two processes, one of which dies, and whose clock is set."""
    world = World(Sqlite(), seed)
    try:
        for name in NAMES:
            world.arrives(world.message(name, AlertStatus.firing))
        world.troubles.posts.extend(["429", "answer lost"])
        world.run(world.work((0, 1), 10, dies_after=30))
        world.time_jumps(20 * MINUTE, wrong=True)
        world.run(world.drain())
        incidents = world.run(world.deps.incidents.recent(world.clock() - timedelta(hours=3)))
        return [incident.model_dump_json() for incident in incidents]
    finally:
        world.close()


def test_a_run_can_be_repeated_exactly() -> None:
    first, again, other = (_what_came_of_a_run(seed) for seed in (1, 1, 2))

    assert len(first) == len(NAMES)
    assert first == again != other


def test_no_alert_is_lost_or_told_twice() -> None:
    assert run(Sqlite, examples=3) >= 60


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_alert_is_lost_or_told_twice_in_ten_thousand_steps() -> None:
    """In long stories: to set a world up and to end it takes as long as thirty steps."""
    assert run(Sqlite, examples=114, steps=100) >= 10_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_alert_is_lost_or_told_twice_on_aws() -> None:
    assert run(Aws, examples=12, steps=40) >= 300
