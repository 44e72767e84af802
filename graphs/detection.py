"""One tick: the detectors side by side, each with a deadline, and what they found together. A gap spoils no other.

    found = Found.of(await graph.ainvoke(tick_start(now, known), context=deps))
    found.alerts, found.gaps, found.documents

Nothing is written here: the documents that detectors want to remember are kept by the caller, when what was found is
safely queued. A tick that dies before that is repeated with the same result.
"""

from __future__ import annotations

import asyncio
import logging
import operator
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agent.budgets import RunBudget
from agent.detection.memory import Document, readable, versioned
from agent.detection.watchlist import WatchList
from agent.errors import BudgetExceeded
from agent.models import Alert, TimeRange
from agent.ports import Deps
from tools.detection.base import BUDGET_USED_UP, Detector, Round
from tools.evidence import deadline
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.look import Look
from tools.evidence.threads import in_thread

log = logging.getLogger(__name__)
GRACE_SECONDS = 2.0
LOOK_BACK = timedelta(hours=3)
FIRST = "alarms"
"""Looks before the others do: a metric whose alarm fires needs no second voice."""


class Looked(TypedDict):
    """What one detector brings."""

    detector: str
    alerts: list[dict[str, Any]]
    documents: dict[str, Document]
    gaps: list[str]
    learned: list[str]
    cost: dict[str, float]


class TickState(TypedDict):
    """In: what `tick_start` makes. Out: `looked`."""

    now: str
    known: list[dict[str, Any]]
    """Alerts that were told in the last day, by others or of an alarm."""
    looked: Annotated[list[Looked], operator.add]


class Order(TypedDict):
    """What a detector is sent to look at."""

    now: str
    known: list[dict[str, Any]]
    firing: list[dict[str, Any]]
    """Alarms in ALARM, for those who look after the alarms."""
    account: str


def tick_start(now: datetime, known: Sequence[Alert] = ()) -> TickState:
    plain = [alert.model_dump(mode="json", exclude={"description", "links"}) for alert in known]
    return {"now": now.isoformat(), "known": plain, "looked": []}


@dataclass(frozen=True)
class Found:
    """What a tick found, and what it cost."""

    alerts: list[Alert]
    gaps: list[str]
    learned: list[str]
    documents: dict[str, Document]
    costs: list[dict[str, Any]]
    """For each detector: detector, api_calls, bytes_scanned, usd, seconds."""

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Found:
        looked: list[Looked] = sorted(state["looked"], key=lambda each: each["detector"])
        return cls(
            alerts=[Alert.model_validate(alert) for each in looked for alert in each["alerts"]],
            gaps=list(dict.fromkeys(gap for each in looked for gap in each["gaps"])),
            learned=[words for each in looked for words in each["learned"]],
            documents={key: value for each in looked for key, value in each["documents"].items()},
            costs=[{"detector": each["detector"], **each["cost"]} for each in looked],
        )

    def total(self, item: str) -> float:
        return sum(cost[item] for cost in self.costs)


