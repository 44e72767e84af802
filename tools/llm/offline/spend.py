"""Questions for what something cost: which days are meant, what they compare with, and the totals as the answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from agent.briefs import Brief
from agent.drafts import AnswerDraft, DraftClaim
from agent.models import Evidence, EvidenceStatus, Finding, TimeRange
from agent.time_phrases import resolve
from agent.vocabulary import SERVICES
from tools.llm.offline.claims import MAX_CLAIMS
from tools.llm.offline.intents import Intent, intent_of
from tools.llm.offline.thread import time_of

USUAL_DAYS = 30
WEEK_DAYS = 7
"""What is added up where no time is named."""
MAX_TOP = 10
MAX_MOVES = 2
STRONG_MOVE = 0.5
MAX_SERVICES = 3
CLOSE = timedelta(minutes=30)
BREAKDOWN = "cost_breakdown"
ARGUMENTS = ("start", "end", "against", "by", "top", "account")
TOTAL = "cost_total"
MOVES = ("cost_rise", "cost_drop")
_AGAINST = re.compile(r"\b(?:vs\.?|versus|against|compared?\s+(?:to|with)|than|to|with|and)\b", re.I)
_COMPARES = re.compile(r"\b(?:vs\.?|versus|against|compar\w+|than)\b", re.I)
_BY_MONTH = re.compile(r"\b(?:(?:per|a|each|every)\s+month|monthly|month'?s? bill|in a month)\b", re.I)
_IS_NOW = re.compile(r"\b(?:are|is|has|have|am|do|spending|paying|now)\b", re.I)
_MONTH = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)(?![a-z]))(?: 20\d\d)?\b",
    re.I,
)
_BILL = re.compile(r"\b(?:bill|invoice)\b", re.I)
_TOP = re.compile(
    r"\b(?:top|first|largest|biggest)\s+(\d+|three|five|ten)\b|\b(\d+|three|five|ten)\s+(?:most|largest|biggest)\b",
    re.I,
)
_RANKED = re.compile(
    r"\b(?:top|largest|biggest|highest|priciest|most expensive|where (?:does|do|is) |what are we (?:spending|paying)"
    r"|(?:cost|spend|pay|paying)\w*(?: us)? the most)",
    re.I,
)
_OF_A_MOVE = re.compile(
    r"\bthan (?:usual|normal|expected|before|ever)\b|\banomal|\b(?:extra|on top)\b|\bsince (?:then|that)\b|\bsince\W*$"
    r"|\b(?:it|this|that|loop|incident|outage|leak|spike|bug|mistake) (?:has |have )?costs?\b",
    re.I,
)
"""What somebody's trouble cost, or what costs more than it should: no sum of a bill says that."""
_ONLY_BILLED = (  # noqa: SIM905 -- words
    "cloudfront cloudwatch kinesis sns athena glue sagemaker bedrock opensearch elasticache guardduty cloudtrail kms"
    " textract waf lightsail macie inspector cognito appsync quicksight comprehend transcribe rekognition eventbridge"
).split()
_BILLED: dict[str, str] = {name: name for name in _ONLY_BILLED} | {
    "route 53": "Route 53",
    "route53": "Route 53",
    "eks": "Kubernetes",
    "kubernetes": "Kubernetes",
    "emr": "Elastic MapReduce",
    "ecr": "Container Registry",
    "efs": "Elastic File System",
    "secrets manager": "Secrets Manager",
    "direct connect": "Direct Connect",
    "aws config": "AWS Config",
    "dms": "Database Migration Service",
    "msk": "Managed Streaming",
}
"""Services that only the bill knows, and what their names in Cost Explorer contain."""
_NUMBERS = {"three": 3, "five": 5, "ten": 10}
_BY: tuple[tuple[str, str], ...] = (
    ("account", r"\b(?:per|by|each|every|which|what|top \d*|of the) (?:aws |linked |member )?accounts?\b"),
    ("region", r"\b(?:per|by|each|every|which|what|top \d*|of the) (?:aws )?regions?\b"),
    ("tag", r"\b(?:per|by|each|every|which|what|top \d*|of the) (?:tags?|teams?|projects?|owners?|environments?)\b"),
    ("usage_type", r"\b(?:per|by|each|every|which|what|top \d*) usage types?\b"),
)


