"""From a question in a thread to a cited answer: understand, route, gather in parallel, answer, perhaps look again.

With `stream_mode=["custom", "values"]`, custom parts tell what is being checked and the last values hold `answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agent import write_requests
from agent.diagnosis import Said, each_once
from agent.diagnosis import answer as check_answer
from agent.drafts import AnswerDraft, FollowUp, Route
from agent.models import Answer, AnswerKind, Clarification, Provenance
from agent.ports import Deps
from agent.specialists import Specialist
from graphs import asking_back, dispatch
from graphs.briefing import form_brief, specialist_brief, specialist_room
from graphs.drafting import fill_in, reconsider
from graphs.specialists import build_specialists
from graphs.state import NO_USAGE, ConversationState, Usage, add_usage, typed
from graphs.understanding import understand as understand_question
from prompts.loader import load

RUNBOOKS_SHOWN = 3
THANKS = re.compile(r"\b(thank|thanks|thx|cheers|great|nice|perfect|danke|merci|gracias)\b", re.I)
WITHOUT_TOOLS = ("small_talk", "help", "write", "out_of_scope")


def build_conversation(
    deps: Deps,
    specialists: Sequence[Specialist],
    tools: Mapping[str, BaseTool],
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph. Run it on `graphs.state.conversation_start(...)` with `context=deps`."""
    names = [specialist.name for specialist in specialists]
    rooms = {
        one.name: specialist_room([tools[name] for name in one.tools if name in tools], deps.settings)
        for one in specialists
    }

    async def understand(state: ConversationState, runtime: Runtime[Deps]) -> dict[str, Any]:
        """What the question's times and names stand for. Begins anew where a checkpoint of a killed run lies."""
        runtime.stream_writer({"kind": "phase", "phase": "route"})
        evidence = typed(state["evidence"])
        found = await understand_question(state["question"], evidence, state["zone"], runtime.context, specialists)
        return {
            "rounds": 0,
            "asked": [],
            "specialists": [],
            "clarification": {},
            "scope": found.scope,
            "named": list(found.named),
            "assumptions": list(found.assumptions),
            "candidates": list(found.candidates),
        }

    async def route(state: ConversationState, runtime: Runtime[Deps]) -> Command[str]:
        """Who looks, or what is said without a look."""
        deps = runtime.context
        system = load("supervisor").render(specialists=specialists)
        candidates = {"candidates": ", ".join(state.get("candidates", []))}
        asking = cast("ConversationState", {**state, "scope": state.get("scope", {}) | candidates})
        chosen, usage = await fill_in(Route, system, form_brief(asking, deps, system, "router"), deps, "router")
        update: dict[str, Any] = {"kind": chosen.kind, "usage": usage}
        if chosen.kind in WITHOUT_TOOLS:
            return Command(goto="reply", update=update)
        back = asking_back.question_back(chosen, state)
        if back and not state["clarified"]:
            return Command(goto="clarify", update={**update, "clarification": back.model_dump(mode="json")})
        guessed = asking_back.guessed(back, state) if back else asking_back.left_open(state)
        known = cast("ConversationState", {**state, **guessed})
        assignments = dispatch.first_round(chosen.assignments, specialists)
        if not assignments and not known["evidence"]:
            assignments = dispatch.best_guess(known["question"], deps.knowledge, specialists)
        kind: AnswerKind = "follow_up" if chosen.kind == "follow_up" else "question"
        return _look(assignments, known, runtime, rooms, {**update, **guessed, "kind": kind})

    async def reply(state: ConversationState, runtime: Runtime[Deps]) -> dict[str, Any]:
        """Help, writes and what is out of scope need no tools and no second model."""
        kind, scope = state.get("kind", "help"), state.get("scope", {})
        steps = ()
        if kind == "write":
            steps = write_requests.steps_for(state["question"], scope.get("resource", ""), scope.get("service", ""))
        said = load("help").render(kind=kind, thanks=bool(THANKS.search(state["question"])))
        done = Answer(
            kind=kind, headline=" ".join(said.split()), next_steps=steps, provenance=_provenance("help", NO_USAGE)
        )
        return {"answer": done.model_dump(mode="json")}

    async def clarify(state: ConversationState, runtime: Runtime[Deps]) -> dict[str, Any]:
        """One question back, once."""
        back = Clarification.model_validate(state.get("clarification", {}))
        done = Answer(
            kind="clarify", headline=back.question, clarification=back, provenance=_provenance("supervisor", NO_USAGE)
        )
        return {"answer": done.model_dump(mode="json")}

    async def answer(state: ConversationState, runtime: Runtime[Deps]) -> Command[str]:
        """The answer that the evidence carries; one more look first where the draft asks for it."""
        deps, evidence = runtime.context, typed(state["evidence"])
        runtime.stream_writer({"kind": "phase", "phase": "analyse", "pieces": len(evidence)})
        books = [book for book, _ in deps.knowledge.search(state["question"], RUNBOOKS_SHOWN)]
        system = load("answer").render(runbooks=books, zone=state["zone"])
        brief = form_brief(state, deps, system, "analyst")
        draft, usage = await fill_in(AnswerDraft, system, brief, deps, "analyst")
        asked = [FollowUp.model_validate(one) for one in state.get("asked", [])]
        more = dispatch.new_ones(draft.follow_ups, asked, specialists)
        if more and state.get("rounds", 0) < deps.settings.max_rounds:
            return _look(more, state, runtime, rooms, {"usage": usage})
        done, problems = _checked(draft, state, deps, usage)
        if problems:
            again = reconsider(draft, problems)
            draft, spent = await fill_in(AnswerDraft, system, brief, deps, "analyst", again)
            second, _ = _checked(draft, state, deps, spent)
            done, usage = max(second, done, key=lambda a: len(a.claims)), add_usage(usage, spent)
        gaps = each_once((*done.gaps, *dispatch.unanswered(asked, evidence, specialists)))
        done = done.model_copy(update={"kind": state.get("kind", "question"), "gaps": gaps})
        return Command(goto=END, update={"answer": done.model_dump(mode="json"), "usage": usage})

    graph = StateGraph(ConversationState, context_schema=Deps)
    graph.add_node("understand", understand)
    graph.add_node("route", route, destinations=(*names, "answer", "reply", "clarify"))
    for name, node in build_specialists(specialists, tools, deps.models("specialist")).items():
        graph.add_node(name, node)
        graph.add_edge(name, "answer")
    graph.add_node("answer", answer, defer=True, destinations=(*names, END))
    graph.add_node("reply", reply)
    graph.add_node("clarify", clarify)
    graph.add_edge(START, "understand")
    graph.add_edge("understand", "route")
    graph.add_edge("reply", END)
    graph.add_edge("clarify", END)
    return graph.compile(checkpointer=checkpointer, name="conversation")


