"""Which runbook the evidence carries, as far as it has to do with what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.briefs import Brief
from agent.knowledge import CHANGES, KnowledgeBase, Verdict
from agent.linking import named_by
from agent.models import Finding
from agent.times import clock_time
from agent.vocabulary import service_in
from tools.llm.offline.focus import focus_of, subjects_in
from tools.llm.offline.wording import unseen_slowness

CARRIES = 0.35
"""Support from which a complete runbook counts as the cause."""
PRIOR_WEIGHT = 0.25
OTHER_RESOURCE_FACTOR = 0.6
OF_ITS_BUDGET = 1.1
"""A budget is called after what it is for."""
OTHER_SYMPTOM_FACTOR = 0.5
"""Of what fails, where somebody asks what is slow."""


def best_verdict(brief: Brief, knowledge: KnowledgeBase, strict: bool = False, other_than: str = "") -> Verdict | None:
    """The complete runbook with the most support, weighed by how well it fits the words and the resource.

    With `strict` only one that is about the resource or the service that is asked for: `is the database ok` is not
    answered by trouble elsewhere. A cause that the text `other_than` names already is the last to be chosen, and so is
    one whose remedy was tried and did not help.
    """
    prior = dict[str, float]()
    found = knowledge.search(brief.text, len(knowledge.runbooks))
    for book, score in found:
        prior[book.name] = score / found[0][1]
    subjects, named = subjects_of(brief), named_by(brief.alert)

    def weight(verdict: Verdict) -> float:
        fits = verdict.support * (1 + PRIOR_WEIGHT * prior.get(verdict.runbook.name, 0.0))
        fits *= OTHER_SYMPTOM_FACTOR if unseen_slowness(brief.question, verdict) else 1
        if named.of_the_account and any(knowledge.shared(name, verdict.runbook) for name in named.names):
            fits *= OF_ITS_BUDGET
        return fits if not subjects or mentions(verdict, subjects) else fits * OTHER_RESOURCE_FACTOR

    weighed = [v for subject in subjects or [""] for v in knowledge.weigh(brief.evidence, subject)]
    candidates = [v for v in weighed if v.complete and v.support >= CARRIES]
    if strict and subjects:
        candidates = [v for v in candidates if mentions(v, subjects)]
    elif strict and (service := service_in(brief.question)):
        candidates = [v for v in candidates if _is_of(v, service)]
    fresh = [v for v in candidates if not other_than or main_resource(v) not in other_than]
    fresh = [v for v in fresh if v.runbook.name not in brief.refuted]
    return max(fresh or candidates, key=weight, default=None)


def told_causes(brief: Brief, knowledge: KnowledgeBase) -> list[Verdict]:
    """The causes that the thread's latest answer named: of two incidents, two. Those that a question names alone."""
    answers = [line for line in brief.conversation if line.startswith("assistant:")]
    told = answers[-1].lower() if answers else ""
    found: list[Verdict] = []
    for verdict in knowledge.weigh(brief.evidence):
        own = main_resource(verdict)
        known = {hit.finding.resource for other in found for hit in other.hits}
        is_cause = verdict.complete and verdict.support >= CARRIES and own
        if is_cause and own.lower() in told and not known & {hit.finding.resource for hit in verdict.hits}:
            found.append(verdict)
    asked = set(subjects_in(brief.question, map(main_resource, found)))
    return [verdict for verdict in found if not asked or main_resource(verdict) in asked]


def main_resource(verdict: Verdict) -> str:
    """What a cause is about: the resource of the first sign that its runbook requires."""
    named = (hit.finding.resource for hit in verdict.hits if hit.signal.required)
    return next(filter(None, named), "")


def onset_of(verdict: Verdict) -> Finding | None:
    """The first sign of a cause. Bills know days only, so they count last; a change is no sign."""
    dated = [hit for hit in verdict.hits if hit.finding.at and hit.finding.kind not in (*CHANGES, "type_change")]
    signs = [hit for hit in dated if not hit.finding.kind.startswith("cost_")] or dated
    signs = [hit for hit in signs if hit.signal.required] or signs
    return min((hit.finding for hit in signs), key=lambda finding: str(finding.at), default=None)


def headline_of(verdict: Verdict, now: datetime) -> str:
    """The cause in one short sentence, with its onset."""
    sign = onset_of(verdict)
    since = f" since {when(sign, now)}" if sign else ""
    book = verdict.runbook
    return f"{verdict.fill(book.headline, since=since)}." if book.headline else verdict.fill(book.cause)


def when(finding: Finding, now: datetime) -> str:
    """`14:37 UTC`, `19 Nov 12:15 UTC`; of a bill only the day."""
    if finding.at is None:
        return ""
    return f"{finding.at:%d %b}" if finding.kind.startswith("cost_") else clock_time(finding.at, now)


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


def _is_of(verdict: Verdict, service: str) -> bool:
    return service in verdict.runbook.services or any(
        hit.finding.attributes.get("service") == service for hit in verdict.hits
    )
