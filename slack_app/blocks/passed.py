"""An alert that is let pass: one quiet line under it, and a button for who wants to know more."""

from __future__ import annotations

from agent.headings import heading_of, thing_of
from agent.models import Alert, Decision, Incident
from slack_app.blocks.buttons import VALUE_LIMIT
from slack_app.blocks.parts import Block, context
from slack_app.blocks.text import cut, escape, link

ANALYSE = "analyse_alert"
"""Action id of the button; `analyse_alert:2` where a message has several. Its value is the incident's id."""
MAX_REASON_CHARS = 300
MAX_RULE_CHARS = 100


def passed_blocks(incident: Incident, decision: Decision) -> list[Block]:
    """Why nobody looks into it, and the button."""
    reason = escape(cut(" ".join(decision.reason.split()), MAX_REASON_CHARS))
    rule = escape(cut(" ".join(decision.rule.split()), MAX_RULE_CHARS))
    told = [context(_about(incident.alerts[0]))] if incident.alerts else []
    return [
        context(f"Not analysed: {reason} ({rule})"),
        *told,
        {"type": "actions", "elements": [analyse_button(incident.id)]},
    ]


def _about(alert: Alert) -> str:
    """`db-07 · value 91% · from datadog · console`: where it comes from, of what is not looked into."""
    thing = heading_of(alert) if thing_of(alert) else ""
    value = (
        f"value {alert.value}" + (f" (threshold {alert.threshold})" if alert.threshold else "") if alert.value else ""
    )
    parts = [escape(cut(part, 150)) for part in (thing, value, f"from {alert.source}") if part]
    opened = next((shown for url in alert.links if (shown := link(url, "console")) != "console"), "")
    return " · ".join([*parts, opened] if opened else parts)


def passed_text(decision: Decision) -> str:
    """The plain-text fallback."""
    return f"Not analysed: {escape(cut(' '.join(decision.reason.split()), MAX_REASON_CHARS))}"


def analyse_button(incident_id: str, number: int = 0) -> Block:
    """`number`: which one it is, where a message has several; action ids are unique in a message."""
    action_id = f"{ANALYSE}:{number}" if number else ANALYSE
    text = {"type": "plain_text", "text": "Analyse", "emoji": False}
    return {"type": "button", "action_id": action_id, "text": text, "value": cut(incident_id, VALUE_LIMIT)}
