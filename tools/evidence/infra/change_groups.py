"""One deed, one row: a pipeline that publishes a version makes four calls for it within a minute.

    grouped(ranked)  # [UpdateFunctionCode, PublishVersion, UpdateAlias, version 4] gives one: version 4, by whom, how

Calls belong together when the same principal made them on the same resource within five minutes of one another. What
was rolled out joins the calls that roll things out, and so gets to know its principal; other calls stay apart from it,
for it does not tell of them. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from agent.changes import Change, RankedChange

TOGETHER = timedelta(minutes=5)
_ROLLS_OUT = re.compile(
    r"UpdateFunctionCode|PublishVersion|UpdateAlias|UpdateService|RegisterTaskDefinition|CreateDeployment"
    r"|(Create|Update)Stack|ExecuteChangeSet|(Create|Update)Stage"
)
"""Nobody is named as who rolled something out for another call at about that time."""


def grouped(ranked: Sequence[RankedChange]) -> list[RankedChange]:
    """Best first, as they were. Of a group the rollout stays, else the best call, with the events of all."""
    groups: list[list[RankedChange]] = []
    for item in sorted(ranked, key=lambda r: (r.change.deployment, r.change.at)):
        group = next((g for g in groups if _belongs(item.change, [other.change for other in g])), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return sorted((_merged(group) for group in groups), key=lambda r: (-r.score, -r.change.at.timestamp()))


def in_words(event: str) -> str:
    """`UpdateFunctionCode, PublishVersion and UpdateAlias`."""
    *first, last = event.split(", ")
    return f"{', '.join(first)} and {last}" if first else last


def _belongs(one: Change, group: Sequence[Change]) -> bool:
    """Two versions are two deeds, however near."""
    if one.deployment and any(other.deployment for other in group):
        return False
    return any(_together(one, other) for other in group)


def _together(one: Change, other: Change) -> bool:
    near = abs(one.at - other.at) <= TOGETHER and bool(set(one.resources) & set(other.resources))
    if not near or one.error or other.error or other.deployment:
        return False
    if one.deployment:
        return one.principal in ("", other.principal) and _rolls_out(other)
    return one.principal == other.principal and _rolls_out(one) == _rolls_out(other)


def _rolls_out(call: Change) -> bool:
    return bool(_ROLLS_OUT.fullmatch(call.event))


def _merged(group: Sequence[RankedChange]) -> RankedChange:
    if len(group) == 1:
        return group[0]
    best = min(group, key=lambda r: (not r.change.deployment, -r.score))
    calls = sorted((r.change for r in group if not r.change.deployment), key=lambda change: change.at)
    shared = [name for name in best.change.resources if all(name in r.change.resources for r in group)]
    named = best.change if best.change.version else next((c for c in calls if c.version), best.change)
    change = replace(
        best.change,
        version=named.version,
        previous=named.previous,
        cluster=named.cluster,
        event=", ".join(dict.fromkeys(call.event for call in calls)),
        principal=calls[0].principal,
        resources=tuple(shared) or best.change.resources,
    )
    return replace(best, change=change, score=max(r.score for r in group))
