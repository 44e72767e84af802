"""Ticks from the terminal: one of the real account, or those of the last hours in the simulated one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.detection.watchlist import WatchList
from agent.ports import Clock, Deps
from agent.settings import Settings
from deploy.running import simulated_environment
from graphs.detection import Found
from slack_app.bootstrap import build_deps
from slack_app.handlers.ticks import look, remember

REPLAYED = timedelta(hours=3)
"""The incidents of most scenarios begin within the last hours; the first tick of them all only learns."""
EVERYTHING = WatchList.model_validate(
    {
        "metrics": [
            {"service": name} for name in ("lambda", "sqs", "rds", "ecs", "dynamodb", "elb", "nat", "apigateway")
        ],
        "logs": [{"prefix": "/"}],
    }
)
"""What is watched in the simulated account where no list says."""


@dataclass(frozen=True)
class Tick:
    at: datetime
    found: Found

    def as_json(self) -> dict[str, Any]:
        """The documented shape of a tick in `tick --json`."""
        found = self.found
        return {
            "at": self.at.isoformat(),
            "alerts": [alert.model_dump(mode="json", exclude={"raw_reference"}) for alert in found.alerts],
            "learned": found.learned,
            "gaps": found.gaps,
            "cost": {
                "api_calls": int(found.total("api_calls")),
                "bytes_scanned": int(found.total("bytes_scanned")),
                "usd": round(found.total("usd"), 6),
                "detectors": found.costs,
            },
        }


async def real_tick(settings: Settings, keep: bool) -> list[Tick]:
    """One tick with what the service has learned; what this one learns is kept only if asked for."""
    held = build_deps(settings)
    try:
        return [await _tick(held.deps, keep, None)]
    finally:
        held.close()


async def simulated_ticks(scenarios: Sequence[str], settings: Settings, show: Callable[[str], None]) -> list[Tick]:
    """Those of the last hours, one every `tick_minutes`, in an account in which these scenarios happen now."""
    now, step = datetime.now(UTC), timedelta(minutes=settings.tick_minutes or 5)
    moments = [now - REPLAYED]
    watch = None if settings.watch_list else EVERYTHING
    with _simulated(scenarios, settings, now, lambda: moments[-1]) as deps:
        ticks: list[Tick] = []
        while moments[-1] <= now:
            show(f"Looking at {moments[-1]:%H:%M} UTC")
            ticks.append(await _tick(deps, True, watch))
            moments.append(moments[-1] + step)
        return ticks


async def _tick(deps: Deps, keep: bool, watch: WatchList | None) -> Tick:
    at = deps.clock()
    found = await look(deps, watch)
    if keep:
        await remember(deps, found)
    return Tick(at, found)


@contextmanager
def _simulated(scenarios: Sequence[str], settings: Settings, now: datetime, clock: Clock) -> Generator[Deps]:
    """Dependencies in the simulated account, with embedded stores in a home that is thrown away."""
    from deploy.local.account import SimulatedAccount, load_scenario

    wanted = [load_scenario(name) for name in scenarios]
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="watchkeeper-") as home, SimulatedAccount(clock=clock) as account:
        for each in wanted:
            account.load(each, now)
        os.environ.update(simulated_environment(account.environment(), settings))
        own = settings.model_copy(update={"home": Path(home), "store": "sqlite", "queue_url": ""})
        held = build_deps(own, clock=clock)
        try:
            yield held.deps
        finally:
            held.close()
            os.environ.clear()
            os.environ.update(before)
