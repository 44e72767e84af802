"""Explaining: findings ranked against the runbooks' signals, in the form that every model answers in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches

from agent import absence
from agent.briefs import Brief
from agent.diagnosis import look_by_hand, unexplained
from agent.drafts import AnswerDraft, DiagnosisDraft, DraftClaim, FollowUp
from agent.knowledge import KnowledgeBase, Runbook, Verdict
from agent.linking import FAILING, Named, named_by
from agent.models import Evidence, Finding
from agent.specialists import Specialist
from agent.vocabulary import names_in, service_in
from tools.llm.offline.claims import MAX_CLAIMS, NOTEWORTHY, claims_for, under_headline
from tools.llm.offline.direct import OF_NO_RESOURCE, direct, of_subjects
from tools.llm.offline.disagreements import disagreements
from tools.llm.offline.focus import subjects_in
from tools.llm.offline.followups import follow_ups, once_more
from tools.llm.offline.freshness import as_of, is_stale, newest
from tools.llm.offline.intents import Intent, intent_of, relevant
from tools.llm.offline.inventory import in_full
from tools.llm.offline.parts import each_listed
from tools.llm.offline.readings import with_reading
from tools.llm.offline.router import NEW_SUBJECT, asked_parts
from tools.llm.offline.thread import wanted
from tools.llm.offline.verdicts import best_verdict, headline_of, main_resource, subjects_of, told_causes
from tools.llm.offline.wording import CHANGES_ASKED, NOW, checked_thing, is_check, unseen_slowness, yes_or_no

MAX_STEPS = 3
ALIKE = 0.6
"""How alike two names must be for one to be a misspelling of the other."""
SUGGESTED = 6
"""Runbooks that a text may suggest, beside the cause's own."""
UNDER_ALL = ("health",)
"""Of what anything in an account may suffer from."""
NOT_NOW = (Intent.when, Intent.change, Intent.spend, Intent.forecast)
"""What is as it was when the thread's evidence was read."""


