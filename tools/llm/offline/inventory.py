"""Questions for what there is: the one call that lists it, and the answer that the list gives by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.briefs import Brief
from agent.drafts import AnswerDraft, DraftClaim
from agent.inventory_questions import Asked, asked_for
from agent.models import Evidence, Finding
from tools.llm.offline.thread import asked_before

TOOL = "list_resources"
ELSEWHERE = ("account", "region")
"""Where the question says to look."""
Call = tuple[str, dict[str, str]]
_LIKEWISE = re.compile(
    r"^\W*(?:(?:and|ok|so)\b\W*)*(?:what about |how about )?(?:the |our |my |all )*([\w -]+?)\W*$", re.I
)


def in_full(brief: Brief) -> Brief:
    """`And the queues?` asks for a list where a list was asked for before it."""
    likewise = _LIKEWISE.match(brief.question)
    if not likewise or asked_for(brief.question) or not brief.conversation or not asked_for(asked_before(brief)):
        return brief
    whole = f"list all {likewise[1]}"
    return replace(brief, question=whole) if asked_for(whole) else brief


def listing_calls(question: str, known: dict[str, str], bound: Sequence[str]) -> list[Call]:
    """The call that lists what a question asks for; none where it asks for something else, or nobody has the tool."""
    asked = asked_for(question) if question and TOOL in bound else None
    if asked is None:
        return []
    told = {"service": asked.kind, "name": asked.name, "exact": "true" if asked.whole else ""}
    told |= {name: known.get(name, "") for name in ELSEWHERE}
    return [(TOOL, {name: value for name, value in told.items() if value})]


def told_inventory(question: str, evidence: Sequence[Evidence]) -> AnswerDraft | None:
    """What there is, with a yes or a no where that is wanted, and what was not read; None where nothing was listed."""
    asked = asked_for(question)
    found = next(((p, own) for p in reversed(evidence) if asked and (own := _of(p, asked))), None)
    if asked is None or found is None:
        return None
    piece, findings = found
    claims = [DraftClaim(text=finding.statement, evidence=[piece.id]) for finding in findings]
    said = findings[0].statement
    exists = findings[0].attributes.get("exists", "")
    if asked.checks and exists:
        said = f"{exists.capitalize()}: {said[0].lower()}{said[1:]}"
    return AnswerDraft(headline=said, claims=claims, plain=True)


def _of(piece: Evidence, asked: Asked) -> list[Finding]:
    """What a piece lists of what is asked for: a thread may hold other lists."""
    listed = [finding for finding in piece.findings if finding.kind == "inventory"]
    wanted = (asked.kind, asked.name)
    return [f for f in listed if (f.attributes.get("asked", ""), f.attributes.get("name", "")) == wanted]
