"""Findings as claims: what carries the cause first, each thing said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from agent.drafts import DraftClaim
from agent.knowledge import Verdict
from agent.models import Evidence, Finding
from agent.repetition import alike
from tools.llm.offline.intents import Intent, relevant

MAX_CLAIMS = 6
NOTEWORTHY = 0.5
Found = tuple[Finding, str]
"""A finding and the id of its evidence."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LOGGED = re.compile(r"“(.+?)”")
_FIRST_WORD = re.compile(r"[A-Z][a-z]+")


def claims_for(evidence: Sequence[Evidence], verdict: Verdict | None) -> list[DraftClaim]:
    """What carried the runbook, heaviest first, then the strongest other kinds of finding about the same resources."""
    hits = sorted(verdict.hits, key=lambda hit: -hit.signal.weight) if verdict else []
    hits = [hit for hit in hits if hit.finding.kind != "resource_state"]  # how it is set up is no news
    found: list[Found] = [(hit.finding, hit.evidence_id) for hit in hits]
    resources = {hit.finding.resource for hit in hits}
    for finding, evidence_id in relevant(evidence, Intent.why):
        fits = not resources or finding.resource in resources
        if fits and finding.strength >= NOTEWORTHY:
            found.append((finding, evidence_id))
    kinds: dict[tuple[str, ...], Found] = {}
    for pair in found:
        kinds.setdefault(_sameness(pair[0]), pair)
    return claims_of(kinds.values())[:MAX_CLAIMS]


def claims_of(found: Iterable[Found]) -> list[DraftClaim]:
    """Each thing once, in order."""
    first: dict[tuple[str, ...], DraftClaim] = {}
    for finding, evidence_id in found:
        same = (finding.statement,) if _is_told_apart(finding) else _sameness(finding)
        first.setdefault(same, DraftClaim(text=finding.statement, evidence=[evidence_id]))
    return list({claim.text: claim for claim in first.values()}.values())


def each_once(claims: Sequence[DraftClaim]) -> list[DraftClaim]:
    """What several tools tell of one thing in other words, once and in full."""
    told: list[DraftClaim] = []
    for group in alike([claim.text for claim in claims]):
        evidence = dict.fromkeys(i for place in sorted(group) for i in claims[place].evidence)
        told.append(DraftClaim(text=claims[group[0]].text, evidence=list(evidence)))
    return told


def under_headline(headline: str, verdict: Verdict, claims: Sequence[DraftClaim], *also: str) -> list[DraftClaim]:
    """The headline as the first claim, citing what proves it; after it only what is not said already, there or in
    `also`."""
    required = [hit for hit in verdict.hits if hit.signal.required]
    told = " ".join([headline, *also])
    inside = [hit for hit in verdict.hits if hit.finding.statement.rstrip(".") in told]
    cited = dict.fromkeys(hit.evidence_id for hit in [*required, *inside])
    rest = [claim for claim in claims if claim.text.rstrip(".") not in told]
    return [DraftClaim(text=headline, evidence=list(cited)), *rest][: MAX_CLAIMS + 1]


def newest_first(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda pair: pair[0].at or _EARLIEST, reverse=True)


def near(found: Sequence[Found], verdict: Verdict | None) -> list[Found]:
    """What has to do with the thread's cause, if anything does: what carries it first."""
    if verdict is None:
        return list(found)
    carried = {hit.finding.statement for hit in verdict.hits}
    subjects = {hit.finding.resource for hit in verdict.hits}
    close = [pair for pair in found if pair[0].statement in carried or pair[0].resource in subjects]
    return sorted(close, key=lambda pair: pair[0].statement not in carried) if close else list(found)


def _sameness(finding: Finding) -> tuple[str, ...]:
    """Two findings alike in this say the same thing twice: by other figures, or of another side of the same traffic."""
    if logged := _LOGGED.search(finding.statement):
        return ("logged", finding.resource, logged[1])
    if finding.kind in ("deployment", "change_before_onset"):
        return ("change", finding.resource, finding.attributes.get("version") or finding.attributes.get("event", ""))
    metric = finding.attributes.get("metric", "")
    family = _FIRST_WORD.match(metric)
    return (
        finding.kind,
        finding.resource,
        family[0] if family else metric,
        finding.attributes.get("usage_type", ""),
    )


def _is_told_apart(finding: Finding) -> bool:
    """Whether another finding that is alike need not say the same: of two idle disks each counts."""
    return not _LOGGED.search(finding.statement) and "metric" not in finding.attributes
