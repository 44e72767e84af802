"""Runs under stress: side by side, failing, hanging, cancelled, killed and asked again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver

from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.evidence_text import parse
from agent.models import Evidence
from graphs.state import conversation_start
from tests.agent.examples import finding
from tests.graphs.conftest import MEMORY_TOKENS, NOBODY, Bench
from tests.graphs.scripted import RespondingModel, ScriptedModel, call
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cache import MemoryCache

Script = Callable[..., ScriptedModel]
LOOKING_SECONDS = 0.8


def tools_that_take(seconds: float) -> dict[str, BaseTool]:
    @evidence_tool("Which errors does {resource} have?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """Errors of a resource, after a while."""
        time.sleep(seconds)
        return Found("Errors rose.", [finding("metric_rise", f"Errors of {resource} rose.", resource=resource)])

    @evidence_tool("What do the logs of {resource} say?")
    def log_lines(look: Look, resource: str = "") -> Found:
        """Log lines of a resource, after a while."""
        time.sleep(seconds)
        return Found("Quiet.", [finding("log_quiet", f"The logs of {resource} are quiet.", resource=resource)])

    return {"errors_of": errors_of, "log_lines": log_lines}


def asked(messages: list[BaseMessage]) -> str:
    return messages[1].text.rsplit("# Question\n", 1)[-1]


def gathers(*names: str) -> Callable[[list[BaseMessage]], Any]:
    """A router that sends these specialists to the resource in the question, and specialists that look at it."""

    def respond(messages: list[BaseMessage]) -> Any:
        if "You are the supervisor" in messages[0].text:
            return Route(
                kind="question", assignments=[FollowUp(specialist=n, question=f"{n}: {asked(messages)}") for n in names]
            )
        if messages[-1].type == "tool":
            return AIMessage("Seen.")
        specialist, _, resource = asked(messages).partition(": ")
        return call("log_lines" if specialist == "logs" else "errors_of", resource=resource)

    return respond


def repeats(messages: list[BaseMessage]) -> AnswerDraft:
    """An analyst that says what the evidence says."""
    pieces: list[Evidence] = parse(messages[1].text)
    claims = [DraftClaim(text=f.statement, evidence=[p.id]) for p in pieces for f in p.findings]
    return AnswerDraft(headline=f"About {asked(messages)}.", claims=claims)


def prepare(bench: Bench, seconds: float, *names: str) -> Bench:
    """Specialists whose tools take so long, and nothing gathered yet."""
    bench.tools, bench.cache = tools_that_take(seconds), MemoryCache()
    bench.fast, bench.strong = RespondingModel(respond=gathers(*names)), RespondingModel(respond=repeats)
    return bench


async def seconds_of(bench: Bench, *names: str) -> float:
    graph, began = prepare(bench, LOOKING_SECONDS, *names).conversation(), time.perf_counter()
    run = await bench.ask("checkout", graph=graph)
    assert len(run.evidence) == len(names)
    return time.perf_counter() - began


async def test_two_specialists_take_hardly_longer_than_one(bench: Bench) -> None:
    await seconds_of(bench, "infra")  # whatever is imported or built the first time

    one, two = await seconds_of(bench, "infra"), await seconds_of(bench, "infra", "logs")

    assert two < 1.5 * one


@pytest.mark.slow
async def test_fifty_threads_at_once_do_not_mix(bench: Bench) -> None:
    graph = prepare(bench, 0.1, "infra").conversation(InMemorySaver())
    names = [f"svc-{n}" for n in range(50)]

    runs = await asyncio.gather(
        *[bench.ask(name, graph=graph, config={"configurable": {"thread_id": name}}) for name in names]
    )

    for name, run in zip(names, runs, strict=True):
        assert run.answer.headline == f"About {name}."
        assert [claim.text for claim in run.answer.claims] == [f"Errors of {name} rose."]
        assert [piece.question for piece in run.evidence] == [f"Which errors does {name} have?"]


def fails(messages: list[BaseMessage]) -> Any:
    raise RuntimeError("secret detail")


def hangs(messages: list[BaseMessage]) -> Any:
    time.sleep(1.2)
    return AIMessage("Too late.")


def loops(messages: list[BaseMessage]) -> Any:
    return call("log_lines", resource=f"checkout-{len(messages)}")


def babbles(messages: list[BaseMessage]) -> Any:
    return call("delete_everything", nonsense={"really": [1, 2]})


@pytest.mark.parametrize("trouble", [fails, hangs, loops, babbles])
async def test_one_specialists_trouble_leaves_the_others_answer(bench: Bench, trouble: Any) -> None:
    well = gathers("infra", "logs")

    def respond(messages: list[BaseMessage]) -> Any:
        return trouble(messages) if asked(messages).startswith("logs: ") else well(messages)

    bench.settings = {"gather_timeout_seconds": 0.6, "max_model_calls": 4, "max_tool_calls": 6}
    bench.fast, bench.strong = RespondingModel(respond=respond), RespondingModel(respond=repeats)
    began = time.perf_counter()

    run = await bench.ask("checkout")

    assert time.perf_counter() - began < 5
    assert "Errors of checkout rose to 190 a minute." in [claim.text for claim in run.answer.claims]
    assert "secret" not in str(run.answer)
    if trouble is not loops:
        assert any("logs" in f"{gap.tool} {gap.reason}" for gap in run.answer.gaps)


@pytest.mark.parametrize("nonsense", [AIMessage("¯\\_(ツ)_/¯"), AIMessage(""), call("AnswerDraft", claims="no")])
async def test_an_analyst_that_answers_nonsense_is_stood_in_for(bench: Bench, script: Script, nonsense: Any) -> None:
    bench.fast = RespondingModel(respond=gathers("infra"))
    bench.strong = script(nonsense, nonsense)

    run = await bench.ask("which errors does checkout have?")

    assert [claim.text for claim in run.answer.claims] == ["Errors of checkout rose to 190 a minute."]
    assert "offline analyst" in run.state["usage"]["degraded"]


async def test_a_cancelled_run_leaves_nothing_behind(bench: Bench) -> None:
    prepare(bench, LOOKING_SECONDS, "infra", "logs")
    graph, deps = bench.conversation(), bench.deps()
    before, looking = asyncio.all_tasks(), asyncio.Event()

    async def run() -> None:
        start = conversation_start("checkout", [], NOBODY, MEMORY_TOKENS)
        async for part in graph.astream(start, context=deps, stream_mode="custom"):
            if part["kind"] == "tool_started":
                looking.set()

    task = asyncio.create_task(run())
    await asyncio.wait_for(looking.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.05)

    assert asyncio.all_tasks() == before
    looks = [thread for thread in threading.enumerate() if thread.name == "look"]
    for thread in looks:
        await asyncio.to_thread(thread.join, LOOKING_SECONDS + 2)
    assert not any(thread.is_alive() for thread in looks)


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("durability", ["exit", "async"])
async def test_a_run_that_was_killed_answers_when_it_is_asked_again(bench: Bench, durability: Any) -> None:
    prepare(bench, LOOKING_SECONDS, "infra", "logs")
    saver, deps = InMemorySaver(), bench.deps()
    config: dict[str, Any] = {"configurable": {"thread_id": "C1:1"}}
    start = conversation_start("checkout", [], NOBODY, MEMORY_TOKENS)

    async def killed() -> None:
        graph = bench.conversation(saver)
        async for part in graph.astream(start, config, context=deps, stream_mode="custom", durability=durability):
            if part["kind"] == "tool_started":
                raise PowerCut

    with pytest.raises(PowerCut):
        await killed()
    run = await bench.ask("checkout", graph=bench.conversation(saver), config=config)

    assert run.answer.headline == "About checkout."
    assert len(run.answer.claims) == 2
    assert run.answer.specialists == ("infra", "logs")
    assert run.state["rounds"] == 1
