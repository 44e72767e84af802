"""`kill -9` of the worker at every write of a remediation: the account is changed exactly once, and nothing sticks.

The same of a worker that is stopped at a write for longer than any lease, and goes on when another one has done it all.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.audit_check import ChainReport, verify
from agent.models import RemediationStatus, SlackPlace, StepStatus
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.bootstrap import build_deps
from tests.e2e.remediation_lives import LEASE_SECONDS, STEP_SECONDS, Drill, Fate, World, live
from tests.e2e.service import replies, text_of
from tests.tools.actions.account import person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EVERYTHING = "WATCHKEEPER_TEST_EVERY_DEATH"
"""Set to anything to die three times at every write of a calm life, too."""
MANY = 12
DEATHS = 3
TELLING = (
    *("remediations.change", "approvals.approve", "approvals.claim", "audit.append", "locks.renew"),
    *("effect.asked", "effect.done"),
)
"""Before and after these something is true that was not before, or is not any more."""
ASLEEP_SECONDS = 120.0
STOPPED = "T"
LOOK_SECONDS = 60
"""A verification looks so often; who dies may have to wait for the next look besides its lease."""
RESTART = Drill("ecs-hung-workers", "document-render", "document-render-stalled", "restart", "metric_drop")
REDRIVE = Drill(
    "state-machine-interrupted", "nightly-settlement", "settlement-file-missing", "redrive", "workflow_failed"
)
DRILLS = {"UpdateService": RESTART, "RedriveExecution": REDRIVE}
"""By the call that is their effect: one without a token, one with."""


@dataclass
class Outcome:
    """What was there at the end."""

    points: list[str]
    effects: int
    status: RemediationStatus
    steps: list[StepStatus]
    trail: ChainReport
    card: str
    seconds: float
    met: int
    """How many processes died, or slept."""


class Stage:
    """The account and the workspace, in this process; workers are others."""

    def __init__(self, account: SimulatedAccount, ws: RunningWorkspace, ahead: Any, folder: Path) -> None:
        self._account, self._ws, self._ahead, self._folder = account, ws, ahead, folder
        self._processes = multiprocessing.get_context("forkserver")
        self._cases = 0

    def run(self, effect: str, fates: Sequence[Fate] = ()) -> Outcome:
        """Processes that die at some write of their own each, then one that lives."""
        world = self._begin(DRILLS[effect])
        began, deaths = self._ahead.value, 0
        for fate in (*fates, Fate()):
            process = self._start(world, fate)
            process.join(120)
            assert process.exitcode in (0, -signal.SIGKILL)
            if process.exitcode == 0:
                break
            deaths += 1
            self._ahead.value += LEASE_SECONDS + 1
        return self._outcome(effect, world, self._ahead.value - began, deaths)

    def oversleep(self, effect: str, fate: Fate) -> Outcome:
        """A process that stops at some write, another one that does the rest, and then the first one goes on."""
        world = self._begin(DRILLS[effect])
        began = self._ahead.value
        sleeper = self._start(world, fate)
        while sleeper.is_alive() and _state(sleeper.pid) != STOPPED:
            time.sleep(0.01)
        asleep = sleeper.is_alive()
        if asleep:
            self._ahead.value += ASLEEP_SECONDS
            other = self._start(world, Fate())
            other.join(120)
            assert other.exitcode == 0
            os.kill(sleeper.pid or 0, signal.SIGCONT)
        sleeper.join(120)
        assert sleeper.exitcode == 0
        return self._outcome(effect, world, self._ahead.value - began, int(asleep))

    def _start(self, world: World, fate: Fate) -> Any:
        process = self._processes.Process(target=live, args=(world, self._ahead, fate))
        process.start()
        return process

    def _begin(self, drill: Drill) -> World:
        self._cases += 1
        home = self._folder / str(self._cases)
        home.mkdir()
        self._account.reset()
        calm = load_scenario(drill.scenario).model_copy(update={"faults": []})
        self._account.load(calm, datetime.now(UTC) + timedelta(seconds=self._ahead.value))
        maya = self._ws.user_id("maya")
        (home / "policy.yaml").write_text(f"approvers: [{maya}]\n", "utf-8")
        ts = self._ws.post_as("maya", "alerts", f"ALARM: {drill.resource}")
        settings = {
            "slack_api_url": self._ws.api_url,
            "action_policy": home / "policy.yaml",
            "executor_role_arn": self._account.executor_role_arn,
            "channel_messages_per_minute": 6000,
        }
        place = SlackPlace(team=self._ws.team_id, channel=self._ws.channel_id("alerts"), thread_ts=ts)
        environment = self._account.environment(read_only=True)
        return World(home, environment, settings, self._ws.bot_token, maya, place, drill)

    def _outcome(self, effect: str, world: World, seconds: float, met: int) -> Outcome:
        held = build_deps(Settings.read(home=world.home))
        given, trail = asyncio.run(_stored(held.deps))
        held.close()
        (card,) = [m for m in replies(self._ws, "alerts", world.place.thread_ts) if m["ts"] == given.card_ts]
        return Outcome(
            points=(world.home / "points").read_text().split(),
            effects=_carried_out(effect),
            status=given.status,
            steps=[step.status for step in given.steps],
            trail=trail,
            card=text_of(card),
            seconds=seconds,
            met=met,
        )


def _state(pid: int | None) -> str:
    """`T` of a process that is stopped; it stands behind the command's name, which may be anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