def _look(
    assignments: Sequence[FollowUp],
    state: ConversationState,
    runtime: Runtime[Deps],
    rooms: Mapping[str, int],
    update: dict[str, Any],
) -> Command[str]:
    """Send each assignment to its specialist, all at once; straight to the answer when there is none."""
    if not assignments:
        return Command(goto="answer", update=update)
    new = [assignment.specialist for assignment in assignments]
    runtime.stream_writer({"kind": "phase", "phase": "gather", "specialists": list(dict.fromkeys(new))})
    who = list(dict.fromkeys([*state.get("specialists", []), *new]))
    asked = [*state.get("asked", []), *(assignment.model_dump() for assignment in assignments)]
    update = {**update, "specialists": who, "asked": asked, "rounds": state.get("rounds", 0) + 1}
    scopes = dispatch.scopes(assignments, state.get("scope", {}), state.get("named", []))
    sends: list[Send] = []
    for one, scope in zip(assignments, scopes, strict=True):
        own = cast("ConversationState", {**state, "question": one.question, "scope": scope})
        brief = specialist_brief(own, runtime.context, rooms[one.specialist])
        sends.append(Send(one.specialist, {"specialist": one.specialist, "brief": brief}))
    return Command(goto=sends, update=update)


def _checked(draft: AnswerDraft, state: ConversationState, deps: Deps, usage: Usage) -> tuple[Answer, tuple[str, ...]]:
    """What the evidence carries of a draft, and the problems with the rest."""
    assumptions = tuple(state.get("assumptions", []))
    done, problems = check_answer(
        draft,
        typed(state["evidence"]),
        deps.knowledge,
        _provenance("answer", usage),
        state.get("specialists", []),
        Said((state["question"], *assumptions), state["zone"]),
    )
    return done.model_copy(update={"assumptions": assumptions}), problems


def _provenance(prompt_name: str, usage: Usage) -> Provenance:
    prompt = load(prompt_name)
    return Provenance(**usage, prompt_name=prompt.name, prompt_version=prompt.version, prompt_hash=prompt.hash)
