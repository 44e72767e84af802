"""What Watchkeeper itself takes for a question: processor time with four model calls and four tool calls.

The models answer at once and the tools find one thing each, so what is measured is ours: prompts, the whole graph with
its middleware and checks, checkpoints in SQLite, stores. The router sends one specialist, who calls four tools together
and then reports, and the analyst explains.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent import briefs
from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.models import Finding
from agent.ports import Deps
from agent.settings import Settings
from agent.specialists import read_specialists
from graphs.conversation import build_conversation
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from tests.graphs.scripted import ScriptedModel, call
from tools.checkpoints import open_checkpointer
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.catalog import TOOLS as ALL
from tools.llm.fallback import FallbackChatModel
from tools.llm.links import Link

QUESTIONS = 30
WARM_UP = 5
LIMIT_MS = 60.0
TOOLS = ("unhealthy_resources", "recent_changes", "alarm_history", "deployments")


def run() -> bool:
    """Prints the median and the worst; true when the median is under the limit."""
    with tempfile.TemporaryDirectory() as home:
        taken = asyncio.run(_measure(Path(home)))
    median, worst = statistics.median(taken), max(taken)
    sys.stdout.write(
        f"  {len(taken)} questions with 4 model calls and 4 tool calls: median {median:.1f} ms of processor time,"
        f" worst {worst:.1f} ms (limit for the median: {LIMIT_MS:.0f} ms)\n"
    )
    return median < LIMIT_MS


async def _measure(home: Path) -> list[float]:
    """Milliseconds of processor time of each question, all threads together."""
    models = Models()
    held = build_deps(Settings.read(home=home, llm="offline"), models=models.__getitem__, aws=Nowhere())
    try:
        return await _asked(held.deps, models)
    finally:
        held.close()


async def _asked(deps: Deps, models: Models) -> list[float]:
    taken: list[float] = []
    async with open_checkpointer(deps.settings) as saver:
        graph = build_conversation(deps, read_specialists(), looks(), saver)
        app = Application(deps=deps, alert_analysis=None, conversation=graph)
        for number in range(WARM_UP + QUESTIONS):
            models.begin()
            began = time.process_time()
            answer, evidence = await app.ask(f"Why do errors of checkout-{number} rise?", [], f"run_{number}", _ignore)
            taken.append((time.process_time() - began) * 1000)
            assert answer.provenance.model_calls == len(evidence) == 4
            assert answer.claims
    return taken[WARM_UP:]


async def _ignore(part: dict[str, Any]) -> None:
    """For a run whose progress nobody watches."""


class Nowhere:
    """An account that answers at once; only the inventory of names asks it, once in five minutes."""

    region, label, account, partition = "us-east-1", "home", "123456789012", "aws"

    def at(self, account: str = "", region: str = "") -> Nowhere:
        return self

    def client(self, service: str, region: str = "") -> Any:
        return Empty()


class Empty:
    """A client of an account in which there is nothing."""

    def can_paginate(self, operation: str) -> bool:
        return False

    def __getattr__(self, operation: str) -> Any:
        return lambda **parameters: {}


class Converting(ScriptedModel):
    """Prepares tools for sending at each call, as the libraries of real providers do."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools])


class Models(dict[str, FallbackChatModel]):
    """A chain a role, of one model that says its part of each question."""

    def __init__(self) -> None:
        self.said = {role: Converting(turns=[]) for role in ("router", "specialist", "analyst", "offline")}
        super().__init__(
            {
                role: FallbackChatModel(links=(Link(f"test:{role}", model),), offline=model)
                for role, model in self.said.items()
            }
        )

    def begin(self) -> None:
        for role, turns in {"router": [_route], "specialist": [_look, _report], "analyst": [_answer]}.items():
            self.said[role].turns = turns
            self.said[role].heard.clear()


def _route(messages: list[BaseMessage]) -> AIMessage:
    return _form(Route(kind="question", assignments=[FollowUp(specialist="infra", question="Why?")]))


def _look(messages: list[BaseMessage]) -> AIMessage:
    return call(*TOOLS)


def _report(messages: list[BaseMessage]) -> AIMessage:
    return AIMessage("Errors rose.")


def _answer(messages: list[BaseMessage]) -> AIMessage:
    pieces = briefs.read(messages[-1].text).evidence
    claims = [DraftClaim(text=piece.summary, evidence=[piece.id]) for piece in pieces]
    return _form(AnswerDraft(headline="Errors rose after a deployment.", claims=claims))


def _form(draft: Route | AnswerDraft) -> AIMessage:
    return call(type(draft).__name__, **draft.model_dump())


def looks() -> dict[str, Any]:
    """All tools by their names and with their schemas, four of them replaced by ones that find one thing at once."""

    def quick(name: str) -> Any:
        def look_at(look: Look, resource: str = "") -> Found:
            """One look."""
            rise = Finding(kind="metric_rise", statement="Errors rose to 190 a minute.", strength=0.9)
            return Found("Errors rose.", [rise])

        look_at.__name__ = name
        return evidence_tool(f"What does {name} say?")(look_at)

    return {**ALL, **{name: quick(name) for name in TOOLS}}
