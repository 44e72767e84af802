"""An answer to a question, as text to stream and as blocks to close with.

answer_markdown   the text in chunks: a first line that stands alone, then claims, disagreements, next steps
closing_blocks    what stands under it: chart, table, assumptions, gaps, sources, buttons, footer
answer_blocks     both, where nothing can be streamed
answer_text       plain text, for notifications and where blocks are refused
answer_files      what is too long for messages
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.models import Answer, Claim, Evidence
from agent.repetition import repeats
from agent.times import clock_time
from slack_app.blocks.buttons import choice_buttons, evidence_buttons
from slack_app.blocks.exhibits import exhibit_blocks, shown_table
from slack_app.blocks.figures import csv_text, fitting
from slack_app.blocks.headline import about_headline, sentences, told_once
from slack_app.blocks.parts import (
    Block,
    citations,
    cited_claims,
    confidence_text,
    context,
    footer,
    gap_block,
    numbered,
    one_line,
    source_blocks,
)
from slack_app.blocks.steps import step_markdown
from slack_app.blocks.text import cut, escape, pieces

MARKDOWN_LIMIT = 11_000
"""Of one message; Slack takes 12,000 characters over all Markdown in it."""
MAX_MESSAGES = 3
TEXT_LIMIT = 3500
BOLD_LIMIT = 300
MAX_ASSUMPTIONS = 5
IN_THE_FILE = "\nThe rest is in the file below.\n"

File = tuple[str, str]
"""A name and its text."""


def answer_markdown(answer: Answer, evidence: Sequence[Evidence]) -> list[str]:
    """The answer in a few chunks, in the order in which they are streamed. Cut where a file holds the rest."""
    chunks = _chunks(answer, evidence)
    limit = MAX_MESSAGES * MARKDOWN_LIMIT
    if sum(map(len, chunks)) <= limit:
        return chunks
    return [*_first(chunks, MARKDOWN_LIMIT - len(IN_THE_FILE)), IN_THE_FILE]


def closing_blocks(
    answer: Answer, evidence: Sequence[Evidence], asked_ts: str = "", now: datetime | None = None
) -> list[Block]:
    """What stands under the text. `asked_ts` is the question's, by which the buttons find the answer again.

    `now` tells how old an answer is that is given again.
    """
    numbers = _numbers(answer, evidence)
    blocks = [
        *exhibit_blocks(answer, evidence),
        *_assumed(answer),
        *([context(escape(answer.note))] if answer.note else []),
        *choice_buttons(answer.clarification),
        *source_blocks(numbers, evidence),
        *gap_block(answer.gaps),
        *(evidence_buttons(asked_ts, bool(numbers)) if asked_ts and (numbers or answer.gaps) else []),
    ]
    told = numbers or answer.claims or answer.gaps or answer.provenance.degraded or answer.reused_from
    return [*blocks, footer(answer.provenance, _how_sure(answer, now))] if told else blocks


def answer_blocks(
    answer: Answer, evidence: Sequence[Evidence], asked_ts: str = "", now: datetime | None = None
) -> list[Block]:
    """The whole answer, where it cannot be streamed. The messenger spreads it over messages when it is long."""
    text = "".join(answer_markdown(answer, evidence))
    parts = pieces(text, MARKDOWN_LIMIT) or ["(nothing)"]
    return [
        *({"type": "markdown", "text": part} for part in _ended(parts)),
        *closing_blocks(answer, evidence, asked_ts, now),
    ]


def answer_text(answer: Answer) -> str:
    """The plain-text fallback. Nothing of the answer is missing but its sources."""
    lines = [answer.headline, *(f"- {claim.text}" for claim in _details(answer))]
    lines += [f"Disagreement: {claim.text}" for claim in answer.disagreements]
    lines += [f"Assumed: {text}" for text in answer.assumptions]
    lines += [f"Could not be read: {gap.tool}: {gap.reason}" for gap in answer.gaps]
    lines += [f"Next: {step}" for step in answer.next_steps]
    lines += [answer.note] if answer.note else []
    if answer.clarification and answer.clarification.question != answer.headline:
        lines.append(answer.clarification.question)
    if answer.clarification and answer.clarification.choices:
        lines.append("Such as: " + " / ".join(answer.clarification.choices))
    return cut(escape("\n".join(lines)), TEXT_LIMIT)


def answer_files(answer: Answer, evidence: Sequence[Evidence]) -> list[File]:
    """What does not fit: a very long answer as a whole, and a table that Slack would refuse."""
    files: list[File] = []
    whole = "".join(_chunks(answer, evidence))
    if len(whole) > MAX_MESSAGES * MARKDOWN_LIMIT:
        files.append(("answer.md", whole))
    table = shown_table(answer, evidence)
    if table and len(fitting(table)[1]) < len(table.rows):
        files.append(("table.csv", csv_text(table)))
    return files


def _chunks(answer: Answer, evidence: Sequence[Evidence]) -> list[str]:
    numbers = _numbers(answer, evidence)
    chunks = [_headline(answer, numbers) + "\n\n"]
    chunks += [_bullet(claim, numbers) for claim in _details(answer)]
    if answer.disagreements:
        chunks.append("\n**The evidence disagrees**\n\n" + "".join(_bullet(c, numbers) for c in answer.disagreements))
    if answer.next_steps:
        steps = "".join(step_markdown(n, " ".join(s.split()), _line) for n, s in enumerate(answer.next_steps, 1))
        chunks.append(f"\n**Next**\n\n{steps}")
    asked = answer.clarification
    if asked and not repeats(asked.question, answer.headline):
        chunks.append(f"\n{escape(one_line(asked.question))}\n")
    return chunks


def _headline(answer: Answer, numbers: dict[str, int]) -> str:
    """Its first sentence bold over details; alone, it is the answer and may have several lines."""
    if not answer.claims:
        return escape(answer.headline)
    first, rest = sentences(answer.headline)
    bold = f"**{escape(first)}**" if 0 < len(first) <= BOLD_LIMIT else escape(first)
    cited = citations(about_headline(answer), numbers)
    return " ".join(part for part in (bold, escape(rest), cited) if part)


def _details(answer: Answer) -> list[Claim]:
    """What the first line does not say already, each thing once."""
    return told_once([claim for claim in answer.claims if not repeats(claim.text, answer.headline)])


def _bullet(claim: Claim, numbers: dict[str, int]) -> str:
    return f"- {escape(one_line(claim.text))} {citations(claim.evidence, numbers)}".rstrip() + "\n"


def _line(text: str) -> str:
    return escape(one_line(text))


def _numbers(answer: Answer, evidence: Sequence[Evidence]) -> dict[str, int]:
    return numbered(cited_claims(answer, evidence), evidence)


def _assumed(answer: Answer) -> list[Block]:
    said = [one_line(text).rstrip(".") for text in answer.assumptions[:MAX_ASSUMPTIONS]]
    return [context("Assumed: " + "; ".join(escape(text) for text in said if text) + ".")] if any(said) else []


def _how_sure(answer: Answer, now: datetime | None) -> str:
    """Nothing is said of a confidence that nobody computed."""
    sure = confidence_text(answer.confidence) if answer.claims and answer.confidence.value else ""
    return " · ".join(part for part in (sure, _again(answer.reused_from, now)) if part)


def _again(since: datetime | None, now: datetime | None) -> str:
    if since is None:
        return ""
    if now is None:
        return f"same question answered at {clock_time(since)}"
    return f"same answer as {max(round((now - since) / timedelta(minutes=1)), 1)} min ago"


def _first(chunks: Sequence[str], limit: int) -> list[str]:
    """As many chunks as fit; of the first, as much as fits."""
    kept: list[str] = [cut(chunks[0], limit)]
    for chunk in chunks[1:]:
        if sum(map(len, kept)) + len(chunk) > limit:
            break
        kept.append(chunk)
    return kept


def _ended(parts: Sequence[str]) -> list[str]:
    """Each ends its line, so that the next begins one."""
    return [part if part.endswith("\n") else f"{part}\n" for part in parts]
