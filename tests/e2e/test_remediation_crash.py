"""`kill -9` of the worker at every write of a remediation: the account is changed exactly once, and nothing sticks."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import signal
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
from tests.e2e.remediation_lives import LEASE_SECONDS, STEP_SECONDS, Drill, World, live
from tests.e2e.service import replies, text_of
from tests.tools.actions.account import person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EVERYTHING = "WATCHKEEPER_TEST_EVERY_DEATH"
"""Set to anything to die three times at every write; else at every eighth, in turn."""
MANY = 12
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


class Stage:
    """The account and the workspace, in this process; workers are others."""

    def __init__(self, account: SimulatedAccount, ws: RunningWorkspace, ahead: Any, folder: Path) -> None:
        self._account, self._ws, self._ahead, self._folder = account, ws, ahead, folder
        self._processes = multiprocessing.get_context("forkserver")
        self._cases = 0

    def run(self, effect: str, deaths: Sequence[int] = ()) -> Outcome:
        """Processes that die after so many writes of their own each, then one that lives."""
        world = self._begin(DRILLS[effect])
        began = self._ahead.value
        for dies_at in (*deaths, 0):
            process = self._processes.Process(target=live, args=(world, self._ahead, dies_at))
            process.start()
            process.join(120)
            assert process.exitcode in ((0, -signal.SIGKILL) if dies_at else (0,))
            if process.exitcode == 0:
                break
            self._ahead.value += LEASE_SECONDS + 1
        return self._outcome(effect, world, self._ahead.value - began)

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

    def _outcome(self, effect: str, world: World, seconds: float) -> Outcome:
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
        )


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
    processes.set_forkserver_preload(["tests.e2e.remediation_lives"])
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


def test_whoever_dies_at_a_write_the_next_one_goes_on_and_it_is_done_once(stage: Stage, effect: str) -> None:
    calm = stage.run(effect)
    assert _problems(calm) == [], calm
    assert len(calm.points) >= MANY
    chance = random.Random(effect)
    step = 1 if os.environ.get(EVERYTHING) else 8
    for first in range(1, len(calm.points) + 1, step):
        deaths = (first, chance.randint(1, MANY), chance.randint(1, MANY))
        after = stage.run(effect, deaths)
        assert _problems(after) == [], (deaths, calm.points[first - 1], after)
        late = after.seconds - calm.seconds
        assert late <= len(deaths) * (LEASE_SECONDS + LOOK_SECONDS + STEP_SECONDS), (deaths, calm.points[first - 1])


def _problems(outcome: Outcome) -> list[str]:
    """What is not as it should be after one effect that helped."""
    wanted = {
        "done once": outcome.effects == 1,
        "a good end": (outcome.status, outcome.steps) == (RemediationStatus.succeeded, [StepStatus.helped]),
        "a whole trail": outcome.trail.broken is None,
        "a card that says so": "It helped" in outcome.card,
    }
    return [name for name, there in wanted.items() if not there]
