"""Graphs over a scripted model and evidence tools that need no AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool

from agent.knowledge import KnowledgeBase
from agent.models import Alert, Answer, Asker, ChatMessage, Diagnosis, Evidence
from agent.naming import InventoryItem
from agent.ports import AwsSession, Deps
from agent.settings import Settings
from agent.specialists import Specialist
from graphs.alert_analysis import build_alert_analysis
from graphs.conversation import build_conversation
from graphs.state import NO_USAGE, conversation_start, typed
from tests.agent.examples import NOW, finding
from tests.graphs.intake_desk import Desk
from tests.graphs.scripted import ScriptedModel
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cache import MemoryCache
from tools.inventory import Inventory
from tools.llm.offline import OfflineAnalyst

MEMORY_TOKENS = 5600
NOBODY = Asker()
KNOWLEDGE = KnowledgeBase.read()


def specialist(name: str, *tools: str, handles: tuple[str, ...] = ()) -> Specialist:
    return Specialist(name=name, title=name.title(), version="1", hash="h", handles=handles, tools=tools)


SPECIALISTS = (
    specialist("infra", "errors_of", handles=("error", "checkout")),
    specialist("logs", "log_lines", handles=("log",)),
)


class Nowhere:
    """An account that no tool of these tests asks anything."""

    region, label, account, partition = "us-east-1", "home", "123456789012", "aws"

    def at(self, account: str = "", region: str = "") -> Nowhere:
        return self

    def client(self, service: str, region: str = "") -> Any:
        raise AssertionError(f"a graph asked {service}")


@evidence_tool("Which errors does {resource} have?")
def errors_of(look: Look, resource: str = "") -> Found:
    """Errors of a resource."""
    rise = finding("metric_rise", "Errors of checkout rose to 190 a minute.", metric="Errors", at=NOW)
    return Found("Errors rose.", [rise], "https://console.aws.amazon.com/x")


@evidence_tool("What do the logs of {resource} say?")
def log_lines(look: Look, resource: str = "") -> Found:
    """Log lines of a resource."""
    return Found("The logs are quiet.", [finding("log_quiet", "There are no errors in the logs.")], no_data=True)


TOOLS: dict[str, BaseTool] = {"errors_of": errors_of, "log_lines": log_lines}


@dataclass
class Run:
    """What a run of a graph brought."""

    state: dict[str, Any]
    parts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def diagnosis(self) -> Diagnosis:
        return Diagnosis.model_validate(self.state["diagnosis"])

    @property
    def answer(self) -> Answer:
        return Answer.model_validate(self.state["answer"])

    @property
    def evidence(self) -> list[Evidence]:
        return typed(self.state["evidence"])

    def evidence_of(self, tool: str) -> Evidence:
        return next(piece for piece in self.evidence if piece.tool == tool)


@dataclass
class Bench:
    """`await bench.analyse(alert)` and `await bench.ask("why?")` run the graphs. Set `fast` and `strong` first."""

    fast: BaseChatModel
    strong: BaseChatModel
    tools: dict[str, BaseTool]
    specialists: tuple[Specialist, ...] = SPECIALISTS
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    aws: AwsSession = field(default_factory=Nowhere)
    cache: MemoryCache = field(default_factory=MemoryCache)

    def deps(self) -> Deps:
        models: dict[str, BaseChatModel] = {
            "router": self.fast,
            "specialist": self.fast,
            "analyst": self.strong,
            "offline": self.offline,
        }
        # None of the graphs touches a store or a queue: they hand `Deps` to tools and models.
        kept = ("incidents", "conversations", "ledger", "approvals", "audit", "mutes", "feedback", "spend", "locks")
        stores: dict[str, Any] = dict.fromkeys((*kept, "remediations", "stops", "state", "archive", "queue"))
        return Deps(
            settings=Settings.read(**self.settings),
            clock=lambda: NOW,
            models=models.__getitem__,
            knowledge=KNOWLEDGE,
            aws=self.aws,
            cache=self.cache,
            **stores,
        )

    def has(self, *names: str, service: str = "lambda") -> None:
        """Let the account have these resources: its inventory was read a moment ago."""
        known = Inventory(tuple(InventoryItem(name=name, service=service, type="function") for name in names))
        self.cache.fetch("inventory|home|us-east-1", 300, lambda: known)

    @property
    def offline(self) -> BaseChatModel:
        return OfflineAnalyst(KNOWLEDGE, self.specialists)

    async def analyse(self, alert: Alert, graph: Any = None) -> Run:
        """One alert through the graph that is given, or one of its own."""
        deps = self.deps()
        start = {"alert": alert.model_dump(mode="json"), "evidence": [], "usage": NO_USAGE}
        return await _run(graph or build_alert_analysis(deps, self.specialists, self.tools), start, deps)

    async def ask(
        self,
        question: str,
        history: list[ChatMessage] | None = None,
        *,
        asker: Asker = NOBODY,
        graph: Any = None,
        config: dict[str, Any] | None = None,
    ) -> Run:
        """One question through the graph that is given, or one of its own."""
        deps = self.deps()
        start = dict(conversation_start(question, history or [], asker, MEMORY_TOKENS))
        return await _run(graph or self.conversation(), start, deps, config)

    def conversation(self, checkpointer: Any = None) -> Any:
        return build_conversation(self.deps(), self.specialists, self.tools, checkpointer)


async def _run(graph: Any, start: dict[str, Any], deps: Deps, config: dict[str, Any] | None = None) -> Run:
    run = Run(start)
    async for mode, part in graph.astream(start, config, context=deps, stream_mode=["custom", "values"]):
        if mode == "custom":
            run.parts.append(part)
        else:
            run.state = part
    return run


@pytest.fixture
def bench() -> Bench:
    return Bench(fast=ScriptedModel(turns=[]), strong=ScriptedModel(turns=[]), tools=dict(TOOLS))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def script() -> Callable[..., ScriptedModel]:
    """`script(turn, turn, ...)` is a model that says these."""

    def of(*turns: Any) -> ScriptedModel:
        return ScriptedModel(turns=list(turns))

    return of
