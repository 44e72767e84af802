"""Explaining: findings ranked against the runbooks' signals, in the form that every model answers in."""

from __future__ import annotations

from collections.abc import Sequence

from agent.briefs import Brief
from agent.drafts import AnswerDraft, DiagnosisDraft, DraftClaim, FollowUp
from agent.knowledge import KnowledgeBase, Verdict
from agent.models import Evidence, Finding
from agent.specialists import Specialist
from agent.vocabulary import names_in
from tools.llm.offline.focus import focus_of
from tools.llm.offline.intents import Intent, intent_of, relevant

CARRIES = 0.35
"""Support from which a complete runbook counts as the cause."""
PRIOR_WEIGHT = 0.25
OTHER_RESOURCE_FACTOR = 0.6
MAX_CLAIMS = 6
MAX_DIRECT_CLAIMS = 3
AT_ONCE = (Intent.change, Intent.amount, Intent.waste, Intent.limits)
"""What findings answer by themselves, whatever else is wrong in the account."""
DIRECT = (Intent.when, Intent.amount, Intent.logs)
"""What a follow-up may ask for that findings answer by themselves."""
SPELLING = "is it spelt as in AWS? (I am the offline analyst: I know names and English words only.)"
GENERALISTS = ("infra", "logs")
"""Who looks into a resource when no runbook says who should."""
NOTEWORTHY = 0.5


