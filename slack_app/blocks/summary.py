"""The one message of an alert: what is going on, what caused it, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models import Alert, Diagnosis, Evidence
from slack_app.blocks.parts import (
    Block,
    citations,
    claim_lines,
    confidence_text,
    context,
    footer,
    gap_block,
    header,
    numbered,
    section,
    sections,
    source_blocks,
)
from slack_app.blocks.text import cut, escape


def summary_blocks(alert: Alert, diagnosis: Diagnosis, evidence: Sequence[Evidence]) -> list[Block]:
    """The finished summary."""
    numbers = numbered(diagnosis.claims, evidence)
    blocks = [header(_headline(alert, diagnosis)), *sections(f"*What's going on*\n{escape(diagnosis.summary)}")]
    if diagnosis.root_cause:
        title = "Why the alarm fired" if diagnosis.nothing_wrong else "Likely cause"
        cited = citations([i for c in diagnosis.claims if c.text == diagnosis.root_cause for i in c.evidence], numbers)
        cause = f"{escape(diagnosis.root_cause)} {cited}".rstrip()
        blocks += sections(f"*{title}* · {confidence_text(diagnosis.confidence)}\n{cause}")
    else:
        blocks.append(section("*Likely cause*\nThe evidence does not carry one yet."))
    if rest := [claim for claim in diagnosis.claims if claim.text != diagnosis.root_cause]:
        blocks += sections(f"*Evidence*\n{claim_lines(rest, numbers)}")
    if diagnosis.next_steps:
        steps = "\n".join(f"{n}. {escape(step)}" for n, step in enumerate(diagnosis.next_steps, 1))
        blocks += sections(f"*What to do next*\n{steps}")
    if diagnosis.ruled_out:
        blocks.append(context("*Ruled out* " + " ".join(escape(cut(text, 300)) for text in diagnosis.ruled_out[:3])))
    blocks += [*source_blocks(numbers, evidence), *gap_block(diagnosis.gaps)]
    return [*blocks, footer(diagnosis.provenance, f"{len(evidence)} checks")]


def summary_text(diagnosis: Diagnosis) -> str:
    """The plain-text fallback, for notifications and where blocks are refused."""
    parts = [diagnosis.summary, diagnosis.root_cause and f"Likely cause: {diagnosis.root_cause}"]
    parts += [f"Next: {diagnosis.next_steps[0]}"] if diagnosis.next_steps else []
    return cut(escape("\n".join(part for part in parts if part)), 3500)


def resolved_blocks(alert: Alert) -> list[Block]:
    """Posted under an alert that its sender has taken back."""
    return [section(f":white_check_mark: *Resolved*, says {escape(alert.source)}: {escape(alert.title)}")]


def _headline(alert: Alert, diagnosis: Diagnosis) -> str:
    mark = "🟢" if diagnosis.nothing_wrong else "🔴" if alert.severity in ("critical", "error") else "🟠"
    subject = alert.resource.id or alert.labels.get("alarm_name", "") or alert.title
    verdict = (
        "nothing is wrong" if diagnosis.nothing_wrong else "cause found" if diagnosis.root_cause else "inconclusive"
    )
    return f"{mark} {subject}: {verdict}"