async def _stored(deps: Deps) -> tuple[Any, ChainReport]:
    (given,) = [each for status in RemediationStatus for each in await deps.remediations.by_status(status)]
    return given, await verify(deps.audit, deps.clock() + timedelta(days=1))


def _carried_out(effect: str) -> int:
    """As CloudTrail tells; what was refused does not count."""
    by_name = [{"AttributeKey": "EventName", "AttributeValue": effect}]
    events = person()("cloudtrail").lookup_events(LookupAttributes=by_name)["Events"]
    return sum("errorCode" not in json.loads(event["CloudTrailEvent"]) for event in events)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.e2e.remediation_lives", "tests.e2e.life_descriptions"])
    ahead = processes.RawValue("d", 0.0)

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead.value)

    with (
        SimulatedAccount(clock=clock) as account,
        running_workspace() as ws,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        yield Stage(account, ws, ahead, tmp_path_factory.mktemp("lives"))


@pytest.fixture(scope="module", params=DRILLS)
def effect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_whoever_dies_at_a_write_the_next_one_goes_on_and_it_is_done_once(
    stage: Stage, effect: str, tmp_path: Path
) -> None:
    """Three die in a row, each at the first write that, after the one before it, nobody has died at yet; and so on
    until there is none: those of the ways back to work are among them."""
    met = _file(tmp_path)
    calm = stage.run(effect)
    assert _problems(calm) == [], calm
    deaths = 1
    while deaths:
        after = stage.run(effect, [Fate(new=met)] * DEATHS)
        deaths = _is_well(after, calm, met.read_text().split()[-DEATHS:])
    assert len(met.read_text().split()) >= 3 * MANY


@pytest.mark.skipif(not os.environ.get(EVERYTHING), reason=f"it takes ten minutes: set {EVERYTHING}")
def test_whoever_dies_at_any_write_the_next_one_goes_on(stage: Stage, effect: str) -> None:
    calm, chance = stage.run(effect), random.Random(effect)
    for first in range(1, len(calm.points) + 1):
        deaths = (first, chance.randint(1, MANY), chance.randint(1, MANY))
        _is_well(stage.run(effect, [Fate(at) for at in deaths]), calm, (deaths, calm.points[first - 1]))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells whether a process is stopped")
def test_whoever_wakes_up_when_another_one_has_gone_on_writes_over_nothing(stage: Stage, tmp_path: Path) -> None:
    """Of the call without a token: it could be made twice."""
    met, slept = _file(tmp_path), 1
    while slept:
        after = stage.oversleep("UpdateService", Fate(new=met, only=TELLING, signal=signal.SIGSTOP))
        slept = after.met
        assert _problems(after) == [], (met.read_text().split()[-1:], after)
    assert len(met.read_text().split()) >= MANY


def _is_well(after: Outcome, calm: Outcome, told: object) -> int:
    """How many died on the way to it."""
    assert _problems(after) == [], (told, after)
    late = after.seconds - calm.seconds
    assert late <= DEATHS * (LEASE_SECONDS + LOOK_SECONDS + STEP_SECONDS), (told, late)
    return after.met


def _file(folder: Path) -> Path:
    found = folder / "met"
    found.touch()
    return found


def _problems(outcome: Outcome) -> list[str]:
    """What is not as it should be after one effect that helped."""
    wanted = {
        "done once": outcome.effects == 1,
        "a good end": (outcome.status, outcome.steps) == (RemediationStatus.succeeded, [StepStatus.helped]),
        "a whole trail": outcome.trail.broken is None,
        "a card that says so": "It helped" in outcome.card,
    }
    return [name for name, there in wanted.items() if not there]
