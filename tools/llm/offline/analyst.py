"""Explaining: findings ranked against the runbooks' signals, in the form that every model answers in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.briefs import Brief
from agent.drafts import AnswerDraft, DiagnosisDraft
from agent.figures import count
from agent.knowledge import KnowledgeBase, Verdict, words
from agent.models import Finding
from agent.specialists import Specialist
from agent.vocabulary import names_in
from tools.llm.offline.claims import (
    MAX_CLAIMS,
    NOTEWORTHY,
    Found,
    claims_for,
    claims_of,
    near,
    newest_first,
    under_headline,
)
from tools.llm.offline.disagreements import disagreements
from tools.llm.offline.followups import follow_ups
from tools.llm.offline.intents import KINDS, Intent, intent_of, relevant
from tools.llm.offline.router import asked_parts
from tools.llm.offline.verdicts import best_verdict, is_about, subjects_of

MAX_DIRECT_CLAIMS = 3
MAX_STEPS = 3
AT_ONCE = (
    Intent.change,
    Intent.amount,
    Intent.spend,
    Intent.forecast,
    Intent.waste,
    Intent.limits,
    Intent.outage,
)
"""What findings answer by themselves, whatever else is wrong in the account."""
IN_A_THREAD = (Intent.when, Intent.logs)
"""What they answer by themselves once the cause was told; before that it belongs into the answer."""
OF_NO_RESOURCE = (Intent.waste, Intent.limits, Intent.outage)
SPELLING = "is it spelt as in AWS? (I am the offline analyst: I know names and English words only.)"
_NO_LOOK = ("no_change", "log_quiet")
"""Kinds that are found of a name whether it exists or not."""


def diagnose(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> DiagnosisDraft:
    """The best supported runbook's story, or what is known when none is carried."""
    verdict = best_verdict(brief, knowledge)
    claims = claims_for(brief.evidence, verdict)
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
    """An answer to what was asked; of a compound question, one answer to each of its parts."""
    parts = asked_parts(brief.question, knowledge, specialists)
    drafts = [_answer_part(replace(brief, question=part), knowledge, specialists) for part in parts]
    whole = drafts[0] if len(drafts) == 1 else _together(parts, drafts)
    return whole.model_copy(update={"disagreements": disagreements(brief.evidence)})


