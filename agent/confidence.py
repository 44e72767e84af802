"""How sure an analysis may be, computed from evidence and never asked of a model.

The parts, each 0..1:
- `support`: how much of the best runbook's signals the findings met (agent.knowledge.weigh)
- `margin`: how far the second-best runbook is behind
- `citations`: how many independent pieces of evidence the claims cite (three are enough)
- `coverage`: the share of evidence that could be read

value = 0.45 support + 0.15 margin + 0.2 citations + 0.2 coverage, and at most 0.6 when no runbook is complete.
A cause that has nothing to do with what the alert names (agent.linking) is at most 0.3, whatever carries it.
An answer that rests on several runbooks is as sure as the least sure of them. One that weighs no cause has no parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.knowledge import KnowledgeBase, Verdict
from agent.models import Claim, Confidence, Evidence, EvidenceStatus

ENOUGH_CITATIONS = 3
WEIGHTS = {"support": 0.45, "margin": 0.15, "citations": 0.2, "coverage": 0.2}
CAP_WITHOUT_RUNBOOK = 0.6
CAP_UNLINKED = 0.3
NOT_WEIGHED = Confidence(value=0.0)
"""Of plain facts, and of what was stopped: there is no cause of which one could be more or less sure."""


def names_of(runbook: str) -> list[str]:
    """The runbooks that a draft names: several, with commas between them, where it answers several questions."""
    return re.findall(r"[\w-]+", runbook)


def confidence(
    runbook: str, claims: Sequence[Claim], evidence: Sequence[Evidence], knowledge: KnowledgeBase
) -> Confidence:
    """The confidence in an analysis that settled on `runbook` (may be empty, or several) with these claims."""
    if not claims:
        return NOT_WEIGHED
    names = names_of(runbook)
    verdicts = knowledge.weigh(evidence)
    chosen = [verdict for verdict in verdicts if verdict.runbook.name in names]
    others = max((verdict.support for verdict in verdicts if verdict.runbook.name not in names), default=0.0)
    each = [_of_one(verdict, others, claims, evidence) for verdict in chosen or [None]]
    return min(each, key=lambda one: one.value)


def unlinked(found: Confidence) -> Confidence:
    """The confidence in something that evidence does not tie to the alert."""
    return Confidence(value=min(found.value, CAP_UNLINKED), parts={**found.parts, "link": 0.0})


def _of_one(chosen: Verdict | None, others: float, claims: Sequence[Claim], evidence: Sequence[Evidence]) -> Confidence:
    support = chosen.support if chosen else 0.0
    readable = [piece for piece in evidence if piece.status in (EvidenceStatus.ok, EvidenceStatus.no_data)]
    parts = {
        "support": support,
        "margin": max(0.0, min(1.0, (support - others) * 2)),
        "citations": min(1.0, len({i for claim in claims for i in claim.evidence}) / ENOUGH_CITATIONS),
        "coverage": len(readable) / len(evidence) if evidence else 0.0,
    }
    value = sum(WEIGHTS[name] * part for name, part in parts.items())
    if not (chosen and chosen.complete):
        value = min(value, CAP_WITHOUT_RUNBOOK)
    return Confidence(value=round(value, 2), parts={name: round(part, 2) for name, part in parts.items()})