def build_detection(detectors: Mapping[str, Detector], watch: WatchList) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph. Run it with `context=deps`, whose `budget` is the tick's.

    Account by account, the alarms are looked at first, and then everything else side by side.
    """
    others = [name for name in detectors if name != FIRST]
    first = [FIRST] if FIRST in detectors else others

    def begin(state: TickState, runtime: Runtime[Deps]) -> Command[str]:
        accounts = ["", *(account.id for account in runtime.context.settings.aws_accounts)]
        orders = [Order(now=state["now"], known=state["known"], firing=[], account=account) for account in accounts]
        return Command(goto=[Send(name, order) for name in first for order in orders])

    graph = StateGraph(TickState, context_schema=Deps)
    graph.add_edge(START, "begin")
    graph.add_node("begin", begin, destinations=tuple(first))
    for name, detect in detectors.items():
        after = others if name == FIRST else []
        graph.add_node(name, _node(name, detect, watch, after), destinations=(*after, END))
    return graph.compile(name="detection")


def tick_budget(deps: Deps) -> RunBudget:
    return RunBudget(api_calls=deps.settings.tick_api_calls, usd=deps.settings.tick_usd)


def _node(name: str, detect: Detector, watch: WatchList, after: Sequence[str]) -> Callable[..., Any]:
    async def look(state: Order, runtime: Runtime[Deps]) -> Command[str]:
        deps, began = runtime.context, time.monotonic()
        seconds = deps.settings.tick_seconds
        looking = _Looking(name, detect, watch, state, deps, asyncio.get_running_loop())
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS):
                alerts = await in_thread(looking.run)
        except TimeoutError:
            alerts = looking.failed(TimeoutError())
        took = time.monotonic() - began
        deps.metrics.tool_called(f"detect_{name}", looking.status, took)
        sends = [Send(other, {**state, "firing": looking.firing}) for other in after]
        return Command(goto=sends or END, update={"looked": [looking.looked(alerts, took)]})

    return look


@dataclass
class _Looking:
    """One detector at work in a thread, and what becomes of it."""

    name: str
    detect: Detector
    watch: WatchList
    order: Order
    deps: Deps
    loop: asyncio.AbstractEventLoop
    tick: Round | None = None
    memories: _StoredMemories | None = None
    gap: str = ""

    def run(self) -> list[Alert]:
        """Never raises: what kept a detector from looking is a gap."""
        try:
            with deadline.within(self.deps.settings.tick_seconds):
                self.tick = self._round()
                return self.detect(self.tick)
        except Exception as error:
            if not isinstance(error, EXPECTED):
                log.warning("the detector %s failed", self.name, exc_info=True)
            return self.failed(error)

    def failed(self, error: Exception) -> list[Alert]:
        why = BUDGET_USED_UP if isinstance(error, BudgetExceeded) else explain(error)
        where = f" in account {self.order['account']}" if self.order["account"] else ""
        self.gap = f"{self.name}{where}: {why}"
        return []

    @property
    def firing(self) -> list[dict[str, Any]]:
        return [alert.model_dump(mode="json") for alert in self.tick.firing] if self.tick else []

    @property
    def status(self) -> str:
        return "error" if self.gap else "ok"

    def looked(self, alerts: list[Alert], seconds: float) -> Looked:
        """A detector that failed remembers nothing of this tick: it looks at the same again in the next."""
        tick = self.tick
        look = tick.look if tick else None
        gaps = [f"{self.name}: {gap}" for gap in tick.gaps] if tick else []
        return {
            "detector": self.name,
            "alerts": [alert.model_dump(mode="json") for alert in alerts],
            "documents": dict(self.memories.kept) if self.memories and not self.gap else {},
            "gaps": [*gaps, self.gap] if self.gap else gaps,
            "learned": tick.learned if tick else [],
            "cost": {
                "api_calls": look.api_calls if look else 0,
                "bytes_scanned": look.bytes_scanned if look else 0,
                "usd": round(look.usd, 6) if look else 0.0,
                "seconds": round(seconds, 2),
            },
        }

    def _round(self) -> Round:
        deps, now = self.deps, datetime.fromisoformat(self.order["now"])
        aws = deps.aws.at(self.order["account"])
        window = TimeRange(start=now - LOOK_BACK, end=now)
        look = Look(aws, now, window, deps.settings, deps.cache, deps.budget)
        known = [Alert.model_validate(alert) for alert in self.order["known"]]
        self.memories = _StoredMemories(deps, self.loop)
        firing = [Alert.model_validate(alert) for alert in self.order["firing"]]
        return Round(self.name, look, self.watch, self.memories, known, firing)


class _StoredMemories:
    """The state store as detectors in threads see it; what they put is kept here."""

    def __init__(self, deps: Deps, loop: asyncio.AbstractEventLoop) -> None:
        self._deps, self._loop = deps, loop
        self.kept: dict[str, Document] = {}

    def get(self, key: str) -> Document:
        if key in self.kept:
            return readable(self.kept[key])
        read = asyncio.run_coroutine_threadsafe(self._deps.state.get(key), self._loop)
        return readable(read.result(timeout=min(deadline.seconds_left(), self._deps.settings.tick_seconds)))

    def put(self, key: str, document: Document) -> None:
        self.kept[key] = versioned(document)
