"""The write call that began a growth of usage: CloudTrail around its onset, ranked by nearness."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

from agent.changes import FRESH_MINUTES, RankedChange, rank, unique
from agent.figures import duration
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.infra.change_groups import grouped, in_words
from tools.evidence.infra.trail import calls_on, write_calls
from tools.evidence.partial import gather

BEFORE = timedelta(hours=24)
AFTER = timedelta(minutes=5)
DAY = timedelta(days=1)
NOTABLE = 0.4
"""Well above what a call on something else by chance at the same time scores."""
MAX_CHANGES = 2


def changes_before(look: Look, at: datetime, resource: str, service: str) -> tuple[list[Finding], str]:
    """The likeliest changes behind a growth since `at`, best first, and what of the trail was not read.

    Of a growth that is dated to a midnight only the day is known: any change of that day may have begun it. Without a
    `resource`, a change of the same service is near.
    """
    by_day = at.time() == time()
    onset = min(at + DAY, look.now) if by_day else at
    start, end = at - BEFORE, min(onset + AFTER, look.now)
    reads = {"write calls": partial(write_calls, look, start, end)}
    if resource:
        reads["calls on the resource"] = partial(calls_on, look, start, end, resource)
    read = gather(reads)
    calls = [call for trail in read.results.values() for call in trail.changes]
    fresh = DAY / timedelta(minutes=1) if by_day else FRESH_MINUTES
    ranked = unique(rank(calls, onset, resource, service, look.now, fresh))
    found = [_finding(look, r, resource, by_day) for r in grouped(ranked) if r.score >= NOTABLE][:MAX_CHANGES]
    cut = dict.fromkeys(trail.caveat for trail in read.results.values())
    return found, read.caveat + "".join(cut)


def _finding(look: Look, ranked: RankedChange, resource: str, by_day: bool) -> Finding:
    change, minutes = ranked.change, ranked.minutes_before or 0.0
    what = ", ".join(change.resources[:2]) or change.service
    if by_day:
        near = "about the day on which it began"
    else:
        near = f"{duration(minutes * 60)} before {resource} grew" if minutes > 0 else f"about when {resource} grew"
    called = f"{change.principal} called {in_words(change.event)} on {what}"
    return Finding(
        kind="change_before_onset",
        statement=f"{called} at {clock_time(change.at, look.now)}, {near}.",
        strength=ranked.score,
        at=change.at,
        resource=change.resources[0] if change.resources else "",
        attributes={
            "event": change.event,
            "principal": change.principal,
            "service": change.service,
            "detail": change.detail,
            **({} if by_day else {"minutes_before_onset": f"{minutes:.0f}"}),
        },
    )
