"""What an answer rests on, for somebody who wants to check it: a modal with every cited piece of evidence.

Each piece: what was asked, in which range, what it found, its page in the console, and commands that show the same. A
view holds 100 blocks; what does not fit is counted at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.cli_commands import commands, read_later
from agent.figures import count
from agent.models import Answer, Evidence, TimeRange
from agent.times import local_times
from slack_app.blocks.headline import sentences
from slack_app.blocks.parts import Block, cited_claims, context, gap_block, numbered, section, sections, spent
from slack_app.blocks.steps import preformatted
from slack_app.blocks.text import cut, escape, link

VIEW_LIMIT = 100
MAX_PIECES = 15
MAX_FINDINGS = 8
MAX_STATEMENT = 300
MAX_COMMAND_CHARS = 6000
MAX_UNCITED = 12
WITHOUT_EVIDENCE = "This answer cites no evidence."


def evidence_view(answer: Answer, evidence: Sequence[Evidence], zone: str = "UTC") -> dict[str, Any]:
    """The modal. Without evidence it says so. `zone` is of the ranges; texts are shown as they are given."""
    numbers = numbered(cited_claims(answer, evidence), evidence)
    by_id = {piece.id: piece for piece in evidence}
    blocks = _headline(answer, numbers)
    ending = [*gap_block(answer.gaps), *_uncited(evidence, numbers)]
    shown = 0
    for i, number in numbers.items():
        piece = _piece(number, by_id[i], zone)
        if shown == MAX_PIECES or len(blocks) + len(piece) + len(ending) + 1 > VIEW_LIMIT:
            break
        blocks += piece
        shown += 1
    if left := len(numbers) - shown:
        blocks.append(context(f"{left} more cited pieces of evidence are not shown here."))
    return {
        "type": "modal",
        "callback_id": "evidence",
        "title": _plain("Evidence"),
        "close": _plain("Close"),
        "blocks": [*blocks, *ending],
    }


def _headline(answer: Answer, numbers: dict[str, int]) -> list[Block]:
    """What the message below says in full is not said again."""
    headline = section(f"*{escape(cut(sentences(answer.headline)[0], 600)) or 'Answer'}*")
    return [headline] if numbers else [headline, section(WITHOUT_EVIDENCE)]


def _piece(number: int, piece: Evidence, zone: str) -> list[Block]:
    """One piece: at most six blocks."""
    title = f"*[{number}] {link(piece.console_url, piece.tool.replace('_', ' '))}*"
    if piece.console_url and "|" in title:
        title += "  ↗"
    lines = [f"{title}  ·  {piece.status}", escape(cut(" ".join(piece.question.split()), 300))]
    findings = [f"• {escape(cut(' '.join(f.statement.split()), MAX_STATEMENT))}" for f in piece.findings[:MAX_FINDINGS]]
    if more := len(piece.findings) - len(findings):
        findings.append(f"and {more} weaker findings")
    found = findings or [escape(cut(" ".join(piece.summary.split()), 1000))]
    blocks = [{"type": "divider"}, section("\n".join(lines)), *[section("\n".join(found))][: bool(any(found))]]
    return [*blocks, *_commands(piece), *_facts(piece, zone)]


def _commands(piece: Evidence) -> list[Block]:
    """As preformatted text, which shows every character as it is. None is cut: a part of one would be another."""
    shown: list[str] = []
    lines = commands(piece)
    for line in lines:
        if shown and sum(map(len, shown)) + len(line) > MAX_COMMAND_CHARS:
            break
        shown.append(line)
    if more := len(lines) - len(shown):
        shown.append(f"# and {count(more, 'more call')} like these; the console's page shows the same")
    return [preformatted("\n".join([*shown, *read_later(shown)]))] if shown else []


def _facts(piece: Evidence, zone: str) -> list[Block]:
    """Range, calls, price, id."""
    calls = piece.cost.api_calls
    facts = [
        _span(piece.time_range, zone) if piece.time_range else "",
        escape(piece.region),
        f"{calls} API call{'s' if calls != 1 else ''}" if calls else "",
        f"{piece.cost.bytes_scanned / 1e6:,.1f} MB scanned" if piece.cost.bytes_scanned else "",
        spent(piece.cost.usd),
        escape(cut(piece.id, 40)),
    ]
    return [context(" · ".join(fact for fact in facts if fact))]


def _span(span: TimeRange, zone: str) -> str:
    same_day = span.start.date() == span.end.date()
    text = f"{span.start:%d %b %H:%M} to {span.end:{'%H:%M' if same_day else '%d %b %H:%M'}} UTC"
    return local_times(text, zone, span.end)


def _uncited(evidence: Sequence[Evidence], numbers: dict[str, int]) -> list[Block]:
    others = [piece for piece in evidence if piece.id not in numbers]
    if not others:
        return []
    lines = [
        f"• {escape(cut(piece.tool.replace('_', ' '), 60))} ({piece.status}): "
        f"{escape(cut(' '.join(piece.question.split()), 120))}"
        for piece in others[:MAX_UNCITED]
    ]
    more = [f"and {len(others) - MAX_UNCITED} more"] if len(others) > MAX_UNCITED else []
    return [{"type": "divider"}, *sections("\n".join(["*Looked at, not cited*", *lines, *more]))]


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