def diagnose(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> DiagnosisDraft:
    """The best supported runbook's story, or what is known when none is carried.

    Only what has to do with the alert counts; what else fails in the account is told as that.
    """
    named = named_by(brief.alert)
    everything, brief = brief, replace(brief, evidence=named.only(brief.evidence))
    verdict = best_verdict(brief, knowledge)
    if verdict is None:
        return _unexplained(brief, named, everything.evidence, follow_ups(everything, specialists, None))
    claims = claims_for(brief.evidence, verdict)
    book = verdict.runbook
    summary, cause = verdict.fill(book.summary), verdict.fill(book.cause)
    return DiagnosisDraft(
        summary=summary,
        root_cause=cause,
        nothing_wrong=book.nothing_wrong,
        runbook=book.name,
        claims=under_headline(cause, verdict, claims, summary),
        ruled_out=_ruled_out(brief, knowledge, verdict),
        next_steps=[verdict.fill(step) for step in book.next_steps],
        follow_ups=follow_ups(brief, specialists, None if book.name in brief.refuted else verdict),
    )


def _unexplained(brief: Brief, named: Named, everything: Sequence[Evidence], more: list[FollowUp]) -> DiagnosisDraft:
    """What stands out of what has to do with the alert, or that there is no such thing; and what fails besides."""
    loud = [f for f in named.linked(everything) if f.strength >= NOTEWORTHY and f.kind in FAILING]
    if loud or not absence.readable(everything):
        steps = ["Look at what stands out by hand; no runbook fits it."]
        summary, claims = _what_is_known(brief), claims_for(brief.evidence, None)
        return DiagnosisDraft(summary=summary, claims=claims, next_steps=steps, follow_ups=more)
    summary, others = unexplained(named, everything)
    claims = [DraftClaim(text=claim.text, evidence=list(claim.evidence)) for claim in others]
    return DiagnosisDraft(summary=summary, claims=claims, next_steps=[look_by_hand(named)], follow_ups=more)


def answer(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> AnswerDraft:
    """An answer to what was asked; of a compound question, one answer to each of its parts."""
    brief = in_full(replace(brief, evidence=newest(brief.evidence, brief.now)))
    parts = asked_parts(brief.question, knowledge, specialists)
    each = [_part_of(brief, part, parts) for part in parts]
    if len(parts) == 1 and (listed := each_listed(brief.question, brief.scope.get("listed", ""))):
        each = [replace(brief, question=part, scope=brief.scope | {"resource": name}) for name, part in listed.items()]
    drafts = [_answer_part(one, knowledge, specialists, len(each) > 1) for one in each]
    whole = drafts[0] if len(drafts) == 1 else _together(drafts)
    return whole.model_copy(update={"disagreements": disagreements(brief.evidence)})


def _part_of(brief: Brief, part: str, parts: Sequence[str]) -> Brief:
    """The brief for a part: a name that only another part speaks of is not its own."""
    named = [each for each in parts if subjects_in(each, [brief.scope.get("resource", "")])]
    own = not named or part in named
    scope = {key: value for key, value in brief.scope.items() if own or key not in ("resource", "service")}
    return replace(brief, question=part, scope=scope)


def _together(drafts: Sequence[AnswerDraft]) -> AnswerDraft:
    """The parts' answers in their order, a sentence of the first line each."""
    most = max(1, MAX_CLAIMS // len(drafts)) + 1
    steps = dict.fromkeys(step for draft in drafts for step in draft.next_steps[:2])
    headlines = {
        draft.headline.removeprefix("Yes: ").removeprefix("No: "): draft.headline for draft in reversed(drafts)
    }
    claims = {claim.text: claim for draft in drafts for claim in draft.claims[:most]}
    return AnswerDraft(
        headline=" ".join(said for said in reversed(headlines.values()) if said and not _is_in(said, headlines)),
        runbook=", ".join(dict.fromkeys(draft.runbook for draft in drafts if draft.runbook)),
        plain=all(draft.plain for draft in drafts),
        claims=list(claims.values()),
        next_steps=list(steps)[:MAX_STEPS],
        unanswered=[gap for draft in drafts for gap in draft.unanswered],
        follow_ups=[follow_up for draft in drafts for follow_up in draft.follow_ups],
    )


def _is_in(said: str, headlines: Collection[str]) -> bool:
    """Whether another part's first line says it, too, after a figure of its own."""
    return any(other != said and other.endswith(said) for other in headlines)


def _answer_part(
    brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist], is_part: bool = False
) -> AnswerDraft:
    """Cause, time, change, amount or remedy."""
    intent = wanted(brief)
    told = " ".join(line for line in brief.conversation if line.startswith("assistant:"))
    other_than = told if NEW_SUBJECT.search(brief.question) else ""
    verdict = best_verdict(brief, knowledge, is_part or is_check(brief.question), other_than)
    draft = None if intent in OF_NO_RESOURCE else _about_a_name(brief, knowledge, verdict, is_part)
    causes = told_causes(brief, knowledge)
    draft = draft or direct(brief, intent, verdict, causes)
    again = intent is not intent_of(brief.question)  # what was asked before is meant: `and yesterday?`
    as_such = intent is not Intent.change or again or CHANGES_ASKED.search(brief.question)
    if draft and not as_such and _is_no_change(draft, brief):
        draft = None  # nothing that anybody did: then what else broke it
    draft = with_reading(draft or _cause(brief, intent, verdict, specialists), brief)
    if intent in NOT_NOW or not brief.conversation:
        return draft
    stale = bool(brief.evidence) and all(is_stale(piece, brief.now) for piece in absence.readable(brief.evidence))
    if stale and (intent is Intent.amount or NOW.search(brief.question)):
        again = once_more(brief, specialists, verdict)
        draft = draft.model_copy(update={"follow_ups": [*draft.follow_ups, *again]})
    return as_of(draft, brief.evidence, brief.now)


def _cause(brief: Brief, intent: Intent, verdict: Verdict | None, specialists: Sequence[Specialist]) -> AnswerDraft:
    """The runbook that the evidence carries, in a sentence, or what is known without one."""
    claims = claims_for(brief.evidence, verdict)
    more = follow_ups(brief, specialists, verdict)
    if verdict is None:
        return AnswerDraft(headline=_what_is_known(brief), claims=claims, follow_ups=more)
    book = verdict.runbook
    steps = [verdict.fill(step) for step in book.next_steps]
    if intent is Intent.remedy and steps:
        rest = steps[1 : MAX_STEPS + 1]
        return AnswerDraft(headline=steps[0], runbook=book.name, claims=claims, next_steps=rest, follow_ups=more)
    said = headline_of(verdict, brief.now)
    headline, other_trouble = said, unseen_slowness(brief.question, verdict)
    if other_trouble:
        headline = f"Nothing I read shows that it is slow. What stands out: {said}"
    elif not book.nothing_wrong:
        headline = f"{yes_or_no(brief.question, wrong=True)}{said}"
    return AnswerDraft(
        headline=headline,
        runbook="" if other_trouble else book.name,
        claims=under_headline(headline, verdict, claims),
        next_steps=steps[:MAX_STEPS],
        follow_ups=more,
    )


def _about_a_name(brief: Brief, knowledge: KnowledgeBase, verdict: Verdict | None, is_part: bool) -> AnswerDraft | None:
    """That what a question names is as it should be, or that nobody knows it; None where there is more to say."""
    if not brief.evidence:
        return None
    known, spelt = brief.scope.get("resource", ""), next(iter(names_in(brief.question)), "")
    name = known if known and (not spelt or _alike(spelt, [known])) else spelt
    service, checks = service_in(brief.question), is_part or is_check(brief.question)
    thing = "" if name or service or subjects_of(brief) else checked_thing(brief.question)
    if thing and not absence.is_seen(thing, brief.evidence):
        return _unknown(thing, brief, knowledge)
    if (verdict and checks) or not (spelt or checks):
        return None
    if name and not absence.stands_out(name, brief.evidence):
        seen = absence.is_seen(name, brief.evidence) or name == known
        if seen and wanted(brief) is Intent.change:
            return None  # that nothing changed is what was found
        return _all_well(name, brief) if seen else _unknown(name, brief, knowledge)
    spoken_of = "" if name or not checks else next(iter(subjects_of(brief)), service)
    well = spoken_of and not any(absence.stands_out(each, brief.evidence) for each in (spoken_of, service) if each)
    return _all_well(spoken_of, brief) if well else None


def _all_well(name: str, brief: Brief) -> AnswerDraft:
    """With the looks that found nothing; a part at which nobody looked stays unanswered."""
    known = {name.lower(), brief.scope.get("resource", name).lower()}
    pieces = absence.readable(brief.evidence)
    looks = [p.id for p in pieces if any(each in p.question.lower() for each in known)]
    looks = looks or [p.id for p in pieces if any(f.resource.lower() in known for f in p.findings)]
    if not looks:
        return AnswerDraft(headline="", claims=[], unanswered=[brief.question], plain=True)
    said = absence.all_well(name, len(looks))
    headline = f"{yes_or_no(brief.question, wrong=False)}{said}"
    return AnswerDraft(headline=headline, claims=[DraftClaim(text=headline, evidence=looks)], plain=True)


def _unknown(name: str, brief: Brief, knowledge: KnowledgeBase) -> AnswerDraft:
    """That nothing has this name, and what else may be meant: the nearest name, or what is in trouble."""
    others = (f for p in brief.evidence for f in p.findings if f.resource and f.resource.lower() != name.lower())
    found = sorted(others, key=lambda f: -f.strength)
    other = best_verdict(replace(brief, question=""), knowledge)
    loudest = main_resource(other) if other else next((f.resource for f in found if f.strength >= NOTEWORTHY), "")
    meant = _alike(name, [f.resource for f in found]) or ("" if names_in(brief.question) else loudest)
    looks = [p.id for p in absence.readable(brief.evidence) if any(f.resource == meant for f in p.findings)]
    if not meant or not looks:
        return AnswerDraft(headline=absence.no_name(name), claims=[], plain=True)
    headline = absence.did_you_mean(name, meant)
    about = [headline_of(other, brief.now)] if other and main_resource(other) == meant else []
    claims = [DraftClaim(text=text, evidence=looks) for text in about]
    return AnswerDraft(headline=headline, claims=claims or [DraftClaim(text=headline, evidence=looks)], plain=True)


def _alike(name: str, names: Sequence[str]) -> str:
    return next(iter(get_close_matches(name, names, 1, ALIKE)), "")


def _is_no_change(draft: AnswerDraft, brief: Brief) -> bool:
    kinds = {f.statement: f.kind for piece in brief.evidence for f in piece.findings}
    return all(kinds.get(claim.text) == "no_change" for claim in draft.claims)


def _ruled_out(brief: Brief, knowledge: KnowledgeBase, chosen: Verdict) -> list[str]:
    """Runbooks that the words suggest and the evidence does not carry, though it was looked for."""
    verdicts = {verdict.runbook.name: verdict for verdict in knowledge.weigh(brief.evidence)}
    looked = {piece.tool for piece in absence.readable(brief.evidence)}
    ruled_out: list[str] = []
    for book, _ in knowledge.search(brief.text, SUGGESTED):
        missing = verdicts[book.name].missing
        unseen = all(signal in missing for signal in book.signals if signal.required)
        if book.name != chosen.runbook.name and unseen and _is_rival(book, chosen.runbook, looked):
            ruled_out.append(f"{book.title}: no sign of it.")
    return ruled_out


def _is_rival(book: Runbook, chosen: Runbook, looked: Collection[str]) -> bool:
    """Whether somebody would think of it too: most of its services are the cause's, or what is under all of them."""
    shared = set(book.services) & {*chosen.services, *UNDER_ALL}
    read = [tool for tool in book.gather if tool in looked]
    return 2 * len(shared) > len(book.services) and 2 * len(read) > len(book.gather)


def _departs(finding: Finding) -> bool:
    return finding.strength >= NOTEWORTHY and not finding.kind.endswith(("_steady", "_healthy", "_quiet"))


def _what_is_known(brief: Brief) -> str:
    strongest = [pair for pair in relevant(brief.evidence, Intent.why) if _departs(pair[0])]
    if strongest:
        return f"Inconclusive. What stands out: {of_subjects(strongest, subjects_of(brief))[0][0].statement}"
    readable = absence.readable(brief.evidence)
    return absence.nothing_unusual(len(readable)) if readable else absence.UNREAD
