"""Questions that findings answer by themselves: what changed, who did it, since when, how much."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from agent import absence
from agent.briefs import Brief
from agent.drafts import AnswerDraft, DraftClaim
from agent.figures import count
from agent.knowledge import CHANGES, Verdict, words
from agent.models import Evidence, Finding
from tools.llm.offline.claims import MAX_CLAIMS, Found, claims_of, each_once, near, newest_first
from tools.llm.offline.intents import KINDS, Intent, relevant
from tools.llm.offline.inventory import told_inventory
from tools.llm.offline.spend import told_totals
from tools.llm.offline.thread import time_of
from tools.llm.offline.verdicts import is_about, main_resource, onset_of, subjects_of, when
from tools.llm.offline.wording import uncounted

MAX_DIRECT_CLAIMS = 3
AT_ONCE = (
    Intent.change,
    Intent.amount,
    Intent.spend,
    Intent.forecast,
    Intent.waste,
    Intent.limits,
    Intent.outage,
    Intent.inventory,
)
"""What findings answer by themselves, whatever else is wrong in the account."""
IN_A_THREAD = (Intent.when, Intent.logs)
"""What they answer by themselves once the cause was told; before that it belongs into the answer."""
MAX_HEADLINE = 120
"""Characters of a change in the first line; the claim below has all of it."""
MIN_HEADLINE = 45
"""What is left of it: `dana (role media)` is a name, and no change yet."""
_CLAUSE = re.compile(r"; | \(|, (?=\d|about )")
OF_NO_RESOURCE = (Intent.waste, Intent.limits, Intent.outage, Intent.inventory)


def direct(brief: Brief, intent: Intent, verdict: Verdict | None, causes: Sequence[Verdict]) -> AnswerDraft | None:
    """The findings that answer the question by themselves, or None where the cause is wanted or none does."""
    if intent not in (AT_ONCE + IN_A_THREAD if brief.conversation else AT_ONCE):
        return None
    if len(causes) > 1 and intent in (Intent.when, Intent.change):
        return _for_each(causes, intent, brief)
    if intent is Intent.inventory and (listed := told_inventory(brief.question, brief.evidence)):
        return listed
    if intent is Intent.spend and (told := told_totals(brief)):
        return told
    found = _in_its_words(relevant(_in_range(brief.evidence, intent, brief), intent), brief.question)
    found = of_subjects(found, [main_resource(c) for c in causes] or subjects_of(brief))
    ranked = near(found, verdict if brief.conversation else None)
    if not ranked:
        said = _none_found(brief, intent)
        return AnswerDraft(headline=said, claims=[], plain=True) if said else None
    most = MAX_DIRECT_CLAIMS if brief.conversation else MAX_CLAIMS
    if intent is Intent.when:
        ranked = _earliest(ranked)
    claims = claims_of(ranked)[:most]
    headline = claims[0].text
    if intent is Intent.change and len(claims) > 1:
        claims = each_once(claims_of(newest_first(ranked[:most])))
        several = f"Of {count(len(claims), 'change')} the most relevant: " if len(claims) > 1 else ""
        headline = f"{several}{_short(headline)}"
    elif intent is Intent.when:
        time = when(ranked[0][0], brief.now)
        headline = f"Since {time}: {headline.replace(f' at {time}', '')}"
    elif noun := uncounted(brief.question, [finding for finding, _ in ranked]):
        headline = f"Nothing I read counts {noun}; the nearest is this: {headline}"
    return AnswerDraft(headline=headline, claims=claims, plain=True)


def of_subjects(found: Sequence[Found], subjects: Sequence[str]) -> list[Found]:
    """Those about what the question speaks of come first."""
    return sorted(found, key=lambda pair: not any(is_about(pair[0], subject) for subject in subjects))


def _for_each(causes: Sequence[Verdict], intent: Intent, brief: Brief) -> AnswerDraft | None:
    """Of several causes in a thread, a line for each: since when, or by whom."""
    pick = onset_of if intent is Intent.when else _deed
    told = [(main_resource(cause), finding) for cause in causes if (finding := pick(cause))]
    tell = when if intent is Intent.when else _by
    lines = [f"{name}: {tell(finding, brief.now)}" for name, finding in told]
    ids = {hit.finding.statement: hit.evidence_id for cause in causes for hit in cause.hits}
    claims = [DraftClaim(text=f.statement, evidence=[ids[f.statement]]) for _, f in told]
    return AnswerDraft(headline=f"{'; '.join(lines)}.", claims=claims, plain=True) if len(told) > 1 else None


def _deed(cause: Verdict) -> Finding | None:
    """The change that a cause goes back to: one by somebody before one by nobody who is known."""
    deeds = [hit.finding for hit in cause.hits if hit.finding.kind in CHANGES]
    return min(deeds, key=lambda finding: not finding.attributes.get("principal"), default=None)


def _short(statement: str) -> str:
    """A sentence without the clauses at its end that make it longer than a first line should be."""
    while (
        len(statement) > MAX_HEADLINE
        and (ends := list(_CLAUSE.finditer(statement)))
        and ends[-1].start() >= MIN_HEADLINE
    ):
        statement = f"{statement[: ends[-1].start()].rstrip()}."
    opened = statement.rfind("(")
    return f"{statement[:opened].rstrip()}." if opened > 0 and ")" not in statement[opened:] else statement


def _by(finding: Finding, now: datetime) -> str:
    """`dana (role media): PutBucketNotification, 19 Nov 12:38 UTC`."""
    what = finding.attributes.get("event", "") or finding.attributes.get("version", "")
    who = finding.attributes.get("principal", "") or "nobody who is known"
    return f"{who} ({', '.join(part for part in (what, when(finding, now)) if part)})"


def _in_range(evidence: Sequence[Evidence], intent: Intent, brief: Brief) -> list[Evidence]:
    """With the changes in the range that the question names; one of an older day answers no `in the last hour`."""
    if intent is not Intent.change:
        return list(evidence)
    start, end = (time_of(brief.scope.get(name, "")) for name in ("start", "end"))

    def fits(finding: Finding) -> bool:
        return not finding.at or ((not start or start <= finding.at) and (not end or finding.at <= end))

    return [piece.model_copy(update={"findings": tuple(filter(fits, piece.findings))}) for piece in evidence]


def _in_its_words(found: Sequence[Found], question: str) -> list[Found]:
    """Those that share words with the question come first: `who deleted the endpoint?` is about DeleteVpcEndpoints."""
    asked = set(words(question))
    return sorted(found, key=lambda pair: -len(asked & set(words(pair[0].statement))))


def _earliest(ranked: Sequence[Found]) -> list[Found]:
    """The first sign of the resource that ranks first comes first."""
    about = ranked[0][0].resource
    return sorted(ranked, key=lambda pair: (pair[0].resource != about, pair[0].kind == "cost_rise", pair[0].at))


def _none_found(brief: Brief, intent: Intent) -> str:
    """That there is none, or that nobody could look; "" where the cause may answer instead."""
    if intent is Intent.change and absence.changes_unread(brief.evidence):
        return absence.WHO_UNREAD
    if intent not in OF_NO_RESOURCE:
        return ""
    return absence.none_of(KINDS[intent]) if absence.readable(brief.evidence) else absence.UNREAD
