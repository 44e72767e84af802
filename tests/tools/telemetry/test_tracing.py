"""A run as spans, sent over the real wire to a collector on loopback."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from agent.budgets import Tokens
from agent.ports import Deps
from agent.settings import Settings
from agent.telemetry import NO_METRICS
from tests.graphs.conftest import TOOLS, Bench
from tests.graphs.scripted import ScriptedModel, call
from tests.tools.telemetry.collector import Received, attributes, collector
from tests.tools.telemetry.counted import Counted
from tools.telemetry import ROLE
from tools.telemetry.handler import RunHandler
from tools.telemetry.tracing import tracing

SECRET = "AKIA" + "IOSFODNN7EXAMPLQ"


def model(turns: Sequence[Any]) -> ScriptedModel:
    return ScriptedModel(turns=list(turns), metadata={ROLE: "specialist"})


async def run(turns: Sequence[Any], handler: RunHandler, run_id: str = "C1:173.5:job_9") -> Any:
    """A graph of one node, an agent with an evidence tool, with scripted turns of its model."""
    deps = Bench(fast=model([]), strong=model([]), tools={}).deps()
    agent = create_agent(model(turns), [TOOLS["errors_of"]], context_schema=Deps)

    async def infra(_: dict[str, Any], runtime: Runtime[Deps]) -> dict[str, Any]:
        await agent.ainvoke({"messages": [HumanMessage("why does checkout fail?")]}, context=runtime.context)
        return {}

    graph: Any = StateGraph(dict, context_schema=Deps)
    graph.add_node("infra", infra)
    graph.add_edge(START, "infra")
    graph.add_edge("infra", END)
    compiled = graph.compile(name="conversation").with_config(callbacks=[handler])
    return await compiled.ainvoke({}, {"metadata": {"run_id": run_id}}, context=deps)


def priced(spec: str, tokens: Tokens) -> float | None:
    return (tokens.input * 1e-3 + tokens.output) if spec == "scripted-1" else None


async def traced(got: Received, turns: Sequence[Any], **settings: Any) -> None:
    wanted = Settings.read(otlp_endpoint=got.url, **settings)
    with tracing(wanted, {}) as tracer:
        assert tracer is not None
        handler = RunHandler(NO_METRICS, tracer, agents=["infra"], price=priced, content=wanted.trace_content)
        await run(turns, handler)


LOOKS = call("errors_of", resource=f"checkout {SECRET}")


async def test_a_run_is_a_tree_of_spans_by_the_conventions() -> None:
    with collector() as got:
        await traced(got, [LOOKS, AIMessage("Seen.")])

    assert got.services == {"watchkeeper"}
    assert got.names() == [
        "chat scripted-1",
        "chat scripted-1",
        "execute_tool errors_of",
        "invoke_agent conversation",
        "invoke_agent infra",
    ]
    root, agent, tool = (
        got.named(name) for name in ("invoke_agent conversation", "invoke_agent infra", "execute_tool errors_of")
    )
    chats = [span for span in got.spans if span.name.startswith("chat")]
    assert root.parent_span_id == b""
    assert agent.parent_span_id == root.span_id
    assert {span.parent_span_id for span in (tool, *chats)} == {agent.span_id}
    assert {span.trace_id for span in got.spans} == {root.trace_id}
    assert attributes(root)["gen_ai.conversation.id"] == "C1:173.5"
    assert {attributes(span)["watchkeeper.run.id"] for span in got.spans} == {"job_9"}
    assert attributes(root)["watchkeeper.outcome"] == "ok"


async def test_spans_say_what_a_call_took_and_how_it_went() -> None:
    with collector() as got:
        await traced(got, [LOOKS, AIMessage("Seen.")])

    chat, tool = got.spans[0], attributes(got.named("execute_tool errors_of"))
    told = attributes(chat)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.usage.input_tokens"] == 100
    assert told["gen_ai.usage.output_tokens"] == 10
    assert told["gen_ai.response.finish_reasons"] == ["tool_call"]
    assert told["watchkeeper.model.role"] == "specialist"
    assert told["watchkeeper.usd"] == pytest.approx(10.1)
    assert tool["gen_ai.tool.name"] == "errors_of"
    assert tool["gen_ai.tool.call.id"] == "call_0_errors_of"
    assert tool["watchkeeper.evidence.status"] == "ok"


async def test_what_was_said_is_in_no_span_unless_it_is_asked_for_and_then_it_is_redacted() -> None:
    with collector() as without:
        await traced(without, [LOOKS, AIMessage("Seen.")])
    with collector() as having:
        await traced(having, [LOOKS, AIMessage("Seen.")], trace_content=True)

    assert b"checkout" not in without.raw
    assert b"Seen." not in without.raw
    assert b"why does checkout fail" in having.raw
    assert b"Errors rose" in having.raw
    assert "checkout" in attributes(having.named("execute_tool errors_of"))["gen_ai.tool.call.arguments"]
    assert SECRET.encode() not in having.raw + without.raw


async def test_the_standard_variables_choose_the_collector_and_the_name() -> None:
    environ = {"OTEL_SERVICE_NAME": "oncall"}
    with collector() as got, pytest.MonkeyPatch.context() as patched:
        for name, value in {**environ, "OTEL_EXPORTER_OTLP_ENDPOINT": got.url}.items():
            patched.setenv(name, value)
            environ[name] = value
        patched.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=sre")
        with tracing(Settings.read(), environ) as tracer:
            assert tracer is not None
            await run([AIMessage("Nothing.")], RunHandler(NO_METRICS, tracer))
    assert got.services == {"oncall"}
    assert got.headers[0]["x-team"] == "sre"
    with tracing(Settings.read(), {**environ, "OTEL_SDK_DISABLED": "true"}) as tracer:
        assert tracer is None
    with tracing(Settings.read(), {}) as tracer:
        assert tracer is None


@pytest.mark.slow
async def test_a_collector_that_is_away_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    began = asyncio.get_running_loop().time()
    with tracing(Settings.read(otlp_endpoint="http://127.0.0.1:9"), {}) as tracer:
        assert tracer is not None
        await run([AIMessage("Nothing.")], RunHandler(NO_METRICS, tracer))
    assert asyncio.get_running_loop().time() - began < 8


async def test_a_run_is_counted_with_its_models_and_tools() -> None:
    counted = Counted()
    await run([LOOKS, AIMessage("Seen.")], RunHandler(counted, agents=["infra"], price=priced))
    assert counted.of("run_ended") == [("conversation", "ok")]
    assert counted.of("model_called") == [("specialist", "scripted-1", "ok")] * 2
    assert counted.of("tokens_used")[0] == ("specialist", "scripted-1", 100, 10, pytest.approx(10.1))
    assert counted.of("tool_called") == [("errors_of", "ok")]


async def test_a_model_that_fails_is_counted_and_its_words_are_in_no_span() -> None:
    counted = Counted()
    with collector() as got, tracing(Settings.read(otlp_endpoint=got.url), {}) as tracer:
        assert tracer is not None
        with suppress(ValueError):
            await run([ValueError("quotes what was said")], RunHandler(counted, tracer, agents=["infra"]))
    assert counted.of("model_called") == [("specialist", "unknown", "failed")]
    assert attributes(got.named("chat"))["error.type"] == "ValueError"
    assert b"quotes what was said" not in got.raw


async def test_a_run_that_is_stopped_leaves_nothing_open() -> None:
    counted, began = Counted(), threading.Event()

    def slow(_: list[Any]) -> AIMessage:
        began.set()
        time.sleep(0.3)
        return AIMessage("too late")

    handler = RunHandler(counted, agents=["infra"])
    task = asyncio.create_task(run([slow], handler))
    await asyncio.to_thread(began.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted.of("run_ended") == [("conversation", "stopped")]
    assert handler.open_parts == 0


class Answering(ScriptedModel):
    """Says one thing, with what else its reply tells."""

    told: dict[str, Any] = Field(default_factory=dict[str, Any])

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        result = super()._generate(*args, **kwargs)
        result.generations[0].message.response_metadata.update(self.told)
        return result


async def counted_run(role: str, **told: Any) -> Counted:
    """A run of one call."""
    counted, model = Counted(), Answering(turns=[AIMessage("Hm.")], metadata={ROLE: role}, told=told)

    async def ask(_: dict[str, Any]) -> dict[str, Any]:
        await model.ainvoke([HumanMessage("why?")])
        return {}

    graph: Any = StateGraph(dict)
    graph.add_node("answer", ask)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    handler = RunHandler(counted, price=lambda spec, tokens: tokens.input * 0.5)
    await graph.compile(name="conversation").ainvoke({}, {"callbacks": [handler]})
    return counted


@pytest.mark.parametrize(
    ("role", "told"), [("analyst", {"degraded": "The model is down."}), ("offline", {})], ids=["fallback", "stand-in"]
)
async def test_a_lesser_model_makes_a_run_degraded(role: str, told: dict[str, Any]) -> None:
    counted = await counted_run(role, **told)

    assert counted.of("degraded") == [(role,)]
    assert counted.of("run_ended") == [("conversation", "degraded")]


async def test_tokens_of_a_discarded_reply_are_counted_with_its_own_model() -> None:
    usage = {"input_tokens": 70, "output_tokens": 3, "total_tokens": 73}

    counted = await counted_run("analyst", discarded=[{"spec": "openai:gpt-5", "usage": usage}])

    assert counted.of("tokens_used") == [
        ("analyst", "scripted-1", 100, 10, 50.0),
        ("analyst", "gpt-5", 70, 3, 35.0),
    ]
