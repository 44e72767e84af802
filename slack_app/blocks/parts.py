"""Small Block Kit pieces that several messages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agent.diagnosis import NOT_ANSWERED
from agent.models import Answer, Claim, Confidence, Evidence, Gap, Provenance
from slack_app.blocks.text import HEADER_LIMIT, SECTION_LIMIT, cut, cut_live, escape, link, pieces

Block = dict[str, Any]
MAX_GAPS = 4
MAX_GAP_CHARS = 300
MAX_SOURCES = 12
MAX_CLAIM_CHARS = 600
MAX_TEXT_CHARS = 9000
CONTEXT_LIMIT = 2000
FIELD_LIMIT = 2000
MAX_FIELDS = 10
RUN_ID_CHARS = 24
"""Of the correlation id's last part: enough to find the run in the logs."""


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, HEADER_LIMIT), "emoji": True}}


def section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text, SECTION_LIMIT)}


def fields(texts: Iterable[str]) -> Block:
    """Short texts in two columns."""
    return {"type": "section", "fields": [_mrkdwn(text, FIELD_LIMIT) for text in list(texts)[:MAX_FIELDS]]}


def sections(text: str) -> list[Block]:
    """As many sections as the text needs; nobody reads more than a few."""
    return [section(part) for part in pieces(cut_live(text, MAX_TEXT_CHARS))]


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text, CONTEXT_LIMIT) for text in texts[:10]]}


def _mrkdwn(text: str, limit: int) -> Block:
    """`verbatim`: Slack makes no link, channel or mention out of plain words."""
    return {"type": "mrkdwn", "text": cut_live(text, limit), "verbatim": True}


def numbered(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> dict[str, int]:
    """Evidence ids with their numbers, in the order in which the claims cite them."""
    known = {piece.id for piece in evidence}
    cited = dict.fromkeys(i for claim in claims for i in claim.evidence if i in known)
    return {evidence_id: number for number, evidence_id in enumerate(cited, 1)}


def cited_claims(answer: Answer, evidence: Sequence[Evidence]) -> list[Claim]:
    """Everything that cites. An answer that claims nothing rests on all that was looked at."""
    claims = [*answer.claims, *answer.disagreements]
    if claims or answer.kind not in ("question", "follow_up"):
        return claims
    return [Claim(text=answer.headline, evidence=tuple(piece.id for piece in evidence))]


def claim_lines(claims: Sequence[Claim], numbers: dict[str, int], say: Callable[[str], str] = escape) -> str:
    """A bullet for each claim, with the numbers of its sources."""
    lines = [f"• {say(one_line(claim.text))} {citations(claim.evidence, numbers)}" for claim in claims]
    return "\n".join(lines)


def citations(ids: Sequence[str], numbers: dict[str, int]) -> str:
    """`[1] [3]`."""
    return " ".join(f"[{numbers[i]}]" for i in dict.fromkeys(ids) if i in numbers)


def one_line(text: str) -> str:
    return cut(" ".join(text.split()), MAX_CLAIM_CHARS)


def source_blocks(
    numbers: dict[str, int], evidence: Sequence[Evidence], say: Callable[[str], str] = escape
) -> list[Block]:
    """One context line for each cited piece: number, question, and the console link. No link is cut in two."""
    by_id = {piece.id: piece for piece in evidence}
    groups: list[str] = []
    for i, number in list(numbers.items())[:MAX_SOURCES]:
        line = _source(number, by_id[i], say)
        if groups and len(groups[-1]) + len(line) < CONTEXT_LIMIT:
            groups[-1] += f"\n{line}"
        else:
            groups.append(line)
    return [context(group) for group in groups]


def _source(number: int, piece: Evidence, say: Callable[[str], str]) -> str:
    label = cut(piece.tool.replace("_", " "), 60)
    return f"[{number}] {link(piece.console_url, label)}: {say(cut(' '.join(piece.question.split()), 120))}"


def gap_block(gaps: Sequence[Gap], say: Callable[[str], str] = escape) -> list[Block]:
    """What was not answered, and what could not be read."""
    unanswered = [f"• {say(cut(gap.reason, MAX_GAP_CHARS))}" for gap in gaps if gap.tool == NOT_ANSWERED]
    unread = [
        f"• {escape(gap.tool.replace('_', ' '))}: {say(cut(gap.reason, MAX_GAP_CHARS))}"
        for gap in gaps
        if gap.tool != NOT_ANSWERED
    ]
    titled = (("Not answered", unanswered), ("Could not be read", unread))
    return [context(f"*{title}*\n" + "\n".join(lines[:MAX_GAPS])) for title, lines in titled if lines]


def confidence_text(confidence: Confidence) -> str:
    return f"{confidence.word} confidence ({confidence.value:.0%})"


def footer(provenance: Provenance, extra: str = "") -> Block:
    """Who answered, and what it took; first of all why a lesser model did."""
    who = "offline analyst (no language model)" if provenance.model == "offline-analyst" else provenance.model
    tokens = provenance.input_tokens + provenance.output_tokens
    parts = [who and f"by {cut(who, 100)}", extra, _took(provenance.seconds)]
    if tokens and provenance.model != "offline-analyst":
        parts.append(f"{tokens:,} tokens")
    parts.append(spent(provenance.usd) or ("price unknown" if provenance.unpriced else ""))
    if provenance.run_id:
        parts.append(f"run {provenance.run_id.rpartition(':')[2][:RUN_ID_CHARS]}")
    line = escape(" · ".join(part for part in parts if part)) or "Watchkeeper"
    if provenance.degraded:
        return context(f"⚠️ *{escape(cut(' '.join(provenance.degraded.split()), 300))}*", line)
    return context(line)


def _took(seconds: float) -> str:
    return f"{seconds:.1f} s" if 0 < seconds < 1 else f"{seconds:.0f} s" if seconds else ""


def spent(usd: float) -> str:
    """Dollars of one answer: `$0.012`; empty for nothing."""
    if usd <= 0:
        return ""
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.2g}" if usd >= 0.0001 else "under $0.0001"
