"""What a detector is given, and what it may give back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.detection.episodes import Anomaly, follow
from agent.detection.memory import Memories
from agent.detection.watchlist import WatchList
from agent.errors import BudgetExceeded
from agent.models import Alert, Resource
from tools.evidence.failures import explain
from tools.evidence.look import Look

METRIC_USD = 0.01 / 1000
"""GetMetricData's price for a metric requested (aws.amazon.com/cloudwatch/pricing)."""
BAND_METRICS = 3
"""An anomaly band is charged as three metrics."""
MAX_GAPS = 20
BUDGET_USED_UP = "the tick's budget is used up (WATCHKEEPER_TICK_API_CALLS, WATCHKEEPER_TICK_USD)"
RENEWED = timedelta(days=1)
"""So often what did not change is written again, lest the store forgets it."""


@dataclass
class Round:
    """One detector's look at one account and region in one tick."""

    detector: str
    look: Look
    watch: WatchList
    memories: Memories
    known: Sequence[Alert] = ()
    """What was told in the last day, by others or of an alarm."""
    firing: list[Alert] = field(default_factory=list[Alert])
    """The alarms that are in ALARM, told or not. Detectors of metrics come after that of alarms, and know them."""
    gaps: list[str] = field(default_factory=list[str])
    """What could not be read, a sentence each."""
    learned: list[str] = field(default_factory=list[str])
    """What was seen for the first time, in a few words each."""

    def key(self, *parts: str) -> str:
        """Under which something of this detector is remembered."""
        return ":".join(["detect", self.detector, self.look.aws.label, self.look.aws.region, *parts])

    def resource(self, service: str, name: str, kind: str = "") -> Resource:
        aws = self.look.aws
        return Resource(service=service, type=kind, id=name, region=aws.region, account=aws.account)

    def missed(self, what: str, error: Exception) -> None:
        """Something could not be read, and the rest can."""
        why = BUDGET_USED_UP if isinstance(error, BudgetExceeded) else explain(error)
        if len(self.gaps) < MAX_GAPS:
            self.gaps.append(f"{what} ({why})")

    def told(
        self,
        seen: Sequence[Anomaly],
        *,
        learning: bool,
        quiet: Callable[[Anomaly], bool] = lambda _: False,
        unread: Callable[[str], bool] = lambda _: False,
    ) -> list[Alert]:
        """What is to be told of what this detector sees now, by what it saw in earlier ticks."""
        key = self.key("episodes")
        document = self.memories.get(key)
        memory = document.get("episodes", {})
        episodes, alerts = follow(
            memory, seen, self.look.now, quiet=lambda anomaly: learning or quiet(anomaly), unread=unread
        )
        now = self.look.now
        if not document or episodes != memory or now - datetime.fromisoformat(document["at"]) > RENEWED:
            self.memories.put(key, {"episodes": episodes, "at": now.isoformat()})
        return alerts


Detector = Callable[[Round], list[Alert]]
"""Reads, remembers, and gives what is to be told. Raises what kept it from reading anything."""