def _together(parts: Sequence[str], drafts: Sequence[AnswerDraft]) -> AnswerDraft:
    """The parts' answers in their order; of several runbooks none is the whole answer's."""
    each = max(1, MAX_CLAIMS // len(drafts))
    books = {draft.runbook for draft in drafts}
    steps = dict.fromkeys(step for draft in drafts for step in draft.next_steps[:2])
    headlines = dict.fromkeys(draft.headline for draft in drafts)
    claims = {claim.text: claim for draft in drafts for claim in draft.claims[:each]}
    return AnswerDraft(
        headline=" ".join(headlines),
        runbook=books.pop() if len(books) == 1 else "",
        claims=list(claims.values()),
        next_steps=list(steps)[:MAX_STEPS],
        follow_ups=[follow_up for draft in drafts for follow_up in draft.follow_ups],
    )


def _answer_part(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> AnswerDraft:
    """Cause, time, change, amount or remedy."""
    verdict = best_verdict(brief, knowledge)
    intent = intent_of(brief.question)
    name = next(iter(names_in(brief.question)), "")
    if name and intent not in OF_NO_RESOURCE and not _stands_out(name, brief):
        return AnswerDraft(headline=_about_a_name(name, brief), claims=[])
    direct = _direct(brief, intent, verdict)
    if direct:
        return direct
    if verdict is None:
        claims = claims_for(brief.evidence, None)
        more = follow_ups(brief, specialists, None)
        return AnswerDraft(headline=_what_is_known(brief), claims=claims, follow_ups=more)
    steps = [verdict.fill(step) for step in verdict.runbook.next_steps]
    remedy = intent is Intent.remedy and bool(steps)
    cause = verdict.fill(verdict.runbook.cause)
    claims = claims_for(brief.evidence, verdict)
    return AnswerDraft(
        headline=steps[0] if remedy else cause,
        runbook=verdict.runbook.name,
        claims=claims if remedy else under_headline(cause, verdict, claims),
        next_steps=steps[1 : MAX_STEPS + 1] if remedy else steps[:MAX_STEPS],
        follow_ups=follow_ups(brief, specialists, verdict),
    )


def _direct(brief: Brief, intent: Intent, verdict: Verdict | None) -> AnswerDraft | None:
    """The findings that answer the question by themselves, or None where the cause is wanted or none does."""
    if intent not in (AT_ONCE + IN_A_THREAD if brief.conversation else AT_ONCE):
        return None
    found = _in_its_words(relevant(brief.evidence, intent), brief.question)
    found = _of_subjects(found, subjects_of(brief))
    ranked = near(found, verdict if brief.conversation else None)
    if not ranked:
        return AnswerDraft(headline=_none_found(brief, intent), claims=[]) if intent in OF_NO_RESOURCE else None
    most = MAX_DIRECT_CLAIMS if brief.conversation else MAX_CLAIMS
    if intent is Intent.when:
        ranked = _earliest(ranked)
    claims = claims_of(ranked)[:most]
    headline = claims[0].text
    if intent is Intent.change and len(claims) > 1:
        claims = claims_of(newest_first(ranked[:most]))
        headline = f"Of {count(len(claims), 'change')} the most relevant: {headline}"
    return AnswerDraft(headline=headline, runbook=verdict.runbook.name if verdict else "", claims=claims)


def _of_subjects(found: Sequence[Found], subjects: Sequence[str]) -> list[Found]:
    """Those about what the question speaks of come first."""
    return sorted(found, key=lambda pair: not any(is_about(pair[0], subject) for subject in subjects))


def _in_its_words(found: Sequence[Found], question: str) -> list[Found]:
    """Those that share words with the question come first: `who deleted the endpoint?` is about DeleteVpcEndpoints."""
    asked = set(words(question))
    return sorted(found, key=lambda pair: -len(asked & set(words(pair[0].statement))))


def _earliest(ranked: Sequence[Found]) -> list[Found]:
    """The first sign of the resource that ranks first comes first."""
    about = ranked[0][0].resource
    return sorted(ranked, key=lambda pair: (pair[0].resource != about, pair[0].kind == "cost_rise", pair[0].at))


def _none_found(brief: Brief, intent: Intent) -> str:
    wanted = " or ".join(KINDS[intent]).replace("_", " ")
    readable = [piece for piece in brief.evidence if piece.status in ("ok", "no_data")]
    return f"Nothing was found ({wanted})." if readable else "Inconclusive: nothing could be read."


def _stands_out(name: str, brief: Brief) -> bool:
    """Whether anything that departs from normal has to do with a name that the question uses."""
    wanted = name.lower()
    findings = [f for piece in brief.evidence for f in piece.findings if f.strength >= NOTEWORTHY]
    close = any(f.resource and f.resource.lower() in wanted for f in findings)
    return not brief.evidence or close or any(wanted in _text(f) for f in findings)


def _about_a_name(name: str, brief: Brief) -> str:
    """That a resource is as it should be, or that nobody knows it."""
    wanted = name.lower()
    seen = [f for piece in brief.evidence for f in piece.findings if f.kind not in _NO_LOOK and wanted in _text(f)]
    if not seen and brief.scope.get("resource", "").lower() != wanted:
        return f"I found nothing called {name} where I may look; {SPELLING}"
    looks = sum(wanted in piece.question.lower() for piece in brief.evidence if piece.status in ("ok", "no_data"))
    return f"{name} shows nothing out of the ordinary in {count(looks, 'check')}."


def _text(finding: Finding) -> str:
    return f"{finding.resource} {finding.statement} {' '.join(finding.attributes.values())}".lower()


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
    strongest = [pair for pair in relevant(brief.evidence, Intent.why) if pair[0].strength >= NOTEWORTHY]
    if strongest:
        return f"Inconclusive. What stands out: {_of_subjects(strongest, subjects_of(brief))[0][0].statement}"
    readable = [piece for piece in brief.evidence if piece.status in ("ok", "no_data")]
    if not readable:
        return "Inconclusive: nothing could be read."
    return f"Inconclusive: {len(readable)} checks found nothing out of the ordinary."
