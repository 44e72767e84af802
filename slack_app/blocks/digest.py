"""The digest: what was held back, in one message a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.alert_rules.flapping import Flap
from agent.figures import count
from agent.models import Alert
from slack_app.blocks.moments import moment
from slack_app.blocks.parts import Block, context, header, section
from slack_app.blocks.passed import analyse_button
from slack_app.blocks.text import cut, escape

MAX_ENTRIES = 10
MAX_BUTTONS = 5
MAX_RULES = 5
TITLE_CHARS = 150
NAME_CHARS = 60
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Entry:
    """One kind of alert in a digest. `incident_id`: its newest incident."""

    alert: Alert
    incident_id: str
    count: int
    first_seen: datetime
    last_seen: datetime
    firing: bool
    flap: Flap | None = None
    recurrence: str = ""


@dataclass(frozen=True)
class Digest:
    """All that was held back in a channel. `rules`: how many alerts each rule kept, most first."""

    since: datetime
    until: datetime
    entries: Sequence[Entry]
    rules: Sequence[tuple[str, int]]


def digest_blocks(digest: Digest) -> list[Block]:
    """What still fires comes first, then what fired most often."""
    entries = sorted(digest.entries, key=lambda entry: (not entry.firing, -entry.count))
    blocks = [header(f"🗞 {_headline(digest)}"), context(_summary(digest))]
    for number, entry in enumerate(entries[:MAX_BUTTONS], 1):
        blocks.append({**section(_line(entry, digest)), "accessory": analyse_button(entry.incident_id, number)})
    if rest := entries[MAX_BUTTONS:MAX_ENTRIES]:
        blocks.append(section("\n".join(f"• {_line(entry, digest)}" for entry in rest)))
    if more := len(entries) - MAX_ENTRIES:
        blocks += [context(f"…and {count(more, 'other kind')} of alerts")] if more > 0 else []
    return [*blocks, context(_kept_by(digest))]


def digest_text(digest: Digest) -> str:
    """The plain-text fallback."""
    return _headline(digest)


def _headline(digest: Digest) -> str:
    """`Digest: 14 alerts of 6 kinds, 1 still firing`."""
    total, kinds = sum(entry.count for entry in digest.entries), len(digest.entries)
    firing = sum(entry.firing for entry in digest.entries)
    said = f"Digest: {count(total, 'alert')} of {count(kinds, 'kind')}"
    return f"{said}, {firing} still firing" if firing else said


def _summary(digest: Digest) -> str:
    flapping = sum(entry.flap is not None for entry in digest.entries)
    recurring = sum(bool(entry.recurrence) for entry in digest.entries)
    parts = [f"Since {moment(digest.since, digest.until)}"]
    parts += [f"{flapping} flapping"] if flapping else []
    parts += [f"{recurring} seen before"] if recurring else []
    return " · ".join(parts)


def _line(entry: Entry, digest: Digest) -> str:
    """The title, how often and when, and what is special about it."""
    alert = entry.alert
    names = (" ".join(name.split()) for name in (alert.system, alert.resource.id))
    where = " · ".join(dict.fromkeys(cut(name, NAME_CHARS) for name in names if name))
    at = moment(entry.first_seen, digest.until)
    if entry.last_seen - entry.first_seen >= MINUTE:
        at += f" to {moment(entry.last_seen, digest.until)}"
    special = ["*still firing*"] if entry.firing else []
    special += [f"flapping, {count(entry.flap.changes, 'change')}"] if entry.flap else []
    special += [escape(entry.recurrence)] if entry.recurrence else []
    head = f"*{escape(cut(' '.join(alert.title.split()), TITLE_CHARS))}* ×{entry.count:,}"
    return " · ".join([head, *([escape(where)] if where else []), at, *special])


def _kept_by(digest: Digest) -> str:
    """Which rules kept these back, so that one can change them."""
    shown = [f"{escape(cut(' '.join(name.split()), NAME_CHARS))} ({number:,})" for name, number in digest.rules]
    more = [f"{len(shown) - MAX_RULES} more"] if len(shown) > MAX_RULES else []
    return f"Kept back by: {', '.join([*shown[:MAX_RULES], *more])}"
