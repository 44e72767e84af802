"""Whatever happens to a remediation: nothing is done twice, nothing without consent, and it comes to an end."""

from __future__ import annotations

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

from tests.graphs.remediation_machine.account import DEATHS, MACHINES, SERVICES, TROUBLES, Trouble
from tests.graphs.remediation_machine.story import POLICIES
from tests.graphs.remediation_machine.world import STALE, RemediationWorld
from tests.slack_app.delivery_machine import slack_wire

MINUTE, HOUR = 60, 3600
EXPIRY = 30 * MINUTE
MOST = 2
"""Remediations at once."""
names = st.sampled_from((*SERVICES, *MACHINES))
deciders = st.sampled_from(["maya", "maya", "liwei", "liwei", "priya"])
cards = st.sampled_from([0, 0, 0, 1, STALE])
healing = st.sampled_from([True, True, False])
drifts = st.sampled_from(["definition", "restart", "redrive", "desired"])
OFF = "off"
FITTING = ["one", "two", "by itself"]


class RemediationMachine(RuleBasedStateMachine):
    steps = 0

    @initialize(seed=st.integers(0, 1000), name=names, heals=healing)
    def begin(self, seed: int, name: str, heals: bool) -> None:
        self.world = RemediationWorld(seed, shared=seed % 2 == 0)
        self.fires(name, heals)
        self.work_for_a_while(1)

    def teardown(self) -> None:
        try:
            self.everything_is_done(True, "one")
        finally:
            self.world.close()

    @precondition(lambda self: self.world.at_once < MOST)
    @rule(name=names, heals=healing)
    def fires(self, name: str, heals: bool) -> None:
        self.world.account.things[name].heals = heals
        self.world.run(self.world.fires(name))

    @rule(user=deciders, which=cards)
    def approve(self, user: str, which: int) -> None:
        self.world.click("approve", user, which)

    @rule(user=deciders, which=cards, seconds=st.sampled_from([1, 20]))
    def approve_and_work(self, user: str, which: int, seconds: int) -> None:
        self.world.click("approve", user, which)
        self.work_for_a_while(seconds)

    @rule(which=cards)
    def two_approve(self, which: int) -> None:
        self.world.click("approve", "maya", which)
        self.world.click("approve", "liwei", which)

    @rule(user=deciders, which=cards)
    def double_click(self, user: str, which: int) -> None:
        self.world.click("approve", user, which, times=2)

    @rule(button=st.sampled_from(["reject", "reject", "dry_run"]), user=deciders, which=cards)
    def press_another_button(self, button: str, user: str, which: int) -> None:
        self.world.click(button, user, which)

    @rule()
    def jobs_are_delivered_twice(self) -> None:
        self.world.run(self.world.arrive_again())

    @rule(who=st.sampled_from([(0,), (1,), (0, 1)]), jobs=st.integers(1, 10))
    def work(self, who: tuple[int, ...], jobs: int) -> None:
        self.world.run(self.world.work(who, jobs))

    @rule(seconds=st.sampled_from([1, 20, MINUTE]))
    def work_for_a_while(self, seconds: int) -> None:
        for _ in range(3):
            self.world.run(self.world.work((0, 1), 10))
            self.world.clock.pass_by(seconds)

    @rule(agreed=st.sampled_from([True, True, False]), policy=st.sampled_from(FITTING))
    def everything_is_done(self, agreed: bool, policy: str) -> None:
        """Nothing forbids it and people say yes to all that is asked, or nobody says anything."""
        self.world.calm()
        if agreed:
            self.world.switch(False)
            self.world.decree(policy)
            self.work_for_a_while(MINUTE)
            self.two_approve(0)
            self.two_approve(1)
        self.world.run(self.world.drain())
        self.world.run(self.world.check_at_rest())

    @rule(who=st.sampled_from([(0,), (1,), (0, 1), (1, 0)]), jobs=st.integers(1, 5), requests=st.integers(0, 60))
    def crash(self, who: tuple[int, ...], jobs: int, requests: int) -> None:
        self.world.run(self.world.work(who, jobs, dies_after=requests))

    @rule(user=deciders, requests=st.integers(10, 60))
    def approve_and_crash(self, user: str, requests: int) -> None:
        self.world.click("approve", user, 0)
        self.world.run(self.world.work((0, 1), 5, dies_after=requests))

    @rule(
        death=st.sampled_from(DEATHS),
        then=st.sampled_from(["off", "expire", "policy", "drift", "nothing", "nothing"]),
        policy=st.sampled_from([*POLICIES]),
        how=drifts,
    )
    def dies_at_the_effect_before_something_else(self, death: Trouble, then: str, policy: str, how: str) -> None:
        self.world.account.writes.appendleft(death)
        self.two_approve(0)
        self.world.run(self.world.work((0,), 10))
        if then == "off":
            self.world.switch(True)
        elif then == "expire":
            self.time_passes(EXPIRY + 1)
        elif then == "policy":
            self.world.decree(policy)
        elif then == "drift":
            for name in (*SERVICES, *MACHINES):
                self.world.drift(name, how)
        self.work_for_a_while(MINUTE)

    @rule(troubles=st.lists(st.sampled_from(TROUBLES), min_size=1, max_size=3))
    def throttle_reads(self, troubles: list[Trouble]) -> None:
        self.world.account.reads.extend(troubles)

    @rule(troubles=st.lists(st.sampled_from([*TROUBLES, *DEATHS]), min_size=1, max_size=2))
    def throttle_writes(self, troubles: list[Trouble]) -> None:
        self.world.account.writes.extend(troubles)

    @rule(troubles=st.lists(st.sampled_from(slack_wire.TROUBLES), min_size=1, max_size=4))
    def throttle_slack(self, troubles: list[slack_wire.Trouble]) -> None:
        self.world.troubles.calls.extend(troubles)

    @rule(times=st.integers(1, 4))
    def throttle_stores(self, times: int) -> None:
        self.world.store_troubles += times

    @rule(seconds=st.sampled_from([1, 5, 20, MINUTE, 10 * MINUTE, EXPIRY + 1]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.pass_by(seconds)

    @rule(seconds=st.sampled_from([-2 * MINUTE, -5, 5, MINUTE, 20 * MINUTE, HOUR]))
    def the_clock_jumps(self, seconds: int) -> None:
        self.world.clock_jumps(seconds)

    @rule(after=st.sampled_from([0.0, 0.1, 0.3]), seconds=st.sampled_from([-2 * MINUTE, 2 * MINUTE, HOUR]))
    def the_clock_jumps_while_they_work(self, after: float, seconds: int) -> None:
        self.world.jumps_while_they_work(after, seconds)
        self.world.run(self.world.arrive_again())
        self.world.run(self.world.work((0, 1), 10))

    @rule(name=names, how=drifts)
    def drift(self, name: str, how: str) -> None:
        self.world.drift(name, how)

    @rule(name=st.sampled_from([*POLICIES, *FITTING * 3, OFF, OFF]))
    def the_rules_change(self, name: str) -> None:
        """Another policy, or somebody presses the kill switch."""
        self.world.switch(name == OFF)
        if name != OFF:
            self.world.decree(name)

    @invariant()
    def nothing_is_doubled_or_given_up(self) -> None:
        type(self).steps += 1
        self.world.run(self.world.check_always())


def run(examples: int, steps: int = 50) -> int:
    """How many steps there were. The first failure is told as it is: making it smaller takes minutes."""
    machine = type("Machine", (RemediationMachine,), {"steps": 0})
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


def test_nothing_is_done_twice_or_without_consent() -> None:
    assert run(examples=3) >= 60


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_done_twice_or_without_consent_in_ten_thousand_steps() -> None:
    assert run(examples=216) >= 10_000
