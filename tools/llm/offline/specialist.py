"""Gathering: which tools to call next, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent import evidence_text
from agent.briefs import Brief
from agent.knowledge import KnowledgeBase, Runbook, Verdict
from agent.models import Evidence
from tools.llm.offline.focus import focus_of
from tools.llm.offline.intents import WAYS, intent_of
from tools.llm.offline.inventory import listing_calls
from tools.llm.offline.router import NEW_SUBJECT
from tools.llm.offline.spend import spend_calls

DISCOVERY = ("unhealthy_resources",)
"""Tools that are there to find what nobody has named; they are asked about everything."""
AFTERWARDS = ("recent_changes", "describe_resource", "deployments", "stack_events")
"""Tools that tell more once a resource and an onset are known; they wait for the second round to find them."""
TOLD_ONCE = (
    "log_errors",
    "unified_log_errors",
    "cost_drivers",
    "trigger_loops",
    "target_health",
    "workflow_failures",
    "task_failure",
    "dag_runs",
    "airflow_waiting_tasks",
    "redshift_workload",
)
"""Tools that say of one resource or DAG what they say when asked about all of them."""
NAMED = ("model", "table", "bucket", "dag_id")
"""Details that a question may name; a tool that takes one is for just such questions."""
MAX_ROUNDS = 3
MAX_CALLS_A_ROUND = 6
DEFAULT_TOOLS = 2
RUNBOOKS_CONSIDERED = 3
REPORTED_FINDINGS = 6

SCOPE = ("resource", "dag_id", "table", "bucket", "key", "start")
"""Parameters that decide what a tool looks at; the others only help it find that."""
NEEDS = {
    "s3_object_status": ("bucket",),
    "log_search": ("pattern",),
    "logs_insights": ("query",),
    "resource_metrics": ("resource",),
    "log_changes": ("resource", "log_group", "start"),
}
"""Parameters of which a call needs one, or it would be a shot in the dark (or read everything there is)."""
LIKELY = 0.6
"""How much of the best score a runbook needs for its tools to be asked, too."""
CONSIDERED = 0.15
"""Support from which findings suggest a runbook."""
HINTED = 0.03
"""Support from which one finding at least is of a runbook's kind."""
ENOUGH = 0.6
"""Support from which a complete runbook explains the case, and others' tools add nothing."""
NOTEWORTHY = 0.5

Call = tuple[str, dict[str, str]]


def next_step(
    brief: Brief, messages: Sequence[BaseMessage], tools: dict[str, dict[str, Any]], knowledge: KnowledgeBase
) -> AIMessage:
    """The next tool calls, or a report when there is nothing left that would add something."""
    if NEW_SUBJECT.search(brief.question):
        brief = replace(brief, evidence=())
    done, rounds = _done(messages)
    gathered = [
        piece for message in messages if isinstance(message, ToolMessage) for piece in evidence_text.parse(message.text)
    ]
    if rounds < MAX_ROUNDS:
        planned = plan(brief, gathered, tools, knowledge)
        tried = {name for name, _ in done}
        fresh = sorted((call for call in planned if _adds(call, done)), key=lambda call: call[0] in tried)
        if fresh:
            calls = [_tool_call(name, args) for name, args in fresh[:MAX_CALLS_A_ROUND]]
            return AIMessage(content="", tool_calls=calls)
    return AIMessage(content=report(gathered))


def plan(
    brief: Brief, gathered: Sequence[Evidence], tools: dict[str, dict[str, Any]], knowledge: KnowledgeBase
) -> list[Call]:
    """Every call worth making now, most useful first.

    A service that the words only hinted at may have been the wrong one, so a look that found nothing is made once more
    without it. Further resources that stand out are looked at until a runbook explains the case. One whose remedy did
    not help explains nothing, and what it looked at was too little.
    """
    focus = focus_of(brief, gathered)
    if listing := listing_calls(brief.question, focus.known, list(tools)):
        return listing
    if sums := spend_calls(brief.question, focus.known, list(tools)):
        return sums
    carried = _carried([*gathered, *brief.evidence], knowledge)
    carried = [verdict for verdict in carried if verdict.runbook.name not in brief.refuted]
    named = focus_of(replace(brief, evidence=())).known.keys() & set(NAMED)
    if "key" in focus.known:
        named |= {"bucket"}  # an object that an error speaks of
    for_these = [
        name for name, tool in tools.items() if named & tool.get("parameters", {}).get("properties", {}).keys()
    ]
    wanted = list(dict.fromkeys([*for_these, *_wanted(brief, carried, gathered, list(tools), knowledge)]))
    if not gathered and "resource" not in focus.known:
        wanted = [name for name in wanted if name not in AFTERWARDS] or wanted
    calls = [call for name in wanted if (call := _call(name, tools[name], focus.known))]
    in_vain = bool(brief.refuted) or not any(f.strength >= NOTEWORTHY for piece in gathered for f in piece.findings)
    if gathered and in_vain:
        calls += [
            (name, _without(args, "service")) for name, args in calls if "service" in args and "resource" not in args
        ]
    for resource in () if _explains(carried) else focus.others:
        elsewhere = {**focus.known, "resource": resource}
        calls += [call for name in wanted if (call := _call(name, tools[name], elsewhere)) and "resource" in call[1]]
    return [call for call in calls if not _is_told(call, gathered)]


