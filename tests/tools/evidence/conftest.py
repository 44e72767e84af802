"""Evidence tools are tested as they run: by LangGraph, with real boto3, against the simulated account on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from agent.budgets import RunBudget
from agent.models import Evidence
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from tools.aws import Boto3Session
from tools.evidence.cache import MemoryCache

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
"""A Wednesday afternoon: the moment at which every test here happens."""

Load = Callable[..., None]
Call = Callable[..., Awaitable[Evidence]]


@dataclass(frozen=True)
class Caller:
    """Calls a tool as an agent does, and gives back the evidence in the message's artifact."""

    aws: Boto3Session
    now: datetime = NOW
    budget: RunBudget | None = None
    cache: MemoryCache = field(default_factory=MemoryCache)

    async def __call__(self, tool: BaseTool, **arguments: Any) -> Evidence:
        context: Any = SimpleNamespace(
            clock=lambda: self.now,
            aws=self.aws,
            settings=Settings.read(),
            cache=self.cache,
            budget=self.budget or RunBudget(),
        )
        graph = StateGraph(MessagesState, context_schema=Deps)
        graph.add_node("tools", ToolNode([tool]))
        graph.add_edge(START, "tools")
        graph.add_edge("tools", END)
        request = AIMessage(content="", tool_calls=[{"name": tool.name, "args": arguments, "id": "call_1"}])
        state = await graph.compile().ainvoke({"messages": [request]}, context=context)
        reply = state["messages"][-1]
        assert reply.artifact is not None, reply.content
        return Evidence.model_validate(reply.artifact)


@pytest.fixture(scope="session")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def load(account: SimulatedAccount) -> Iterator[Load]:
    """`load(resources={...}, metrics=[...])` puts these parts of a scenario into the empty account, as of NOW."""

    def put(**parts: Any) -> None:
        story = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
        named = {"name": "test", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
        scenario = Scenario.model_validate({**named, **story, **parts})
        account.load(scenario, now=NOW)

    account.reset()
    yield put
    account.reset()


@pytest.fixture(scope="session")
def aws(account: SimulatedAccount) -> Boto3Session:
    """One session for all tests, since making clients is slow; they are made while a test's environment holds."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        return Boto3Session.open("us-east-1")


@pytest.fixture
def call(account: SimulatedAccount, aws: Boto3Session, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`await call(tool, resource="checkout")` gives the tool's Evidence."""
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    return Caller(aws)