def diagnose(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> DiagnosisDraft:
    """The best supported runbook's story, or what is known when none is carried."""
    verdict = best_verdict(brief, knowledge)
    claims = _claims(brief.evidence, verdict)
    if verdict is None:
        return DiagnosisDraft(
            summary=_what_is_known(brief),
            claims=claims,
            next_steps=["Look at the evidence below by hand; no runbook fits it."],
            follow_ups=follow_ups(brief, specialists, None),
        )
    book = verdict.runbook
    return DiagnosisDraft(
        summary=verdict.fill(book.summary),
        root_cause=verdict.fill(book.cause),
        nothing_wrong=book.nothing_wrong,
        runbook=book.name,
        claims=claims,
        ruled_out=_ruled_out(brief, knowledge, verdict),
        next_steps=[verdict.fill(step) for step in book.next_steps],
        follow_ups=follow_ups(brief, specialists, verdict),
    )


def answer(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> AnswerDraft:
    """An answer to the question that was asked: cause, time, change, amount or remedy."""
    verdict = best_verdict(brief, knowledge)
    intent = intent_of(brief.question)
    name = next(iter(names_in(brief.question)), "")
    if name and not _known(name, brief):
        return AnswerDraft(headline=f"I found nothing called {name} where I may look; {SPELLING}", claims=[])
    direct = _nearest(relevant(brief.evidence, intent), verdict if brief.conversation else None)
    # In a thread the cause was told before; asked for the first time, it belongs into the answer of when and which.
    if direct and (intent in AT_ONCE or (intent in DIRECT and brief.conversation)):
        claims = _unique([DraftClaim(text=finding.statement, evidence=[i]) for finding, i in direct])
        most = MAX_DIRECT_CLAIMS if brief.conversation else MAX_CLAIMS
        return AnswerDraft(headline=claims[0].text, runbook=_name(verdict), claims=claims[:most])
    claims = _claims(brief.evidence, verdict)
    if verdict is None:
        return AnswerDraft(
            headline=_what_is_known(brief), claims=claims, follow_ups=follow_ups(brief, specialists, None)
        )
    steps = [verdict.fill(step) for step in verdict.runbook.next_steps]
    headline = steps[0] if intent is Intent.remedy and steps else verdict.fill(verdict.runbook.cause)
    return AnswerDraft(
        headline=headline,
        runbook=verdict.runbook.name,
        claims=claims,
        next_steps=steps[1:4] if intent is Intent.remedy else steps[:3],
        follow_ups=follow_ups(brief, specialists, verdict),
    )


def best_verdict(brief: Brief, knowledge: KnowledgeBase) -> Verdict | None:
    """The complete runbook with the most support, weighed by how well it fits the words and the resource."""
    prior = dict[str, float]()
    found = knowledge.search(brief.text, len(knowledge.runbooks))
    for book, score in found:
        prior[book.name] = score / found[0][1]
    asked = Brief(now=brief.now, question=brief.question)
    about = brief.alert.get("resource") or focus_of(asked).known.get("resource", "")

    def weight(verdict: Verdict) -> float:
        fits = verdict.support * (1 + PRIOR_WEIGHT * prior.get(verdict.runbook.name, 0.0))
        return fits if not about or _mentions(verdict, about) else fits * OTHER_RESOURCE_FACTOR

    candidates = [v for v in knowledge.weigh(brief.evidence, about) if v.complete and v.support >= CARRIES]
    return max(candidates, key=weight, default=None)


def follow_ups(brief: Brief, specialists: Sequence[Specialist], verdict: Verdict | None) -> list[FollowUp]:
    """One more look by whoever has not yet looked at the resource that stands out, if that could change the outcome."""
    resource = focus_of(brief).known.get("resource", "")
    strong = any(f.resource == resource and f.strength > NOTEWORTHY for p in brief.evidence for f in p.findings)
    wanted = verdict.runbook.specialists if verdict else GENERALISTS
    if not resource or not strong:
        return []
    return [
        FollowUp(
            specialist=s.name, question=f"What is wrong with `{resource}`, since when, and what does it depend on?"
        )
        for s in specialists
        if s.name in wanted and not any(p.tool in s.tools and resource in p.question for p in brief.evidence)
    ]


def _nearest(found: Sequence[tuple[Finding, str]], verdict: Verdict | None) -> list[tuple[Finding, str]]:
    """What has to do with the thread's cause, if anything does: what carries it first."""
    if verdict is None:
        return list(found)
    carried = {hit.finding.statement for hit in verdict.hits}
    subjects = {hit.finding.resource for hit in verdict.hits}
    near = [pair for pair in found if pair[0].statement in carried or pair[0].resource in subjects]
    return sorted(near, key=lambda pair: pair[0].statement not in carried) if near else list(found)


def _known(name: str, brief: Brief) -> bool:
    """Whether anything that was found has to do with a name that the question uses."""
    wanted = name.lower()
    # "There was no write call on it" is said of anything, so only what departs from normal counts.
    findings = [f for piece in brief.evidence for f in piece.findings if f.strength >= NOTEWORTHY]
    near = any(f.resource and f.resource.lower() in wanted for f in findings)
    texts = (f"{f.resource} {f.statement} {' '.join(f.attributes.values())}" for f in findings)
    return not brief.evidence or near or any(wanted in text.lower() for text in texts)


def _claims(evidence: Sequence[Evidence], verdict: Verdict | None) -> list[DraftClaim]:
    """What carried the runbook, heaviest first, then the strongest other kinds of finding about the same resources."""
    hits = sorted(verdict.hits, key=lambda hit: -hit.signal.weight) if verdict else []
    chosen: dict[tuple[str, ...], tuple[Finding, str]] = {}
    for hit in hits:
        chosen.setdefault(_sameness(hit.finding), (hit.finding, hit.evidence_id))
    resources = {hit.finding.resource for hit in hits}
    for finding, evidence_id in relevant(evidence, Intent.why):
        fits = not resources or finding.resource in resources
        if fits and finding.strength >= NOTEWORTHY:
            chosen.setdefault(_sameness(finding), (finding, evidence_id))
    return [
        DraftClaim(text=f.statement, evidence=[evidence_id]) for f, evidence_id in list(chosen.values())[:MAX_CLAIMS]
    ]


def _sameness(finding: Finding) -> tuple[str, ...]:
    """Two findings alike in this say the same thing twice."""
    return (
        finding.kind,
        finding.resource,
        finding.attributes.get("metric", ""),
        finding.attributes.get("usage_type", ""),
    )


def _unique(claims: Sequence[DraftClaim]) -> list[DraftClaim]:
    """Each statement once, in order."""
    first: dict[str, DraftClaim] = {}
    for claim in claims:
        first.setdefault(claim.text, claim)
    return list(first.values())


def _ruled_out(brief: Brief, knowledge: KnowledgeBase, chosen: Verdict) -> list[str]:
    """Runbooks that the words suggest and the evidence does not carry."""
    verdicts = {verdict.runbook.name: verdict for verdict in knowledge.weigh(brief.evidence)}
    ruled_out: list[str] = []
    for book, _ in knowledge.search(brief.text, 3):
        missing = [s for s in verdicts[book.name].missing if s.required]
        if book.name != chosen.runbook.name and missing:
            ruled_out.append(f"No sign of {book.title[0].lower()}{book.title[1:]}.")
    return ruled_out


def _what_is_known(brief: Brief) -> str:
    strongest: list[tuple[Finding, str]] = [
        pair for pair in relevant(brief.evidence, Intent.why) if pair[0].strength >= NOTEWORTHY
    ]
    if strongest:
        return f"Inconclusive. What stands out: {strongest[0][0].statement}"
    readable = [piece for piece in brief.evidence if piece.status in ("ok", "no_data")]
    if not readable:
        return "Inconclusive: nothing could be read."
    return f"Inconclusive: {len(readable)} checks found nothing out of the ordinary."


def _mentions(verdict: Verdict, resource: str) -> bool:
    wanted = resource.lower()
    return any(
        wanted in hit.finding.resource.lower()
        or (hit.finding.resource and hit.finding.resource.lower() in wanted)
        or wanted in hit.finding.statement.lower()
        for hit in verdict.hits
    )


def _name(verdict: Verdict | None) -> str:
    return verdict.runbook.name if verdict else ""
