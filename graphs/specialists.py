"""Each specialist: a ReAct agent over the read-only tools that its front matter names, with a deadline and limits.

What it gathered before its deadline counts; what went wrong becomes a gap. It never fails the run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.tools import BaseTool
from langgraph.runtime import Runtime

from agent.briefs import read
from agent.errors import PromptError
from agent.models import Evidence, EvidenceStatus, evidence_id
from agent.ports import Deps
from agent.specialists import Specialist
from graphs.limits import Limits, model_of
from graphs.state import NO_USAGE, Assignment, PlainEvidence, Usage, add_usage
from graphs.untraced import trace_without_threads
from prompts.loader import load

log = logging.getLogger(__name__)
STEPS_PER_CALL = 2
"""One call of the model takes two steps of the graph: the model and its tools."""
RUNBOOKS_SHOWN = 2
MAX_MISSED = 2


class SpecialistNode(Protocol):
    """A graph node that gathers for one specialist."""

    async def __call__(self, state: Assignment, runtime: Runtime[Deps]) -> dict[str, Any]: ...


def build_specialists(
    specialists: Sequence[Specialist], tools: Mapping[str, BaseTool], model: BaseChatModel
) -> dict[str, SpecialistNode]:
    """A graph node for each specialist, by name."""
    trace_without_threads()
    return {s.name: _node(s, _agent(s, tools, model)) for s in specialists}


def _agent(specialist: Specialist, tools: Mapping[str, BaseTool], model: BaseChatModel) -> Any:
    unknown = [name for name in specialist.tools if name not in tools]
    if unknown:
        file, catalog = f"prompts/specialists/{specialist.name}.md", "tools/evidence/catalog.py"
        raise PromptError(f"{file} names tools that are not in {catalog}: {', '.join(unknown)}")
    own = [tools[name] for name in specialist.tools]
    return create_agent(model, own, context_schema=Deps, checkpointer=False, middleware=[Limits(own)])


def _node(specialist: Specialist, agent: Any) -> SpecialistNode:
    async def gather(state: Assignment, runtime: Runtime[Deps]) -> dict[str, Any]:
        runtime.stream_writer({"kind": "specialist_started", "specialist": specialist.name, "title": specialist.title})
        gathered = _Gathered()
        deps = runtime.context
        try:
            async with asyncio.timeout(min(deps.settings.gather_timeout_seconds, deps.meter.seconds_left())):
                await _run(specialist, agent, state, runtime, gathered)
        except TimeoutError:
            gathered.gap(specialist.name, EvidenceStatus.timeout, gathered.missed())
        except Exception as error:
            log.warning("specialist %s failed", specialist.name, exc_info=True)
            gathered.gap(specialist.name, EvidenceStatus.error, f"It failed ({type(error).__name__}).")
        runtime.stream_writer(
            {"kind": "specialist_done", "specialist": specialist.name, "pieces": len(gathered.evidence)}
        )
        return {"evidence": gathered.evidence, "usage": gathered.usage}

    return gather


class _Gathered:
    """What one specialist has brought so far."""

    def __init__(self) -> None:
        self.evidence: list[PlainEvidence] = []
        self.usage: Usage = NO_USAGE
        self.open: list[str] = []
        """Questions of the looks that have begun and are not back."""

    def missed(self) -> str:
        """What the deadline cut off, and what to do."""
        asked = " ".join(f"“{question}”" for question in dict.fromkeys(self.open[:MAX_MISSED]))
        more = f" and {len(self.open) - MAX_MISSED} more" if len(self.open) > MAX_MISSED else ""
        what = f"before an answer to {asked}{more}" if asked else "before it had looked at everything"
        return f"its time was over {what}; ask for it in the thread, or raise WATCHKEEPER_GATHER_TIMEOUT_SECONDS."

    def follow(self, part: Mapping[str, Any]) -> None:
        """A look begins, or is back."""
        if part.get("kind") == "tool_started":
            self.open.append(str(part["question"]))
        elif part.get("kind") == "evidence":
            self.evidence.append(part["evidence"])
            if (question := str(part["evidence"]["question"])) in self.open:
                self.open.remove(question)

    def gap(self, name: str, status: EvidenceStatus, reason: str) -> None:
        piece = Evidence(
            id=evidence_id(name, {"reason": reason}),
            tool=f"{name} specialist",
            status=status,
            question="",
            query="",
            summary=reason,
        )
        plain = piece.model_dump(mode="json")
        if plain["id"] not in {known["id"] for known in self.evidence}:
            self.evidence.append(plain)


async def _run(
    specialist: Specialist, agent: Any, state: Assignment, runtime: Runtime[Deps], gathered: _Gathered
) -> None:
    settings = runtime.context.settings
    stream = agent.astream(
        {"messages": _messages(specialist, state["brief"], runtime.context)},
        {"recursion_limit": STEPS_PER_CALL * settings.max_model_calls + STEPS_PER_CALL},
        context=runtime.context,
        stream_mode=["custom", "updates"],
    )
    async for mode, part in stream:
        if mode == "custom" and part.get("kind") == "gap":
            gathered.gap(specialist.name, EvidenceStatus.error, part["reason"])
        elif mode == "custom":
            runtime.stream_writer({**part, "specialist": specialist.name})
            gathered.follow(part)
        else:
            for message in _model_messages(part):
                gathered.usage = add_usage(gathered.usage, usage_of(message))


def _messages(specialist: Specialist, brief_text: str, deps: Deps) -> list[SystemMessage | HumanMessage]:
    """The system message in two blocks: first what is the same in every run, so that providers can cache it."""
    books = [book for book, _ in deps.knowledge.search(read(brief_text).text, RUNBOOKS_SHOWN)]
    rules = load("specialist_rules").render(max_tool_calls=deps.settings.max_tool_calls)
    blocks = [load(f"specialists/{specialist.name}").render(rules=rules)]
    if books:
        blocks.append(load("specialist_runbooks").render(runbooks=books))
    return [SystemMessage([{"type": "text", "text": text} for text in blocks]), HumanMessage(brief_text)]


def _model_messages(update: dict[str, Any]) -> list[AIMessage]:
    messages = cast("list[Any]", (update.get("model") or {}).get("messages", []))
    return [message for message in messages if isinstance(message, AIMessage)]


def usage_of(message: AIMessage) -> Usage:
    """Tokens, model and degradation of one reply, as providers report them."""
    spent = message.usage_metadata
    meta = cast("dict[str, Any]", message.response_metadata)
    return {
        "input_tokens": spent["input_tokens"] if spent else 0,
        "output_tokens": spent["output_tokens"] if spent else 0,
        "model": model_of(message),
        "degraded": str(meta.get("degraded") or ""),
    }
