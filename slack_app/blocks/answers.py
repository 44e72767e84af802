"""An answer to a question, as text to stream and as blocks to close with."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models import Answer, Evidence
from slack_app.blocks.parts import (
    Block,
    claim_lines,
    confidence_text,
    footer,
    gap_block,
    numbered,
    source_blocks,
)
from slack_app.blocks.text import cut, escape

MARKDOWN_LIMIT = 12_000


def answer_markdown(answer: Answer, evidence: Sequence[Evidence]) -> list[str]:
    """The answer in a few chunks, in the order in which they are streamed."""
    numbers = numbered(answer.claims, evidence)
    lines = [line.removeprefix("• ") for line in claim_lines(answer.claims, numbers).splitlines()]
    if answer.claims and answer.claims[0].text == answer.headline:
        headline, *lines = lines  # said once, with its sources
    else:
        headline = escape(answer.headline)
    chunks = [headline + "\n\n", *(f"- {line}\n" for line in lines)]
    if answer.next_steps:
        chunks.append(
            "\n**Next**\n\n" + "\n".join(f"{n}. {escape(s)}" for n, s in enumerate(answer.next_steps, 1)) + "\n"
        )
    return chunks


def closing_blocks(answer: Answer, evidence: Sequence[Evidence]) -> list[Block]:
    """Sources, gaps and footer, under the streamed text."""
    numbers = numbered(answer.claims, evidence)
    extra = confidence_text(answer.confidence) if answer.claims else ""
    blocks = [*source_blocks(numbers, evidence), *gap_block(answer.gaps)]
    return [*blocks, footer(answer.provenance, extra)] if answer.claims or answer.gaps else blocks


def answer_blocks(answer: Answer, evidence: Sequence[Evidence]) -> list[Block]:
    """The whole answer, where it cannot be streamed."""
    text = "".join(answer_markdown(answer, evidence))
    return [{"type": "markdown", "text": cut(text, MARKDOWN_LIMIT)}, *closing_blocks(answer, evidence)]


def answer_text(answer: Answer) -> str:
    """The plain-text fallback; also what the thread's memory keeps."""
    lines = [answer.headline, *(f"- {claim.text}" for claim in answer.claims)]
    return cut(escape("\n".join(lines)), 3500)
