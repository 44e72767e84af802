"""What an analysis found out about an alert: what is going on, what caused it, what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from agent import absence
from agent.models import Alert, Diagnosis, Evidence
from slack_app.blocks.moments import on_the_readers_clock
from slack_app.blocks.parts import (
    Block,
    citations,
    claim_lines,
    confidence_text,
    context,
    footer,
    gap_block,
    numbered,
    section,
    sections,
    source_blocks,
)
from slack_app.blocks.steps import step_blocks
from slack_app.blocks.text import cut, escape

Say = Callable[[str], str]
"""Escapes a text, with its times on the reader's clock."""


def finding_blocks(diagnosis: Diagnosis, evidence: Sequence[Evidence], day: datetime) -> list[Block]:
    """What's going on, why, what shows it, what to do. `day`: that the message's times need no date for."""
    numbers, say = numbered(diagnosis.claims, evidence), _saying(evidence, day)
    blocks = sections(f"*What's going on*\n{say(_news(diagnosis.summary, diagnosis.root_cause or ''))}")
    if diagnosis.root_cause:
        title = "Why the alarm fired" if diagnosis.nothing_wrong else "Likely cause"
        cited = citations([i for c in diagnosis.claims if c.text == diagnosis.root_cause for i in c.evidence], numbers)
        cause = f"{say(diagnosis.root_cause)} {cited}".rstrip()
        blocks += sections(f"*{title}* · {confidence_text(diagnosis.confidence)}\n{cause}")
    else:
        blocks.append(section(f"*Likely cause*\nThe evidence does not carry one yet.{_looked_at(evidence)}"))
    if rest := [claim for claim in diagnosis.claims if claim.text != diagnosis.root_cause]:
        blocks += sections(f"*Evidence*\n{claim_lines(rest, numbers, say)}")
    if diagnosis.next_steps:
        blocks += step_blocks("What to do next", diagnosis.next_steps, say)
    return blocks


def _news(summary: str, cause: str) -> str:
    """A summary without what the cause below says again in the same words; its beginning stays in any case."""
    for end in re.finditer(r"[.!?]\s+", summary):
        rest = summary[end.end() :].rstrip(" .!?")
        if rest and rest in cause:
            return summary[: end.end()].rstrip()
    return summary


def _saying(evidence: Sequence[Evidence], day: datetime) -> Say:
    """Times without a date are of the day on which the evidence was gathered."""
    written = max((piece.gathered_at for piece in evidence if piece.gathered_at), default=day)
    return lambda text: on_the_readers_clock(escape(text), day, written)


def _looked_at(evidence: Sequence[Evidence]) -> str:
    """What was looked at, where nothing came of it."""
    looks = dict.fromkeys(piece.tool.replace("_", " ") for piece in absence.readable(evidence))
    return f" Looked at: {escape(cut(', '.join(looks), 300))}." if looks else ""


def source_lines(diagnosis: Diagnosis, evidence: Sequence[Evidence], day: datetime) -> list[Block]:
    """What was ruled out, what could not be read, and the numbered sources."""
    say = _saying(evidence, day)
    out = [say(cut(text, 300)) for text in diagnosis.ruled_out[:2]]
    ruled_out = [context("*Ruled out* " + " ".join(out))] if out else []
    sources = source_blocks(numbered(diagnosis.claims, evidence), evidence, say)
    return [*ruled_out, *gap_block(diagnosis.gaps, say), *sources]


def made_by(diagnosis: Diagnosis, evidence: Sequence[Evidence]) -> Block:
    return footer(diagnosis.provenance, f"{len(evidence)} checks")


def summary_text(diagnosis: Diagnosis) -> str:
    """The plain-text fallback, for notifications and where blocks are refused."""
    parts = [diagnosis.summary, diagnosis.root_cause and f"Likely cause: {diagnosis.root_cause}"]
    parts += [f"Next: {diagnosis.next_steps[0]}"] if diagnosis.next_steps else []
    return cut(escape("\n".join(part for part in parts if part)), 3500)


def mark_of(alert: Alert, diagnosis: Diagnosis | None) -> str:
    if diagnosis and diagnosis.nothing_wrong:
        return "🟢"
    return "🔴" if alert.severity in ("critical", "error") else "🟠"


def verdict_of(diagnosis: Diagnosis) -> str:
    if diagnosis.nothing_wrong:
        return "nothing is wrong"
    return "cause found" if diagnosis.root_cause else "inconclusive"
