"""What a ticket says of an incident, as plain text: any ticket system can hold that. Pure, and redacted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.living import began_at, ended_at
from agent.models import Diagnosis, Evidence, Incident, Ownership, digest
from agent.redaction import redact
from agent.visible import visible

MAX_LINE_CHARS = 600
MAX_ALERTS = 10
MARK_CHARS = 8


def title_of(incident: Incident, limit: int) -> str:
    """One line, the severity first."""
    return _cut(redact(f"[{incident.severity}] {_line(incident.title)}"), limit)


def body_of(incident: Incident, link: str, limit: int) -> str:
    """The diagnosis, its evidence with console links, the alerts, and where people talk about it."""
    parts = [
        f"Talk about it in Slack: {link}" if link else "",
        diagnosis_text(incident),
        _alerts(incident),
        f"Kept by Watchkeeper as {incident.id}; it comments here on what changes and closes this with the incident.",
    ]
    return _cut(redact("\n\n".join(part for part in parts if part)), limit)


def diagnosis_text(incident: Incident) -> str:
    """What was found out, each claim with the numbers of its sources."""
    found = incident.diagnosis
    if found is None:
        return "It could not be analysed."
    cited = _cited(found, incident.evidence)
    numbers = {piece.id: number for number, piece in enumerate(cited, 1)}
    sections = [
        ("What is going on", [_line(found.summary)]),
        ("Likely cause", [_claim(found.root_cause, _sources_of(found), numbers)] if found.root_cause else []),
        ("Evidence", [_claim(c.text, c.evidence, numbers) for c in found.claims if c.text != found.root_cause]),
        ("What to do next", [f"{number}. {_line(step)}" for number, step in enumerate(found.next_steps, 1)]),
        ("Could not be read", [f"{gap.tool}: {_line(gap.reason)}" for gap in found.gaps]),
        ("Sources", [_source(number, piece) for number, piece in enumerate(cited, 1)]),
    ]
    return "\n\n".join("\n".join([f"{title}:", *lines]) for title, lines in sections if lines)


def end_text(incident: Incident, by: str = "") -> str:
    """`Resolved at 2026-11-20 14:31 UTC, after 29 minutes, by Maya Chen.`"""
    over = ended_at(incident)
    if over is None:
        return "Resolved."
    minutes = int((over - began_at(incident)).total_seconds() // 60)
    took = f"after {minutes} minute{'' if minutes == 1 else 's'}" if minutes else "within a minute"
    fixed = incident.ownership.remedied
    who = f"by {by}" if by else "as its monitoring says"
    if fixed is not None:
        who = "by a change that helped" + (f" and that {by} approved" if by else "") + f": {_line(fixed.note)}"
    return redact(f"Resolved at {_at(over)}, {took}, {who}.")


def facts_of(incident: Incident) -> dict[str, str]:
    """A short mark for each fact that a ticket is told when it changes."""
    own, found = incident.ownership, incident.diagnosis
    facts: dict[str, object] = {
        "diagnosis": [found.summary, found.root_cause, found.next_steps] if found else None,
        "severity": incident.severity,
        "acknowledged": own.acknowledged and own.acknowledged.at,
        "assigned": own.assigned and [own.assigned.at, own.assigned.note],
        "snoozed": own.snoozed and own.snoozed_until,
        "escalated": own.escalated and own.escalated.at,
    }
    return {name: digest(value, length=MARK_CHARS) if value else "" for name, value in facts.items()}


def told(facts: dict[str, str]) -> str:
    """As `TicketRef.told` keeps it: `diagnosis=1a2b3c4d severity=…`."""
    return " ".join(f"{name}={mark}" for name, mark in facts.items() if mark)


def told_before(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split())
    return {name: mark for name, _, mark in pairs}


def news(incident: Incident, before: str, names: dict[str, str]) -> str:
    """What has changed since, in a sentence each; "" when nothing has. `names`: what people are called, by id."""
    known, now = told_before(before), facts_of(incident)
    changed = [name for name, mark in now.items() if mark and mark != known.get(name)]
    return redact("\n\n".join(text for name in changed if (text := _news(name, incident, names))))


def people_in(own: Ownership) -> set[str]:
    """The ids of those whom `news` may name."""
    marks = (own.acknowledged, own.assigned, own.snoozed, own.escalated, own.closed)
    return {mark.by for mark in marks if mark} | ({own.assigned.note} if own.assigned else set())


def _news(name: str, incident: Incident, names: dict[str, str]) -> str:
    own = incident.ownership
    if name == "diagnosis":
        return f"A newer analysis:\n\n{diagnosis_text(incident)}"
    if name == "severity":
        return f"Its severity is {incident.severity} now."
    if name == "acknowledged" and own.acknowledged:
        return f"Acknowledged by {_who(own.acknowledged.by, names)} at {_at(own.acknowledged.at)}."
    if name == "assigned" and own.assigned:
        whom, by = _who(own.assigned.note, names), _who(own.assigned.by, names)
        return f"Assigned to {whom} by {by} at {_at(own.assigned.at)}."
    if name == "snoozed" and own.snoozed and own.snoozed_until:
        return f"Snoozed until {_at(own.snoozed_until)} by {_who(own.snoozed.by, names)}."
    if name == "escalated" and own.escalated:
        return f"Escalated by {_who(own.escalated.by, names)} at {_at(own.escalated.at)}."
    return ""


def _who(user: str, names: dict[str, str]) -> str:
    return names.get(user) or "somebody"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _alerts(incident: Incident) -> str:
    lines = [f"- {_line(alert.title)} ({alert.source}, {_at(alert.started_at)})" for alert in incident.alerts]
    more = [f"and {len(lines) - MAX_ALERTS} more"] if len(lines) > MAX_ALERTS else []
    return "\n".join(["Alerts:", *lines[:MAX_ALERTS], *more]) if lines else ""


def _cited(found: Diagnosis, evidence: Sequence[Evidence]) -> list[Evidence]:
    """In the order in which the claims cite them, as the message in Slack numbers them."""
    by_id = {piece.id: piece for piece in evidence}
    return [by_id[i] for i in dict.fromkeys(i for claim in found.claims for i in claim.evidence) if i in by_id]


def _sources_of(found: Diagnosis) -> tuple[str, ...]:
    return tuple(i for claim in found.claims if claim.text == found.root_cause for i in claim.evidence)


def _claim(text: str, evidence: Sequence[str], numbers: dict[str, int]) -> str:
    cited = " ".join(f"[{numbers[i]}]" for i in dict.fromkeys(evidence) if i in numbers)
    return f"{_line(text)} {cited}".rstrip()


def _source(number: int, piece: Evidence) -> str:
    return f"[{number}] {_line(piece.question)} {piece.console_url}".rstrip()


def _line(text: str) -> str:
    return _cut(" ".join(visible(text).split()), MAX_LINE_CHARS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
