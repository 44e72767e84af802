"""How sure an analysis may be, computed from evidence and never asked of a model.

The parts, each 0..1:
- `support`: how much of the best runbook's signals the findings met (agent.knowledge.weigh)
- `margin`: how far the second-best runbook is behind
- `citations`: how many independent pieces of evidence the claims cite (three are enough)
- `coverage`: the share of evidence that could be read

value = 0.45 support + 0.15 margin + 0.2 citations + 0.2 coverage, and at most 0.6 when no runbook is complete.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.knowledge import KnowledgeBase
from agent.models import Claim, Confidence, Evidence, EvidenceStatus

ENOUGH_CITATIONS = 3
WEIGHTS = {"support": 0.45, "margin": 0.15, "citations": 0.2, "coverage": 0.2}
CAP_WITHOUT_RUNBOOK = 0.6


def confidence(
    runbook: str, claims: Sequence[Claim], evidence: Sequence[Evidence], knowledge: KnowledgeBase
) -> Confidence:
    """The confidence in an analysis that settled on `runbook` (may be empty) with these claims."""
    if not claims:
        return Confidence(value=0.0, parts={})
    verdicts = knowledge.weigh(evidence)
    chosen = next((v for v in verdicts if v.runbook.name == runbook), None)
    support = chosen.support if chosen else 0.0
    others = max((v.support for v in verdicts if v.runbook.name != runbook), default=0.0)
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
