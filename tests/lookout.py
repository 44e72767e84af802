"""Ticks over the simulated account, whose clock the test moves: real boto3, real graph, real stores."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.detection.watchlist import WatchList
from agent.models import Alert, AlertStatus
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from graphs.detection import Found
from slack_app.bootstrap import build_deps
from slack_app.handlers.ticks import look, remember
from tools.aws import Boto3Session

STEP = timedelta(minutes=5)


@dataclass
class MovingClock:
    """Both the account's and Watchkeeper's."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Lookout:
    """`load` what happens around `story` (which offsets such as -40m are relative to), then `tick`."""

    account: SimulatedAccount
    clock: MovingClock
    deps: Deps
    story: datetime
    watch: WatchList = field(default_factory=WatchList)
    step: timedelta = STEP
    ticks: list[Found] = field(default_factory=list[Found])

    def load(self, **parts: Any) -> None:
        said = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
        named = {"name": "test", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
        self.load_scenario(Scenario.model_validate({**named, **said, **parts}))

    def load_scenario(self, scenario: Scenario) -> None:
        self.account.load(scenario, now=self.story)

    def watches(self, **parts: Any) -> None:
        self.watch = WatchList.model_validate(parts)

    async def tick(self) -> list[Alert]:
        """One tick now, and then a step of time passes."""
        found = await look(self.deps, self.watch)
        await remember(self.deps, found)
        self.ticks.append(found)
        self.clock.now += self.step
        return found.alerts

    async def until(self, offset: float) -> list[tuple[str, str]]:
        """Ticks until so many minutes after the story; what they told, as (status, title)."""
        told: list[Alert] = []
        while self.clock.now <= self.story + timedelta(minutes=offset):
            told += await self.tick()
        return [(str(alert.status), alert.title) for alert in told]

    @property
    def told(self) -> list[Alert]:
        return [alert for found in self.ticks for alert in found.alerts]

    @property
    def firing(self) -> list[Alert]:
        return [alert for alert in self.told if alert.status is AlertStatus.firing]


@contextmanager
def lookout(
    account: SimulatedAccount,
    aws: Boto3Session,
    clock: MovingClock,
    home: Path,
    story: datetime,
    replaced: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Generator[Lookout]:
    """A lookout that begins forty minutes before the story."""
    clock.now = story - timedelta(minutes=40)
    held = build_deps(Settings.read(home=home, **settings), aws=aws, clock=clock, **(replaced or {}))
    try:
        yield Lookout(account, clock, held.deps, story)
    finally:
        held.close()
