"""A storm of alerts, counted instead of told one by one: where, what most often, and what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from agent.headings import heading_of, service_of
from agent.models import AlertStatus, Incident
from agent.ports import Sighting, Tally
from slack_app.blocks.parts import Block, context, section
from slack_app.blocks.text import cut, escape

NEW = timedelta(minutes=5)
"""How long a kind of alert is new, before the newest message of the storm."""
MAX_LINES = 5
MAX_PLACES = 6
TITLE_CHARS = 120
NAME_CHARS = 40
REASON_CHARS = 300
COUNTED = "these alerts are counted, not told one by one."


def storm_blocks(incident: Incident, tally: Tally, sightings: Sequence[Sighting]) -> list[Block]:
    """What stands under the headline and the counts. `sightings`: those that fired most often."""
    why = cut(" ".join(incident.grouped.split()).removeprefix("storm: "), REASON_CHARS)
    blocks = [section(f"🌪 {escape(why[:1].upper() + why[1:] + ': ' if why else '')}{COUNTED}")]
    places = [_places("Systems", sightings, lambda each: each.alert.system)]
    places += [_places("Services", sightings, lambda each: service_of(each.alert))]
    blocks += [context(line) for line in places if line]
    often = sorted(sightings, key=lambda each: -each.count)[:MAX_LINES]
    blocks += _listed("Most often", often, max(tally.alerts, len(sightings)))
    fresh = _fresh(tally, sightings, {each.alert.fingerprint for each in often})
    return [*blocks, *_listed("New", fresh[:MAX_LINES], len(fresh))]


def _places(title: str, sightings: Sequence[Sighting], of: Callable[[Sighting], str]) -> str:
    """`*Systems* payments (120), checkout (80), 4 more`; nothing where none is named."""
    counts = Counter(cut(name, NAME_CHARS) for each in sightings if (name := " ".join(of(each).split())))
    if not counts:
        return ""
    shown = [f"{escape(name)} ({number:,})" for name, number in counts.most_common(MAX_PLACES)]
    more = [f"{len(counts) - MAX_PLACES} more"] if len(counts) > MAX_PLACES else []
    return f"*{title}* {', '.join([*shown, *more])}"


def _fresh(tally: Tally, sightings: Sequence[Sighting], told: set[str]) -> list[Sighting]:
    """What began last, newest first; nothing while the whole storm is new."""
    if tally.last_seen is None:
        return []
    since = tally.last_seen - NEW
    new = [each for each in sightings if each.first_seen >= since]
    if len(new) == len(sightings):
        return []
    fresh = [each for each in new if each.alert.fingerprint not in told]
    return sorted(fresh, key=lambda each: each.first_seen, reverse=True)


def _listed(title: str, sightings: Iterable[Sighting], of: int) -> list[Block]:
    lines = [f"• {_line(each)}" for each in sightings]
    if not lines:
        return []
    more = f"\n…and {of - len(lines):,} more" if of > len(lines) else ""
    return [section(f"*{title}*\n" + "\n".join(lines) + more)]


def _line(sighting: Sighting) -> str:
    over = " · resolved" if sighting.status is AlertStatus.resolved else ""
    return f"{escape(cut(heading_of(sighting.alert), TITLE_CHARS))} ×{sighting.count:,}{over}"
