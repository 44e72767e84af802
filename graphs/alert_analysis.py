"""From an alert to a diagnosis: classify, gather in parallel, analyse, reflect once, done.

With `stream_mode=["custom", "values"]`, custom parts tell what is being checked and the last values hold `diagnosis`.
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
from agent.diagnosis import Said, diagnose
from agent.drafts import DiagnosisDraft, FollowUp
from agent.linking import named_by
from agent.models import Alert, Provenance
from agent.ports import Deps
from agent.routing import choose_specialists
from agent.specialists import Specialist
from graphs.drafting import fill_in, reconsider
from graphs.specialists import build_specialists
from graphs.state import AlertState, Usage, add_usage, typed
from prompts.loader import load

MAX_ROUNDS = 2
RUNBOOKS_SHOWN = 3
WHEN_NOTHING_FITS = ("infra", "logs")


def build_alert_analysis(
    deps: Deps,
    specialists: Sequence[Specialist],
    tools: Mapping[str, BaseTool],
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph. Run it with `context=deps`."""
    names = [specialist.name for specialist in specialists]

    async def classify(state: AlertState, runtime: Runtime[Deps]) -> Command[str]:
        alert = Alert.model_validate(state["alert"])
        text = " ".join(briefs.alert_fields(alert).values())
        chosen = (
            choose_specialists(text, runtime.context.knowledge, specialists)
            or [name for name in names if name in WHEN_NOTHING_FITS]
            or names[:1]
        )
        _forget_what_may_have_changed(runtime.context, chosen)
        tried = state.get("tried", [])
        brief = briefs.write(runtime.context.clock(), alert=alert, related=_related(state), tried=tried)
        runtime.stream_writer({"kind": "phase", "phase": "gather", "specialists": chosen})
        sends = [Send(name, {"specialist": name, "brief": brief}) for name in chosen]
        return Command(goto=sends, update={"rounds": 1, "specialists": chosen})

    async def analyse(state: AlertState, runtime: Runtime[Deps]) -> Command[str]:
        deps = runtime.context
        alert, evidence = Alert.model_validate(state["alert"]), typed(state["evidence"])
        runtime.stream_writer({"kind": "phase", "phase": "analyse", "pieces": len(evidence)})
        tried = state.get("tried", [])
        brief = briefs.write(deps.clock(), alert=alert, related=_related(state), evidence=evidence, tried=tried)
        case = briefs.read(brief)
        books = [book for book, _ in deps.knowledge.search(case.text, RUNBOOKS_SHOWN)]
        system = load("alert_analysis").render(runbooks=books)
        draft, usage = await fill_in(DiagnosisDraft, system, brief, deps, "analyst")
        if more := _second_round(draft.follow_ups, state, names):
            sends = [
                Send(f.specialist, {"specialist": f.specialist, "brief": _ask(deps, alert, state, f)}) for f in more
            ]
            return Command(goto=sends, update={"rounds": MAX_ROUNDS, "usage": usage})
        said = Said(tuple(case.alert.values()), named=named_by(case.alert))
        diagnosis, problems = diagnose(draft, evidence, deps.knowledge, _provenance(usage), said)
        if problems:
            again = reconsider(draft, problems)
            draft, spent = await fill_in(DiagnosisDraft, system, brief, deps, "analyst", again)
            second, _ = diagnose(draft, evidence, deps.knowledge, _provenance(spent), said)
            diagnosis, usage = max(second, diagnosis, key=lambda d: len(d.claims)), add_usage(usage, spent)
        return Command(goto=END, update={"diagnosis": diagnosis.model_dump(mode="json"), "usage": usage})

    graph = StateGraph(AlertState, context_schema=Deps)
    graph.add_node("classify", classify, destinations=tuple(names))
    for name, node in build_specialists(specialists, tools, deps.models("specialist")).items():
        graph.add_node(name, node)
        graph.add_edge(name, "analyse")
    graph.add_node("analyse", analyse, defer=True, destinations=(*names, END))
    graph.add_edge(START, "classify")
    return graph.compile(checkpointer=checkpointer, name="alert_analysis")


def _forget_what_may_have_changed(deps: Deps, chosen: Sequence[str]) -> None:
    """An alert says that the account is not as it was a few minutes ago; one about money, that the bill is not."""
    deps.cache.forget("evidence|")
    deps.cache.forget("answer|")
    if "cost" in chosen:
        deps.cache.forget("ce|")


def _second_round(follow_ups: Sequence[FollowUp], state: AlertState, names: Sequence[str]) -> list[FollowUp]:
    """What the analyst still wants to know, if it may ask once more."""
    if state.get("rounds", 1) >= MAX_ROUNDS:
        return []
    return [follow_up for follow_up in follow_ups if follow_up.specialist in names][:2]


def _ask(deps: Deps, alert: Alert, state: AlertState, follow_up: FollowUp) -> str:
    return briefs.write(deps.clock(), alert=alert, evidence=typed(state["evidence"]), question=follow_up.question)


def _related(state: AlertState) -> list[Alert]:
    return [Alert.model_validate(other) for other in state.get("related", [])]


def _provenance(usage: Usage) -> Provenance:
    prompt = load("alert_analysis")
    return Provenance(**usage, prompt_name=prompt.name, prompt_version=prompt.version, prompt_hash=prompt.hash)
