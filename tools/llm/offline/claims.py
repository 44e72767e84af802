"""Findings as claims: what carries the cause first, each thing said once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from agent.drafts import DraftClaim
from agent.knowledge import Verdict
from agent.models import Evidence, Finding
from tools.llm.offline.intents import Intent, relevant

MAX_CLAIMS = 6
NOTEWORTHY = 0.5
Found = tuple[Finding, str]
"""A finding and the id of its evidence."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def claims_for(evidence: Sequence[Evidence], verdict: Verdict | None) -> list[DraftClaim]:
    """What carried the runbook, heaviest first, then the strongest other kinds of finding about the same resources."""
    hits = sorted(verdict.hits, key=lambda hit: -hit.signal.weight) if verdict else []
    chosen: dict[tuple[str, ...], Found] = {}
    for hit in hits:
        chosen.setdefault(_sameness(hit.finding), (hit.finding, hit.evidence_id))
    resources = {hit.finding.resource for hit in hits}
    for finding, evidence_id in relevant(evidence, Intent.why):
        fits = not resources or finding.resource in resources
        if fits and finding.strength >= NOTEWORTHY:
            chosen.setdefault(_sameness(finding), (finding, evidence_id))
    return claims_of(list(chosen.values()))[:MAX_CLAIMS]


def claims_of(found: Sequence[Found]) -> list[DraftClaim]:
    """Each statement once, in order."""
    first: dict[str, DraftClaim] = {}
    for finding, evidence_id in found:
        first.setdefault(finding.statement, DraftClaim(text=finding.statement, evidence=[evidence_id]))
    return list(first.values())


def under_headline(headline: str, verdict: Verdict, claims: Sequence[DraftClaim]) -> list[DraftClaim]:
    """The headline as the first claim, citing what it rests on; after it only what it does not say already."""
    said = [hit for hit in verdict.hits if hit.finding.statement.rstrip(".") in headline]
    if not said:
        return list(claims)
    cited = list(dict.fromkeys(hit.evidence_id for hit in verdict.hits))
    rest = [claim for claim in claims if claim.text.rstrip(".") not in headline]
    return [DraftClaim(text=headline, evidence=cited), *rest][:MAX_CLAIMS]


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
    """Two findings alike in this say the same thing twice."""
    return (
        finding.kind,
        finding.resource,
        finding.attributes.get("metric", ""),
        finding.attributes.get("usage_type", ""),
    )
