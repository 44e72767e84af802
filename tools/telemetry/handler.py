"""A LangChain callback handler that turns what a graph does into spans and counts.

LangChain tells it of every chain, model call and tool call, each with its own id and its parent's. Of the chains only
the run itself and its specialists become spans; the others only lead to the span above them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from agent.budgets import Tokens
from agent.telemetry import Metrics, Outcome
from tools.llm.replies import tokens_in
from tools.telemetry import ROLE, spans

NO_TRACER = NoOpTracer()
STAND_IN = "offline"
"""The role that is asked only when a model may not be, or gave nothing that can be used."""
Price = Callable[[str, Tokens], float | None]


@dataclass(frozen=True)
class _Part:
    """A chain, model call or tool call that has not ended. A chain without a span of its own has that above it."""

    span: Span
    name: str = ""
    own: bool = True
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


@dataclass
class _Run:
    """One run of a graph: the part that is the run itself, and all its parts that have not ended."""

    root: UUID
    kind: str
    run_id: str
    degraded: bool = False
    parts: dict[UUID, _Part] = field(default_factory=dict[UUID, _Part])


class RunHandler(BaseCallbackHandler):
    """`graph.with_config(callbacks=[RunHandler(metrics, tracer)])`: one for all runs, also at the same time."""

    run_inline = True  # by whoever calls, at once: it only writes down

    def __init__(
        self,
        metrics: Metrics,
        tracer: Tracer = NO_TRACER,
        *,
        agents: Collection[str] = (),
        price: Price = lambda model, tokens: None,
        content: bool = False,
    ) -> None:
        self._metrics, self._tracer = metrics, tracer
        self._agents, self._price, self._content = frozenset(agents), price, content
        self._run_of: dict[UUID, _Run] = {}

    @property
    def open_parts(self) -> int:
        """Chains, model calls and tool calls that have not ended."""
        return len(self._run_of)

    def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        name, meta = str(kwargs.get("name") or ""), metadata or {}
        if parent_run_id is None:
            run = _Run(run_id, name, str(meta.get("run_id") or meta.get("thread_id") or run_id))
        elif (known := self._run_of.get(parent_run_id)) is not None:
            run = known
        else:
            return
        if parent_run_id is None or (name in self._agents and meta.get("langgraph_node") == name):
            self._begin(run, run_id, parent_run_id, f"invoke_agent {name}", spans.agent(name, run.run_id))
        else:
            self._keep(run, run_id, _Part(run.parts[parent_run_id].span, own=False))

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        run = self._run_of.get(run_id)
        if run is not None and run.root == run_id:
            self._close(run, "degraded" if run.degraded else "ok")
        else:
            self._end(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        run = self._run_of.get(run_id)
        if run is not None and run.root == run_id:
            self._close(run, _outcome(error), error)
        else:
            self._end(run_id, error)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        run = self._run_of.get(parent_run_id) if parent_run_id else None
        if run is None:
            return
        role = str((metadata or {}).get(ROLE) or "unknown")
        self._begin(run, run_id, parent_run_id, "chat", spans.chat_start(role, run.run_id), role, SpanKind.CLIENT)
        if self._content:
            self._say(run_id, "gen_ai.input.messages", spans.messages(messages[0]))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        run, part = self._part(run_id)
        if run is None or part is None:
            return
        reply, role = _reply(response), part.name
        model, spec = _model(reply)
        tokens = tokens_in(reply.usage_metadata)
        self._metrics.model_called(role, model, "ok", part.seconds)
        usd = self._count_tokens(role, model, tokens, spec)
        for discarded in reply.response_metadata.get("discarded", ()):
            spec = str(discarded["spec"])
            self._count_tokens(role, spec.partition(":")[2] or spec, tokens_in(discarded["usage"]), spec)
        if reply.response_metadata.get("degraded") or role == STAND_IN:
            run.degraded = True
            self._metrics.degraded(role)
        if part.span.is_recording():
            part.span.update_name(f"chat {model}")
            part.span.set_attributes(spans.chat_end(reply, model, usd))
        if self._content:
            self._say(run_id, "gen_ai.output.messages", spans.messages([reply]))
        self._end(run_id)

    def _count_tokens(self, role: str, model: str, tokens: Tokens, spec: str = "") -> float:
        """Dollars; 0 where the price is not known."""
        usd = self._price(spec or model, tokens) or 0.0
        self._metrics.tokens_used(role, model, tokens.input, tokens.output, usd)
        return usd

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        _, part = self._part(run_id)
        if part is not None:
            self._metrics.model_called(part.name, "unknown", _outcome(error), part.seconds)
        self._end(run_id, error)

    def on_tool_start(
        self,
        serialized: dict[str, Any],
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        run = self._run_of.get(parent_run_id) if parent_run_id else None
        if run is None:
            return
        name = str(kwargs.get("name") or serialized.get("name") or "unknown")
        attributes = spans.tool_start(name, str(kwargs.get("tool_call_id") or ""), run.run_id)
        self._begin(run, run_id, parent_run_id, f"execute_tool {name}", attributes, name)
        if self._content:
            self._say(run_id, "gen_ai.tool.call.arguments", inputs or input_str)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        _, part = self._part(run_id)
        if part is None:
            return
        evidence = _evidence(output)
        self._metrics.tool_called(part.name, str(evidence.get("status") or "ok"), part.seconds)
        if part.span.is_recording():
            part.span.set_attributes(spans.tool_end(evidence))
            if evidence.get("status") in ("error", "denied", "timeout"):
                part.span.set_attribute("error.type", str(evidence["status"]))
                part.span.set_status(Status(StatusCode.ERROR))
        if self._content:
            self._say(run_id, "gen_ai.tool.call.result", str(getattr(output, "content", output)))
        self._end(run_id)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        _, part = self._part(run_id)
        if part is not None:
            self._metrics.tool_called(part.name, "error", part.seconds)
        self._end(run_id, error)

    def _begin(
        self,
        run: _Run,
        part_id: UUID,
        parent_id: UUID | None,
        title: str,
        attributes: dict[str, Any],
        name: str = "",
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> None:
        above = run.parts.get(parent_id) if parent_id else None
        context = set_span_in_context(above.span) if above else None
        span = self._tracer.start_span(title, context, kind, attributes)
        self._keep(run, part_id, _Part(span, name))

    def _keep(self, run: _Run, part_id: UUID, part: _Part) -> None:
        run.parts[part_id] = part
        self._run_of[part_id] = run

    def _part(self, part_id: UUID) -> tuple[_Run | None, _Part | None]:
        run = self._run_of.get(part_id)
        return run, run.parts.get(part_id) if run else None

    def _say(self, part_id: UUID, key: str, said: Any) -> None:
        _, part = self._part(part_id)
        if part is not None and part.span.is_recording():
            part.span.set_attribute(key, spans.content(said))

    def _end(self, part_id: UUID, error: BaseException | None = None) -> None:
        run = self._run_of.pop(part_id, None)
        part = run.parts.pop(part_id, None) if run else None
        if part is None or not part.own:
            return
        if error is not None:
            # The type only: an exception's text may quote what was said.
            part.span.set_attribute("error.type", type(error).__name__)
            part.span.set_status(Status(StatusCode.ERROR))
        part.span.end()

    def _close(self, run: _Run, outcome: Outcome, error: BaseException | None = None) -> None:
        """The run is over, and with it what never said that it ended: a part that was cancelled may not."""
        self._metrics.run_ended(run.kind, outcome, run.parts[run.root].seconds)
        run.parts[run.root].span.set_attribute("watchkeeper.outcome", outcome)
        for part_id in reversed(list(run.parts)):
            self._end(part_id, error if part_id == run.root else None)


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, TimeoutError):
        return "timeout"
    return "stopped" if isinstance(error, (asyncio.CancelledError, GeneratorExit)) else "failed"


def _reply(response: LLMResult) -> AIMessage:
    first = response.generations[0][0] if response.generations and response.generations[0] else None
    message = first.message if isinstance(first, ChatGeneration) else None
    return message if isinstance(message, AIMessage) else AIMessage("")


def _model(reply: AIMessage) -> tuple[str, str]:
    """The model's own name, and `provider:model` where that is known."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    spec = str(meta.get("spec") or "")
    return str(meta.get("model_name") or meta.get("model") or meta.get("model_id") or spec or "unknown"), spec


def _evidence(output: Any) -> dict[str, Any]:
    artifact: Any = output.artifact if isinstance(output, ToolMessage) else None
    return cast("dict[str, Any]", artifact) if isinstance(artifact, dict) else {}
