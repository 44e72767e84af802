"""Which runbook the evidence carries, as far as it has to do with what is asked."""

from __future__ import annotations

from collections.abc import Sequence

from agent.briefs import Brief
from agent.knowledge import KnowledgeBase, Verdict
from agent.models import Finding
from tools.llm.offline.focus import focus_of, subjects_in

CARRIES = 0.35
"""Support from which a complete runbook counts as the cause."""
PRIOR_WEIGHT = 0.25
OTHER_RESOURCE_FACTOR = 0.6


def best_verdict(brief: Brief, knowledge: KnowledgeBase) -> Verdict | None:
    """The complete runbook with the most support, weighed by how well it fits the words and the resource."""
    prior = dict[str, float]()
    found = knowledge.search(brief.text, len(knowledge.runbooks))
    for book, score in found:
        prior[book.name] = score / found[0][1]
    subjects = subjects_of(brief)

    def weight(verdict: Verdict) -> float:
        fits = verdict.support * (1 + PRIOR_WEIGHT * prior.get(verdict.runbook.name, 0.0))
        return fits if not subjects or mentions(verdict, subjects) else fits * OTHER_RESOURCE_FACTOR

    weighed = [v for subject in subjects or [""] for v in knowledge.weigh(brief.evidence, subject)]
    candidates = [v for v in weighed if v.complete and v.support >= CARRIES]
    return max(candidates, key=weight, default=None)


def subjects_of(brief: Brief) -> list[str]:
    """The resources that the case is about: the alert's, the named one, or those of which the question uses a word."""
    asked = Brief(now=brief.now, question=brief.question, scope=brief.scope)
    named = brief.alert.get("resource") or focus_of(asked).known.get("resource", "")
    if named:
        return [named]
    strong = (f for piece in brief.evidence for f in piece.findings if f.strength >= CARRIES)
    return subjects_in(brief.question, (finding.resource for finding in sorted(strong, key=lambda f: -f.strength)))


def mentions(verdict: Verdict, resources: Sequence[str]) -> bool:
    """Whether what carries a runbook speaks of one of the resources."""
    return any(is_about(hit.finding, resource) for hit in verdict.hits for resource in resources)


def is_about(finding: Finding, resource: str) -> bool:
    wanted, own = resource.lower(), finding.resource.lower()
    return bool(own and (wanted in own or own in wanted)) or wanted in finding.statement.lower()
