"""From a question in a thread to a cited answer: route, gather in parallel, answer.

With `stream_mode=["custom", "values"]`, custom parts tell what is being checked and the last values hold `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agent import briefs
from agent.diagnosis import answer as check_answer
from agent.drafts import AnswerDraft, FollowUp, Route
from agent.models import Answer, ChatMessage, Provenance
from agent.ports import Deps
from agent.specialists import Specialist
from graphs.drafting import fill_in, reconsider
from graphs.specialists import build_specialists
from graphs.state import ConversationState, Usage, add_usage, typed
from prompts.loader import load

MAX_ROUNDS = 2
RUNBOOKS_SHOWN = 3


def build_conversation(
    deps: Deps,
    specialists: Sequence[Specialist],
    tools: Mapping[str, BaseTool],
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph. Run it with `context=deps`."""
    names = [specialist.name for specialist in specialists]

    async def route(state: ConversationState, runtime: Runtime[Deps]) -> Command[str]:
        runtime.stream_writer({"kind": "phase", "phase": "route"})
        system = load("supervisor").render(specialists=specialists)
        chosen, usage = await fill_in(Route, system, _brief(state, runtime.context), runtime.context, "router")
        assignments = _known(chosen.assignments, names)
        update = {"kind": chosen.kind, "usage": usage, "rounds": 1, "specialists": [a.specialist for a in assignments]}
        if chosen.kind in ("small_talk", "help", "write", "out_of_scope", "clarify"):
            return Command(goto="reply", update=update)
        if not assignments:
            return Command(goto="answer", update=update)
        runtime.stream_writer({"kind": "phase", "phase": "gather", "specialists": update["specialists"]})
        return Command(goto=_sends(assignments, state, runtime.context), update=update)

    async def reply(state: ConversationState, runtime: Runtime[Deps]) -> dict[str, Any]:
        """Help, writes and what is out of scope need no tools and no model."""
        text = load("help").render(kind=state.get("kind", "help"))
        return {"answer": Answer(headline=" ".join(text.split())).model_dump(mode="json")}

    async def answer(state: ConversationState, runtime: Runtime[Deps]) -> Command[str]:
        deps, evidence = runtime.context, typed(state["evidence"])
        runtime.stream_writer({"kind": "phase", "phase": "analyse", "pieces": len(evidence)})
        brief = _brief(state, deps)
        books = [book for book, _ in deps.knowledge.search(state["question"], RUNBOOKS_SHOWN)]
        system = load("answer").render(runbooks=books)
        draft, usage = await fill_in(AnswerDraft, system, brief, deps, "analyst")
        asked = list(state.get("specialists", []))
        if state.get("rounds", 1) < MAX_ROUNDS and (more := _known(draft.follow_ups, names)):
            asked += [follow_up.specialist for follow_up in more if follow_up.specialist not in asked]
            update = {"rounds": MAX_ROUNDS, "usage": usage, "specialists": asked}
            return Command(goto=_sends(more, state, deps), update=update)
        done, problems = check_answer(draft, evidence, deps.knowledge, _provenance(usage), asked)
        if problems:
            again = reconsider(draft, problems)
            draft, spent = await fill_in(AnswerDraft, system, brief, deps, "analyst", again)
            second, _ = check_answer(draft, evidence, deps.knowledge, _provenance(spent), asked)
            done, usage = max(second, done, key=lambda a: len(a.claims)), add_usage(usage, spent)
        return Command(goto=END, update={"answer": done.model_dump(mode="json"), "usage": usage})

    graph = StateGraph(ConversationState, context_schema=Deps)
    graph.add_node("route", route, destinations=(*names, "answer", "reply"))
    for name, node in build_specialists(specialists, tools, deps.models("specialist"), deps.settings).items():
        graph.add_node(name, node)
        graph.add_edge(name, "answer")
    graph.add_node("answer", answer, defer=True, destinations=(*names, END))
    graph.add_node("reply", reply)
    graph.add_edge(START, "route")
    graph.add_edge("reply", END)
    return graph.compile(checkpointer=checkpointer, name="conversation")


def _brief(state: ConversationState, deps: Deps, question: str = "") -> str:
    history = [ChatMessage.model_validate(turn) for turn in state["history"]]
    return briefs.write(
        deps.clock(), question=question or state["question"], conversation=history, evidence=typed(state["evidence"])
    )


def _sends(assignments: Sequence[FollowUp], state: ConversationState, deps: Deps) -> list[Send]:
    return [
        Send(a.specialist, {"specialist": a.specialist, "brief": _brief(state, deps, a.question)}) for a in assignments
    ]


def _known(assignments: Sequence[FollowUp], names: Sequence[str]) -> list[FollowUp]:
    """One assignment for each specialist that exists."""
    return list({a.specialist: a for a in assignments if a.specialist in names}.values())


def _provenance(usage: Usage) -> Provenance:
    prompt = load("answer")
    return Provenance(**usage, prompt_name=prompt.name, prompt_version=prompt.version, prompt_hash=prompt.hash)