def spend_arguments(question: str, scope: dict[str, str], now: datetime) -> dict[str, str]:
    """`start`, `end`, `against`, `by` and `top` of the breakdown that the question asks for, as far as it says them.

    Days of bills are UTC, whoever asks.
    """
    found = {"top": str(count)} if (count := top_of(question)) else {}
    if by := next((by for by, pattern in _BY if re.search(pattern, question, re.I)), ""):
        found["by"] = by
    if pair := _compared(question, now):
        later, earlier = sorted(pair, key=lambda span: span.start, reverse=True)
        return {**found, **_range(later), "against": _against(later, earlier)}
    if scope.get("start"):
        return found
    if (phrase := resolve(question, now, "UTC")) and phrase.range:
        return {**found, **_range(phrase.range)}
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if _BY_MONTH.search(question):
        last = (month - timedelta(days=1)).replace(day=1)
        return {**found, **_range(TimeRange(start=last, end=month))}
    if _BILL.search(question) and month.date() < now.date():
        return {**found, "start": month.isoformat()}
    return {**found, "start": f"-{USUAL_DAYS}d"}


def top_of(question: str) -> int:
    """How many of the largest are asked for; 0 where they are not."""
    if match := _TOP.search(question):
        said = (match[1] or match[2]).lower()
        return min(max(_NUMBERS.get(said) or int(said), 1), MAX_TOP)
    return 5 if _RANKED.search(question) else 0


def services_of(question: str) -> list[str]:
    """The services that a question asks the cost of, as the breakdown takes them, in their order."""
    lower = question.lower()
    spoken = [(name, key) for key, names in SERVICES.items() for name in names] + list(_BILLED.items())
    found = [(m.start(), key) for name, key in spoken if (m := re.search(rf"\b{re.escape(name)}\b", lower))]
    return list(dict.fromkeys(key for _, key in sorted(found)))[:MAX_SERVICES]


def spend_calls(question: str, known: dict[str, str], tools: Collection[str]) -> list[tuple[str, dict[str, str]]]:
    """One breakdown for each service that is asked for, or one of all; none where another tool answers."""
    if BREAKDOWN not in tools or intent_of(question) is not Intent.spend:
        return []
    services = services_of(question)
    if known.get("resource") and not services:
        return []
    shared = {name: known[name] for name in ARGUMENTS if known.get(name)}
    return [(BREAKDOWN, shared | ({"service": each} if each else {})) for each in services or [""]]


def has_total(brief: Brief) -> bool:
    """Whether the thread knows the sum of just this range and service: that of another one is no answer."""
    start, end = time_of(brief.scope.get("start", "")), time_of(brief.scope.get("end", ""))
    services = services_of(brief.question)
    known = [(piece.time_range, whole) for piece in brief.evidence if (whole := _whole(piece))]
    return not _COMPARES.search(brief.question) and any(
        (not services or whole.attributes.get("service") in services)
        and (not start or not span or abs(span.start - start) < CLOSE)
        and (not end or not span or abs(span.end - end) < CLOSE)
        for span, whole in known
    )


def told_totals(brief: Brief) -> AnswerDraft | None:
    """The sums as the first line, then the largest parts and what moved most.

    None without a sum, and where the rise itself, or one resource, is what is asked for.
    """
    services = services_of(brief.question)
    if _OF_A_MOVE.search(brief.question) or (brief.scope.get("resource") and not services):
        return None
    pieces = _meant([piece for piece in brief.evidence if _whole(piece)], services, brief)
    unread = [p for p in brief.evidence if p.tool == BREAKDOWN and p.status is EvidenceStatus.no_data]
    if not pieces:
        return _without_costs(unread[-1]) if unread else None
    ranked, several = bool(top_of(brief.question)), len(pieces) > 1
    wholes = [(piece, whole) for piece in pieces if (whole := _whole(piece))]
    claims = [DraftClaim(text=whole.statement, evidence=[piece.id]) for piece, whole in wholes]
    for piece in pieces:
        claims += [DraftClaim(text=f.statement, evidence=[piece.id]) for f in _details(piece, ranked)]
    most = MAX_TOP + 1 if ranked else MAX_CLAIMS
    headline = " ".join([*(whole.statement for _, whole in wholes), *(p.summary for p in unread if services)])
    return AnswerDraft(headline=headline, claims=claims[: len(pieces) + 2] if several else claims[:most], plain=True)


