"""What `watchkeeper triage` says of rules and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from agent.alert_rules import Explanation, Rules, read_rules
from agent.models import Alert, AlertStatus, Decision
from agent.settings import Settings
from agent.sources import parse_alerts, read_mappings
from agent.triage import Correlator
from deploy.showing import tell
from tools.tickets import ticket_systems

MAX_TITLE_CHARS = 150


def described(rules: Rules) -> str:
    """`3 rules, 1 maintenance window; …`, with what can never match."""
    count, windows = rules.count
    said = f"{count} rule{'s' * (count != 1)}, {windows} maintenance window{'s' * (windows != 1)}"
    unreachable = [f"“{name}” never matches, because “{above}” takes everything" for name, above in rules.unreachable]
    return "; ".join([said, *unreachable])


def not_checked(rules: Rules, settings: Settings) -> list[str]:
    """What a rules file names and a look at the file alone cannot tell to be there."""
    known = [system.name for system in ticket_systems(settings)]
    said = [f"tickets in {name} are not set up here: docs/tickets.md" for name in rules.tickets if name not in known]
    if rules.channels:
        named = ", ".join(f"#{name}" for name in rules.channels)
        said.append(f"whether {named} can be posted to is only known to Slack: `watchkeeper doctor` asks it")
    return said


def explained(payload: Any, settings: Settings, channel: str, now: datetime) -> list[dict[str, Any]]:
    """What `triage explain --json` prints: an object for each alert of the payload.

    `channel`: where it is posted; a Slack event says so itself, and what comes by webhook is posted nowhere.
    """
    default = next(iter(settings.alert_channels), "")
    if not channel and isinstance(payload, dict) and ("ts" in payload or "event" in payload):
        channel = str(cast("dict[str, Any]", payload).get("channel") or default)
    rules, correlator = read_rules(settings.alert_rules), Correlator()
    alerts = parse_alerts(payload, now, read_mappings(settings.webhook_mappings))
    return [_explained(alert, rules.explain(alert, channel, now), correlator, channel, default) for alert in alerts]


def _explained(
    alert: Alert, explanation: Explanation, correlator: Correlator, channel: str, default: str
) -> dict[str, Any]:
    decision, key = explanation.decision, correlator.assign(alert)
    return {
        "fingerprint": alert.fingerprint,
        "title": alert.title,
        "source": alert.source,
        "severity": alert.severity.value,
        "status": alert.status.value,
        "treatment": decision.treatment,
        "rule": decision.rule,
        "line": explanation.line or None,
        "reason": decision.reason,
        "told_in": _told_in(alert, decision, channel, default),
        "topic": decision.topic,
        "ticket": decision.ticket,
        "escalate_to": decision.escalate_to,
        "incident": key,
        "grouped_by": correlator.why(key) or "it is the first of its incident",
        "not_taken_by": [asdict(considered) for considered in explanation.above],
    }


def _told_in(alert: Alert, decision: Decision, channel: str, default: str) -> str:
    """In words: the thread of its post, a channel, the digest or nowhere."""
    if decision.treatment == "drop":
        return "nowhere; it is only counted"
    if alert.status is AlertStatus.resolved:
        return "the message of the incident in which it fired, where there is one"
    where = channel or decision.channel or default
    if decision.treatment == "digest":
        return f"the digest of #{where}"
    return f"the thread of its post in #{channel}" if channel else f"a message in #{where}"


def print_explained(entries: Sequence[Mapping[str, Any]]) -> None:
    """The same for people."""
    tell("\n".join(_lines(entry) for entry in entries))


def _lines(entry: Mapping[str, Any]) -> str:
    title = " ".join(str(entry["title"]).split())[:MAX_TITLE_CHARS]
    where = f" (line {entry['line']})" if entry["line"] else ""
    rows = [
        ("fingerprint", entry["fingerprint"]),
        ("treatment", entry["treatment"]),
        ("decided by", f"{entry['rule']}{where}"),
        ("why", entry["reason"]),
        ("told in", entry["told_in"]),
        ("incident", f"{entry['incident']}: {entry['grouped_by']}"),
        *((name, entry[key]) for name, key in (("topic", "topic"), ("ticket", "ticket"), ("escalate", "escalate_to"))),
    ]
    lines = [f"{title} ({entry['source']}, {entry['severity']}, {entry['status']})"]
    lines += [f"  {name:12} {value}" for name, value in rows if value]
    lines += ["  not taken by:"] if entry["not_taken_by"] else []
    lines += [f"    {above['name']}: {above['failed']}" for above in entry["not_taken_by"]]
    return "\n".join(lines) + "\n"
