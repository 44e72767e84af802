"""A storm of alerts, counted by service instead of told one by one: what most often, and what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from agent.figures import count
from agent.headings import heading_of, service_of
from agent.models import AlertStatus, Incident
from agent.ports import Sighting, Tally
from slack_app.blocks.parts import Block, context, section
from slack_app.blocks.text import cut, escape

NEW = timedelta(minutes=5)
"""How long a kind of alert is new, before the newest message of the storm."""
MAX_SERVICES = 8
MAX_PLACES = 6
TITLE_CHARS = 120
NAME_CHARS = 40
REASON_CHARS = 300
UNNAMED = "no service named"
COUNTED = "these alerts are counted, not told one by one."


def storm_blocks(incident: Incident, tally: Tally, sightings: Sequence[Sighting]) -> list[Block]:
    """What stands under the headline and the counts. `sightings`: those that fired most often."""
    why = cut(" ".join(incident.grouped.split()).removeprefix("storm: ").rstrip("."), REASON_CHARS)
    blocks = [section(f"🌪 {escape(why[:1].upper() + why[1:] + ': ' if why else '')}{COUNTED}")]
    blocks += [context(line) for line in [_systems(sightings)] if line]
    seen = max(tally.alerts, len(sightings))
    blocks += _listed("By service", sightings, seen)
    fresh = _fresh(tally, sightings)
    return [*blocks, *_listed("New", fresh, len(fresh))]


def _systems(sightings: Sequence[Sighting]) -> str:
    """`*Systems* payments (120), checkout (80), 4 more`; nothing where none is named."""
    counts = Counter(cut(name, NAME_CHARS) for each in sightings if (name := " ".join(each.alert.system.split())))
    if not counts:
        return ""
    shown = [f"{escape(name)} ({number:,})" for name, number in counts.most_common(MAX_PLACES)]
    more = [f"{len(counts) - MAX_PLACES} more"] if len(counts) > MAX_PLACES else []
    return f"*Systems* {', '.join([*shown, *more])}"


def _fresh(tally: Tally, sightings: Sequence[Sighting]) -> list[Sighting]:
    """What began last; nothing while the whole storm is new."""
    if tally.last_seen is None:
        return []
    since = tally.last_seen - NEW
    new = [each for each in sightings if each.first_seen >= since]
    return new if len(new) < len(sightings) else []


def _listed(title: str, sightings: Iterable[Sighting], of: int) -> list[Block]:
    """A line for each service, those that fire most first. `of`: all alerts, of which these are the most frequent."""
    services = dict[str, list[Sighting]]()
    for each in sightings:
        name = cut(" ".join(service_of(each.alert).split()), NAME_CHARS) or UNNAMED
        services.setdefault(name, []).append(each)
    if not services:
        return []
    ranked = sorted(services.items(), key=lambda item: -sum(each.count for each in item[1]))
    lines = [f"• *{escape(name)}* {_counted(members)}" for name, members in ranked[:MAX_SERVICES]]
    rest = of - sum(len(members) for _, members in ranked[:MAX_SERVICES])
    others = f" of {count(len(ranked) - MAX_SERVICES, 'other service')}" if len(ranked) > MAX_SERVICES else ""
    more = f"\n…and {count(rest, 'more alert')}{others}" if rest > 0 else ""
    return [section(f"*{title}*\n" + "\n".join(lines) + more)]


def _counted(members: Sequence[Sighting]) -> str:
    """`5 alerts, seen 60 times, 2 resolved · most often: Errors of checkout ×41`; of one alert only its name."""
    most = max(members, key=lambda each: each.count)
    named = f"{escape(cut(heading_of(most.alert), TITLE_CHARS))} ×{most.count:,}"
    over = sum(each.status is AlertStatus.resolved for each in members)
    if len(members) == 1:
        return named + (" · resolved" if over else "")
    times = f"{count(len(members), 'alert')}, seen {count(sum(each.count for each in members), 'time')}"
    return f"{times}{f', {over} resolved' if over else ''} · most often: {named}"