def _without_costs(piece: Evidence) -> AnswerDraft:
    return AnswerDraft(headline=piece.summary, claims=[DraftClaim(text=piece.summary, evidence=[piece.id])], plain=True)


def _meant(pieces: Sequence[Evidence], services: Sequence[str], brief: Brief) -> list[Evidence]:
    """Those of the range and the services that are asked for; else the latest look."""
    start = time_of(spend_arguments(brief.question, brief.scope, brief.now).get("start", brief.scope.get("start", "")))
    own = [p for p in pieces if start and p.time_range and abs(p.time_range.start - start) < CLOSE] or list(pieces)
    own = [p for p in own if (whole := _whole(p)) and whole.attributes.get("service", "") in (services or [""])] or own
    latest = max((piece.gathered_at for piece in own if piece.gathered_at), default=None)
    together = [p for p in own if not latest or not p.gathered_at or latest - p.gathered_at < CLOSE]
    whole_range = {(p.time_range.start, p.time_range.end) for p in together[-1:] if p.time_range}
    together = [p for p in together if not p.time_range or (p.time_range.start, p.time_range.end) in whole_range]
    return together if services else together[-1:]


def _details(piece: Evidence, ranked: bool) -> list[Finding]:
    """The parts and the strongest moves; who asks for the largest gets these alone."""
    parts = [finding for finding in piece.findings if finding.kind == TOTAL and "rank" in finding.attributes]
    moves = [finding for finding in piece.findings if finding.kind in MOVES and finding.strength >= STRONG_MOVE]
    return sorted(parts, key=lambda f: int(f.attributes["rank"])) + ([] if ranked else moves[:MAX_MOVES])


def _whole(piece: Evidence) -> Finding | None:
    return next((f for f in piece.findings if f.kind == TOTAL and "start" in f.attributes), None)


def _compared(question: str, now: datetime) -> tuple[TimeRange, TimeRange] | None:
    """The two ranges of `October vs September`; None where fewer are named, or they are of different kinds."""
    if not _COMPARES.search(question):
        return None
    for match in _AGAINST.finditer(question):
        before, after = _span(question[: match.start()], now), _span(question[match.end() :], now)
        if before and after and before.start != after.start:
            return before, after
        if after and not before and _IS_NOW.search(question[: match.start()]):
            return _same_kind_now(after, now), after
    return None


def _same_kind_now(then: TimeRange, now: datetime) -> TimeRange:
    """What `are we spending more than last month` compares last month with: this month; of a day, yesterday."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (then.end - then.start) / timedelta(days=1)
    if days <= 1:
        return TimeRange(start=midnight - timedelta(days=1), end=midnight)
    first = midnight - timedelta(days=midnight.weekday()) if days <= WEEK_DAYS else midnight.replace(day=1)
    return TimeRange(start=min(first, midnight), end=now)


def _span(words: str, now: datetime) -> TimeRange | None:
    """The range that some words name. A month alone needs an `in`: `may` and `march` are other words, too."""
    month = _MONTH.search(words)
    for text in (words, f"in {month[0]}" if month else ""):
        phrase = resolve(text, now, "UTC") if text else None
        if phrase and phrase.range:
            return phrase.range
    return None


def _against(later: TimeRange, earlier: TimeRange) -> str:
    """The first day, where as many days compare; both ends of a longer or shorter range, such as a week of a day."""
    days, others = ((span.end - span.start) / timedelta(days=1) for span in (later, earlier))
    first = earlier.start.date().isoformat()
    alike = later.start.day == earlier.start.day == 1 or (days > 1) == (others > 1)
    return first if alike else f"{first}/{earlier.end.date().isoformat()}"


def _range(span: TimeRange) -> dict[str, str]:
    return {"start": span.start.isoformat(), "end": span.end.isoformat()}