def _is_told(call: Call, gathered: Sequence[Evidence]) -> bool:
    """Whether a look at everything has told already what a look at one resource would tell again."""
    name, args = call
    resource = args.get("dag_id") or args.get("resource", "")
    told = (f for piece in gathered if piece.tool == name for f in piece.findings if f.strength >= NOTEWORTHY)
    return (
        name in TOLD_ONCE
        and bool(resource)
        and any(resource in f"{f.resource} {f.statement} {f.attributes.get('dag_id')}" for f in told)
    )


def _wanted(
    brief: Brief, carried: Sequence[Verdict], gathered: Sequence[Evidence], bound: list[str], knowledge: KnowledgeBase
) -> list[str]:
    """The tools that answer a plain question; else those of the runbooks that findings carry or the words suggest."""
    way = WAYS.get(intent_of(brief.question)) if brief.question else None
    if way and (asked := [name for name in way.tools if name in bound]):
        return asked
    if _explains(carried) and (asked := [name for name in carried[0].runbook.gather if name in bound]):
        return asked
    found = knowledge.search(brief.text, RUNBOOKS_CONSIDERED)
    books: list[Runbook] = [verdict.runbook for verdict in carried[:2]]
    books += [book for book, score in found if score >= LIKELY * found[0][1]]
    names = [name for book in books for name in book.gather]
    asked = dict.fromkeys([*names, *bound[:DEFAULT_TOOLS], *_hinted(carried, gathered, knowledge)])
    return [name for name in asked if name in bound]


def _hinted(carried: Sequence[Verdict], gathered: Sequence[Evidence], knowledge: KnowledgeBase) -> Sequence[str]:
    """Where findings suggest no runbook, the tools of the one that they are nearest to."""
    nearest = [] if carried else [verdict for verdict in knowledge.weigh(gathered)[:1] if verdict.support > HINTED]
    return [name for verdict in nearest for name in verdict.runbook.gather]


def _carried(evidence: Sequence[Evidence], knowledge: KnowledgeBase) -> list[Verdict]:
    return [verdict for verdict in knowledge.weigh(evidence) if verdict.support > CONSIDERED]


def _explains(carried: Sequence[Verdict]) -> bool:
    """Whether nothing but details of one runbook's case is left to be found."""
    return bool(carried) and carried[0].complete and carried[0].support >= ENOUGH


def _call(name: str, tool: dict[str, Any], known: dict[str, str]) -> Call | None:
    """The call with every parameter that is known, or None when one that it requires is not."""
    schema = tool.get("parameters", {})
    args = {key: known[key] for key in schema.get("properties", {}) if known.get(key)}
    args = _without(args, "resource") if name in DISCOVERY else args
    able = all(key in args for key in schema.get("required", []))
    aimed = name not in NEEDS or any(key in args for key in NEEDS[name])
    return (name, args) if able and aimed else None


def _without(args: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in args.items() if key != name}


def _done(messages: Sequence[BaseMessage]) -> tuple[list[Call], int]:
    """Every call so far, and in how many rounds."""
    asked = [message for message in messages if isinstance(message, AIMessage) and message.tool_calls]
    return [(call["name"], call["args"]) for message in asked for call in message.tool_calls], len(asked)


def _adds(call: Call, done: Sequence[Call]) -> bool:
    """Whether a call looks at something that no earlier call of the tool looked at."""
    name, args = call
    scope = {key: value for key, value in args.items() if key in SCOPE}
    earlier = [given for other, given in done if other == name]
    return not any(
        scope.items() <= given.items() and ("service" not in given or "service" in args) for given in earlier
    )


def _tool_call(name: str, args: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "args": args, "id": f"call_{uuid4().hex[:8]}", "type": "tool_call"}


def report(gathered: Sequence[Evidence]) -> str:
    """The strongest findings, each with its evidence id."""
    findings = [(finding, piece.id) for piece in gathered for finding in piece.findings]
    strongest = sorted(findings, key=lambda pair: -pair[0].strength)[:REPORTED_FINDINGS]
    lines = [f"- {finding.statement} [{evidence_id}]" for finding, evidence_id in strongest]
    return "\n".join(lines) or "Nothing out of the ordinary was found."
