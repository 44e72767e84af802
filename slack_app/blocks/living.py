"""An incident's one message, drawn whole from what is stored: the same facts give the same blocks.

It holds no time that passes by itself ("3 minutes ago"): whoever draws it again must see whether anything changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from agent.figures import count
from agent.headings import heading_of, headings_of, storm_heading
from agent.living import Seen, began_at, ended_at, first_fired, is_snoozed, last_event, last_run, most_telling, state_of
from agent.models import Alert, AlertStatus, Incident, TicketRef
from slack_app.blocks.moments import duration, moment, on_the_readers_clock
from slack_app.blocks.ownership import ownership_buttons, ownership_words, person
from slack_app.blocks.paging import BLOCKS_PER_MESSAGE
from slack_app.blocks.parts import Block, context, header, section
from slack_app.blocks.passed import passed_blocks, passed_text
from slack_app.blocks.progress import Progress, progress_blocks
from slack_app.blocks.same_cause import Kin, kin_blocks
from slack_app.blocks.storm import storm_blocks
from slack_app.blocks.summary import (
    finding_blocks,
    made_by,
    mark_of,
    source_lines,
    summary_text,
    verdict_of,
)
from slack_app.blocks.text import cut, escape

TITLE = "Looking into this alert"
MESSAGE_CHARS = 11_000
"""Of all blocks together, as JSON; Slack refuses a message somewhat above 13,000."""
MAX_LISTED = 6
TITLE_CHARS = 150
_CHANNEL_ID = re.compile(r"#([CG][A-Z0-9]{6,})")
TICKET_NAMES = {"servicenow": "ServiceNow", "jira": "Jira", "pagerduty": "PagerDuty"}


def living_blocks(
    incident: Incident,
    seen: Seen,
    now: datetime,
    progress: Progress | None = None,
    kin: Sequence[Kin] = (),
    *,
    whole: bool = False,
) -> list[Block]:
    """The message; nothing for an incident that is not told. `progress`: of an analysis under way in this process.

    `whole`: without buttons, and as much as there is, for who can post several messages and edit none.
    """
    state = state_of(incident)
    if state == "quiet":
        return []
    if state == "passed" and incident.decision:
        return [*_own_title(incident), *passed_blocks(incident, incident.decision)]
    top = [*_head(incident, seen), *_facts(incident, seen, now), *kin_blocks(incident, kin)]
    if incident.storm:
        top += storm_blocks(incident, seen.tally, seen.sightings)
    if state == "analysing":
        top += progress_blocks(progress, TITLE) if progress and progress.tasks else [context(f"{TITLE}…")]
    findings, small = _found(incident)
    listed = [] if incident.storm else _alerts(incident, seen)
    ending = [made_by(incident.diagnosis, incident.evidence)] if incident.diagnosis else []
    if whole:
        return [*top, *findings, *listed, *small, *ending]
    return _one_message([*top, *findings, *listed], small, [ownership_buttons(incident), *ending])


def _own_title(incident: Incident) -> list[Block]:
    """What a message says that stands under no post of the alert itself."""
    place = incident.place
    if place and place.thread_ts and place.thread_ts != incident.summary_ts:
        return []
    return [section(f"*{escape(cut(' '.join(incident.title.split()), 300))}*")]


def living_text(incident: Incident, seen: Seen) -> str:
    """What notifications show, and what stands there where blocks are refused."""
    if state_of(incident) == "passed" and incident.decision:
        return passed_text(incident.decision)
    title = _headline(incident, seen)
    found = summary_text(incident.diagnosis) if incident.diagnosis else ""
    return cut("\n".join(part for part in (escape(title), found) if part), 3500)


def _head(incident: Incident, seen: Seen) -> list[Block]:
    """A header once there is something to stand by; a plain line while it is being looked into."""
    line = _headline(incident, seen)
    if state_of(incident) in ("waiting", "analysing"):
        return [section(f"*{escape(line)}*")]
    return [header(line)]


def _headline(incident: Incident, seen: Seen) -> str:
    """Mark, subject and verdict: it stands alone."""
    about, state = _about(incident, seen), state_of(incident)
    mark = mark_of(about, incident.diagnosis)
    alerts = [sighting.alert for sighting in seen.sightings] or incident.alerts
    subject = storm_heading(incident, alerts, seen.tally.alerts) if incident.storm else heading_of(about)
    over = ended_at(incident)
    if over is not None:
        return f"✅ {subject}: resolved {_after((over - began_at(incident)).total_seconds())}"
    if state in ("waiting", "analysing"):
        return f"{mark} {subject}: looking into it"
    if state == "failed":
        return f"{mark} {subject}: the analysis failed"
    if state == "stopped":
        return f"{mark} {subject}: the analysis was stopped"
    return f"{mark} {subject}: {verdict_of(incident.diagnosis)}" if incident.diagnosis else f"{mark} {subject}"


def _after(seconds: float) -> str:
    return f"after {duration(seconds)}" if seconds >= 60 else "within a minute"


def _about(incident: Incident, seen: Seen) -> Alert:
    """What the diagnosis is of, with the incident's own severity."""
    alert = incident.alerts[0] if incident.alerts else most_telling(incident, seen.sightings)[0]
    return alert.model_copy(update={"severity": incident.severity})


def _facts(incident: Incident, seen: Seen, now: datetime) -> list[Block]:
    """How often and how long it fires; who has it; where else it is written down."""
    lines = [
        _firing(incident, seen, now),
        ownership_words(incident, now),
        _same_as(incident, seen),
        _habits(incident, seen),
    ]
    lines += [
        _remediation(incident),
        _run_words(incident),
        _late(incident),
        _moved(incident),
        _tickets(incident.tickets),
    ]
    return [context(line) for line in lines if line]


