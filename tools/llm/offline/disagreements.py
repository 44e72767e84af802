"""Where two pieces of evidence contradict each other about one thing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.drafts import DraftClaim
from agent.models import Evidence, Finding

MAX_DISAGREEMENTS = 2
CLEAR = 0.5
"""Strength from which a finding claims something."""

OPPOSITES: tuple[tuple[str, str, str], ...] = (
    ("metric_rise", "metric_steady", ""),
    ("metric_rise", "log_quiet", r"error|5xx|fault"),
    ("trace_fault", "trace_healthy", ""),
    ("target_unhealthy", "targets_healthy", ""),
    ("deployment", "no_change", ""),
    ("cost_rise", "cost_steady", ""),
)
"""A kind that says that something is wrong, one that says that it is not, and which metrics of the first are meant."""
_TOLD_APART = ("metric", "usage_type", "dag_id", "task_id", "log_group", "target_group", "service")


def disagreements(evidence: Sequence[Evidence]) -> list[DraftClaim]:
    """Pairs of findings of different pieces that cannot both be the whole truth, said aloud."""
    found = [(finding, piece.id) for piece in evidence for finding in piece.findings]
    by_id = {piece.id: piece for piece in evidence}
    pairs = [
        (wrong, wrong_id, right, right_id)
        for bad, good, metrics in OPPOSITES
        for wrong, wrong_id in found
        if wrong.kind == bad
        and wrong.strength >= CLEAR
        and re.search(metrics, wrong.attributes.get("metric", ""), re.I)
        for right, right_id in found
        if right.kind == good and right_id != wrong_id and _same_subject(wrong, right)
        if right.kind != "no_change" or _within(wrong, by_id[right_id])
    ]
    strongest = sorted(pairs, key=lambda pair: -pair[0].strength)
    said = {wrong.resource: (wrong, wi, right, ri) for wrong, wi, right, ri in reversed(strongest)}
    return [
        DraftClaim(text=f"{wrong.statement} Yet: {right.statement}", evidence=[wrong_id, right_id])
        for wrong, wrong_id, right, right_id in list(said.values())[:MAX_DISAGREEMENTS]
    ]


def _same_subject(one: Finding, other: Finding) -> bool:
    """Of the same resource, and alike in every detail that both have."""
    both = [name for name in _TOLD_APART if one.attributes.get(name) and other.attributes.get(name)]
    alike = all(one.attributes[name].lower() == other.attributes[name].lower() for name in both)
    return bool(one.resource) and one.resource == other.resource and alike


def _within(finding: Finding, piece: Evidence) -> bool:
    """Whether something happened in the range that a piece of evidence is about."""
    span = piece.time_range
    return finding.at is not None and span is not None and span.start <= finding.at < span.end
