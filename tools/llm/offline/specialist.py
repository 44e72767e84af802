"""Gathering: which tools to call next, with which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent import evidence_text
from agent.briefs import Brief
from agent.knowledge import KnowledgeBase, Runbook
from agent.models import Evidence
from tools.llm.offline.focus import focus_of

DISCOVERY = ("unhealthy_resources",)
"""Tools that are there to find what nobody has named; they are asked about everything."""
MAX_ROUNDS = 3
MAX_CALLS_A_ROUND = 6
DEFAULT_TOOLS = 2
RUNBOOKS_CONSIDERED = 3
REPORTED_FINDINGS = 6

SCOPE = ("resource", "table", "bucket", "key", "start")
"""Parameters that decide what a tool looks at; the others only help it find that."""
NEEDS = {"s3_object_status": "bucket", "log_search": "pattern", "logs_insights": "query"}
"""Parameters without which a call of the tool would be a shot in the dark."""

Call = tuple[str, dict[str, str]]


def next_step(
    brief: Brief, messages: Sequence[BaseMessage], tools: dict[str, dict[str, Any]], knowledge: KnowledgeBase
) -> AIMessage:
    """The next tool calls, or a report when there is nothing left that would add something."""
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

    A service that the words only hinted at may have been the wrong one, so each such call is planned without it too.
    """
    focus = focus_of(brief, gathered)
    wanted = _wanted(brief, gathered, list(tools), knowledge)
    calls = [call for name in wanted if (call := _call(name, tools[name], focus.known))]
    calls += [(name, _without(args, "service")) for name, args in calls if "service" in args and "resource" not in args]
    for resource in focus.others:
        elsewhere = {**focus.known, "resource": resource}
        calls += [call for name in wanted if (call := _call(name, tools[name], elsewhere)) and "resource" in call[1]]
    return calls


def _wanted(brief: Brief, gathered: Sequence[Evidence], bound: list[str], knowledge: KnowledgeBase) -> list[str]:
    """Tools of the runbooks that the words suggest and the findings support, then the specialist's own first ones."""
    books: list[Runbook] = [book for book, _ in knowledge.search(brief.text, RUNBOOKS_CONSIDERED)]
    supported = [v.runbook for v in knowledge.weigh([*gathered, *brief.evidence]) if v.support > 0.15]
    names = [name for book in [*supported[:2], *books] for name in book.gather]
    return [name for name in dict.fromkeys([*names, *bound[:DEFAULT_TOOLS]]) if name in bound]


def _call(name: str, tool: dict[str, Any], known: dict[str, str]) -> Call | None:
    """The call with every parameter that is known, or None when one that it requires is not."""
    schema = tool.get("parameters", {})
    args = {key: known[key] for key in schema.get("properties", {}) if known.get(key)}
    args = _without(args, "resource") if name in DISCOVERY else args
    needed = [*schema.get("required", []), *([NEEDS[name]] if name in NEEDS else [])]
    return (name, args) if all(key in args for key in needed) else None


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
