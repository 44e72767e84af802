"""An alert that is let pass: one quiet line under it, and a button for who wants to know more."""

from __future__ import annotations

from agent.models import Decision, Incident
from slack_app.blocks.buttons import VALUE_LIMIT
from slack_app.blocks.parts import Block, context
from slack_app.blocks.text import cut, escape

ANALYSE = "analyse_alert"
"""Action id of the button; `analyse_alert:2` where a message has several. Its value is the incident's id."""
MAX_REASON_CHARS = 300
MAX_RULE_CHARS = 100


def passed_blocks(incident: Incident, decision: Decision) -> list[Block]:
    """Why nobody looks into it, and the button."""
    reason = escape(cut(" ".join(decision.reason.split()), MAX_REASON_CHARS))
    rule = escape(cut(" ".join(decision.rule.split()), MAX_RULE_CHARS))
    return [context(f"Not analysed: {reason} ({rule})"), {"type": "actions", "elements": [analyse_button(incident.id)]}]


def passed_text(decision: Decision) -> str:
    """The plain-text fallback."""
    return f"Not analysed: {escape(cut(' '.join(decision.reason.split()), MAX_REASON_CHARS))}"


def analyse_button(incident_id: str, number: int = 0) -> Block:
    """`number`: which one it is, where a message has several; action ids are unique in a message."""
    action_id = f"{ANALYSE}:{number}" if number else ANALYSE
    text = {"type": "plain_text", "text": "Analyse", "emoji": False}
    return {"type": "button", "action_id": action_id, "text": text, "value": cut(incident_id, VALUE_LIMIT)}
