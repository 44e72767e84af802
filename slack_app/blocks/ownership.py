"""What people can do with an incident: the buttons under its message, and who pressed them when.

The block's id names the incident; a menu has no value of its own to say so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.incident_changes import AT_WORK
from agent.living import is_snoozed, last_event, state_of
from agent.models import Incident, IncidentStatus, Mark
from slack_app.blocks.buttons import SHOW_EVIDENCE
from slack_app.blocks.moments import moment
from slack_app.blocks.parts import Block
from slack_app.blocks.passed import analyse_button

OWNERSHIP_BLOCK = "incident:"
ACTION = "incident_"
ACKNOWLEDGE, ASSIGN, SNOOZE = f"{ACTION}acknowledge", f"{ACTION}assign", f"{ACTION}snooze"
ESCALATE, RESOLVE, REOPEN = f"{ACTION}escalate", f"{ACTION}resolve", f"{ACTION}reopen"
FIX = f"{ACTION}fix"
ACTIONS = (ACKNOWLEDGE, ASSIGN, SNOOZE, ESCALATE, RESOLVE, REOPEN)
SNOOZES = {"30m": "For 30 minutes", "2h": "For 2 hours", "tomorrow": "Until tomorrow 09:00"}
MORNING = 9


def snooze_end(choice: str, now: datetime, zone: str) -> datetime:
    """When a snooze is over; tomorrow begins at nine o'clock where its clicker lives. KeyError for another choice."""
    if choice == "tomorrow":
        tomorrow = now.astimezone(ZoneInfo(zone)) + timedelta(days=1)
        return tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return now + {"30m": timedelta(minutes=30), "2h": timedelta(hours=2)}[choice]


def ownership_buttons(incident: Incident) -> Block:
    """What can still be done; of an incident that is over, only opening it again."""
    own, value = incident.ownership, incident.id
    elements: list[Block]
    if incident.status is IncidentStatus.resolved:
        elements = [_button(REOPEN, "Reopen", value)]
    else:
        elements = [
            *([] if own.acknowledged else [_button(ACKNOWLEDGE, "Acknowledge", value, "primary")]),
            _assign(own.assigned),
            _snooze(),
            *([] if own.escalated else [_button(ESCALATE, "Escalate", value)]),
            *([_button(FIX, "Fix…", value)] if incident.fix and incident.status not in AT_WORK else []),
            _button(RESOLVE, "Resolve", value),
        ]
        if state_of(incident) == "failed":
            elements.insert(0, analyse_button(value))
    if incident.diagnosis:
        elements.append(_button(SHOW_EVIDENCE, "Show evidence", value))
    return {"type": "actions", "block_id": f"{OWNERSHIP_BLOCK}{incident.id}", "elements": elements}


def ownership_words(incident: Incident, now: datetime) -> str:
    """`Acknowledged by @maya at 14:05 · assigned to @li · …`; "" while nobody did anything."""
    own, day = incident.ownership, incident.created_at
    words: list[str] = []
    if own.acknowledged:
        words.append(f"acknowledged by {_who(own.acknowledged)} at {moment(own.acknowledged.at, day)}")
    if own.assigned:
        words.append(
            f"assigned to {person(own.assigned.note)} by {_who(own.assigned)} at {moment(own.assigned.at, day)}"
        )
    if own.snoozed and own.snoozed_until and is_snoozed(incident, now):
        at = moment(own.snoozed.at, day)
        words.append(f"snoozed by {_who(own.snoozed)} at {at} until {moment(own.snoozed_until, day)}")
    if own.escalated:
        words.append(f"escalated by {_who(own.escalated)} at {moment(own.escalated.at, day)}")
    if own.resolved and incident.status is IncidentStatus.resolved:
        words.append(f"resolved by {_who(own.resolved)} at {moment(own.resolved.at, day)}")
    again = last_event(incident, "reopened", "resolved")
    if again and again.kind == "reopened":
        words.append(f"reopened by {person(again.actor)} at {moment(again.at, day)}")
    line = " · ".join(words)
    return line[:1].upper() + line[1:]


def person(user: str) -> str:
    """A mention in a context block notifies nobody: Slack does so only for what is posted, not for edits."""
    return f"<@{user}>" if user.isalnum() else "somebody"


def _who(mark: Mark) -> str:
    return person(mark.by)


def _button(action_id: str, text: str, value: str, style: str = "") -> Block:
    button = {"type": "button", "action_id": action_id, "text": _plain(text), "value": value}
    return {**button, "style": style} if style else button


def _assign(assigned: Mark | None) -> Block:
    chosen = {"initial_user": assigned.note} if assigned and assigned.note.isalnum() else {}
    return {"type": "users_select", "action_id": ASSIGN, "placeholder": _plain("Assign to…"), **chosen}


def _snooze() -> Block:
    options = [{"text": _plain(text), "value": value} for value, text in SNOOZES.items()]
    return {"type": "static_select", "action_id": SNOOZE, "placeholder": _plain("Snooze…"), "options": options}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