def _firing(incident: Incident, seen: Seen, now: datetime) -> str:
    tally, day = seen.tally, incident.created_at
    over = ended_at(incident)
    again = last_event(incident, "refired", "reopened")
    began = f"since {moment(first_fired(incident), day)}"
    if over is not None:
        return f"Resolved at {moment(over, day)} · fired {count(tally.count, 'time')} {began}"
    if is_snoozed(incident, now) or not tally.count:
        return f"Firing {began}"
    last = f", last {moment(tally.last_seen, day)}" if tally.count > 1 and tally.last_seen else ""
    firing = f"{tally.firing:,} of {count(tally.alerts, 'alert')} firing" if tally.firing < tally.alerts else ""
    firing = firing or (f"{count(tally.alerts, 'alert')} firing" if tally.alerts > 1 else "Firing")
    times = f", seen {count(tally.count, 'time')}" if tally.count > 1 else ""
    back = f" · Back at {moment(again.at, day)} after it was resolved" if again and again.kind == "refired" else ""
    return f"{firing}{times} {began}{last}{back}"


def _habits(incident: Incident, seen: Seen) -> str:
    return on_the_readers_clock(escape(seen.words), incident.created_at, seen.tally.last_seen)


def _same_as(incident: Incident, seen: Seen) -> str:
    if not incident.same_as or seen.earlier is None:
        return ""
    at = moment(seen.earlier.created_at, incident.created_at)
    times = f", seen {count(seen.tally.count, 'time')}" if seen.tally.count > 1 else ""
    return f"Same as {at}{times}: this is what was found then"


def _run_words(incident: Incident) -> str:
    run = last_run(incident)
    if run is None or run.kind not in ("stopped", "failed"):
        return ""
    at = moment(run.at, incident.created_at)
    if run.kind == "stopped":
        return f"Stopped by {person(run.actor)} at {at}"
    return f"{on_the_readers_clock(escape(cut(run.text, 300)), incident.created_at, run.at)} ({at})"


def _remediation(incident: Incident) -> str:
    """What is being done about it, and who decided that."""
    event, again = last_event(incident, "remediation"), last_event(incident, "refired", "reopened")
    if event is None or (again is not None and event.at < again.at):
        return ""
    who = f" · {person(event.actor)}" if event.actor != "watchkeeper" else ""
    return f"🔧 {escape(cut(event.text, 300))}{who} ({moment(event.at, incident.created_at)})"


def _late(incident: Incident) -> str:
    """That people could not be told for a while; forgotten once the incident is over."""
    event = last_event(incident, "late", "resolved")
    if event is None or event.kind != "late":
        return ""
    return f"⏳ {escape(event.text)}, until {moment(event.at, incident.created_at)}"


def _moved(incident: Incident) -> str:
    """That it is told here because it could not be told where it belongs."""
    event = last_event(incident, "moved")
    return "📌 " + _CHANNEL_ID.sub(r"<#\1>", escape(event.text)) if event else ""


def _tickets(tickets: Sequence[TicketRef]) -> str:
    return " · ".join(_ticket(ticket) for ticket in tickets)


def _ticket(ticket: TicketRef) -> str:
    """The address comes from the ticket system that the settings name, not from an alert."""
    label = f"{TICKET_NAMES[ticket.system]} {escape(cut(ticket.id, 60))}" + (" (closed)" if ticket.closed else "")
    safe = ticket.url.startswith("https://") and not set(ticket.url) & set("<>| ") and len(ticket.url) < 1500
    return f"<{ticket.url}|{label}>" if safe else label


def _found(incident: Incident) -> tuple[list[Block], list[Block]]:
    """The diagnosis, and the small print under it."""
    found = incident.diagnosis
    if found is None:
        return [], []
    if state_of(incident) == "stopped" and not found.root_cause and not found.claims:
        return [section(escape(found.summary))], []
    day = incident.created_at
    return finding_blocks(found, incident.evidence, day), source_lines(found, incident.evidence, day)


def _alerts(incident: Incident, seen: Seen) -> list[Block]:
    """The alerts of an incident that has several, and why they belong together."""
    if seen.tally.alerts < 2:
        return []
    listed = seen.sightings[:MAX_LISTED]
    lines = [
        f"• {escape(cut(heading, TITLE_CHARS))}"
        + (f" × {s.count}" if s.count > 1 else "")
        + (" · resolved" if s.status is AlertStatus.resolved else "")
        for s, heading in zip(listed, headings_of(s.alert for s in listed), strict=True)
    ]
    if more := seen.tally.alerts - len(lines):
        lines.append(f"and {more} more")
    why = [context(f"*Together because* {escape(cut(incident.grouped, 300))}")] if incident.grouped else []
    return [section(f"*{count(seen.tally.alerts, 'alert')}*\n" + "\n".join(lines)), *why]


def _one_message(body: list[Block], small: list[Block], ending: list[Block]) -> list[Block]:
    """What fits one message: the last sources give way first, then the end of the body."""
    if _fits([*body, *small, *ending]):
        return [*body, *small, *ending]
    ending = [context("There is more than fits here: *Show evidence* has all of it."), *ending]
    while small and not _fits([*body, *small, *ending]):
        small = small[:-1]
    while len(body) > 1 and not _fits([*body, *ending]):
        body = body[:-1]
    return [*body, *small, *ending]


def _fits(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= BLOCKS_PER_MESSAGE and len(json.dumps(blocks, ensure_ascii=False)) <= MESSAGE_CHARS
