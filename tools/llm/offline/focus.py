"""What a case is about, as values for the evidence tools' parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.briefs import Brief
from agent.models import Evidence, Finding
from agent.vocabulary import names_in, objects_in, service_in

DETAILS = (
    "alarm_name",
    "log_group",
    "dag_id",
    "task_id",
    "run_id",
    "environment",
    "bucket",
    "key",
    "table",
    "model",
    "database",
)
"""Parameters that a finding's attribute of the same name can fill."""
PARAMETERS = ("resource", "service", "onset", "account", "region", *DETAILS)
"""Parameter names that the evidence tools share."""
_FROM_ATTRIBUTES = {"alarm": "alarm_name", **{name: name for name in DETAILS}}
ONSET_KINDS = ("metric_rise", "metric_at_limit", "log_new_pattern", "usage_driver", "cost_rise")
STRONG = 0.55
MAX_DISCOVERED = 2
LEAD_IN = timedelta(hours=3)
RECENT = timedelta(hours=2)
LONGEST_HOURS = 10_000
"""Somewhat more than a year."""
_LAST = re.compile(r"\b(?:last|past)\s+(\d+)?\s*(minute|min|hour|hr|h|day|d|week|w|month)s?\b")


@dataclass(frozen=True)
class Focus:
    """`known` fits every tool call; `others` are further resources that evidence pointed to."""

    known: dict[str, str]
    others: tuple[str, ...] = ()


def focus_of(brief: Brief, gathered: Sequence[Evidence] = ()) -> Focus:
    """From the alert, the question, the conversation's evidence and what was gathered so far, in this order."""
    known = {name: brief.alert[name] for name in PARAMETERS if brief.alert.get(name)}
    known |= {name: value for name, value in _asked(brief).items() if name not in known}
    if known.get("resource") == known.get("dag_id"):
        known.pop("resource", None)  # a DAG is nothing that CloudWatch or CloudTrail know
    sent = known.pop("onset", "")  # when the alert was sent; trouble began earlier, and the tools find out when
    if since := _since(brief.question, brief.now):
        known["start"] = since
    elif sent and brief.now - _time(sent) > RECENT:
        known["start"] = (_time(sent) - LEAD_IN).isoformat()
    return _learn(Focus(known), [*gathered, *brief.evidence])


def _asked(brief: Brief) -> dict[str, str]:
    asked: dict[str, str] = {}
    for bucket, key in objects_in(brief.text)[:1]:
        asked |= {"bucket": bucket, "key": key}
    if names := names_in(brief.question):
        asked["resource"] = names[0]
    if service := service_in(brief.question):
        asked["service"] = service
    return asked


def _learn(focus: Focus, pieces: Sequence[Evidence]) -> Focus:
    """Fill what is still unknown from the strongest findings."""
    known = dict(focus.known)
    findings = sorted((f for piece in pieces for f in piece.findings), key=lambda f: -f.strength)
    strong = [finding for finding in findings if finding.strength >= STRONG]
    for finding in strong:
        for attribute, name in _FROM_ATTRIBUTES.items():
            if value := finding.attributes.get(attribute):
                known.setdefault(name, value)
    onset = _onset(strong, known.get("resource", ""))
    if onset:
        known["onset"] = onset.isoformat()
    named = known.get("resource")
    discovered = list(dict.fromkeys(f.resource for f in strong if _is_resource(f) and f.resource != named))
    if not named and discovered:
        known["resource"] = discovered.pop(0)
    return replace(focus, known=known, others=tuple(discovered[:MAX_DISCOVERED]))


def _is_resource(finding: Finding) -> bool:
    """Whether other tools can look the finding's subject up: a service's bill and a DAG are not resources."""
    by_name = ("dag_id", "bucket", "table")
    return (
        bool(finding.resource)
        and not finding.kind.startswith("cost_")
        and not any(finding.attributes.get(name) == finding.resource for name in by_name)
    )


def _onset(findings: Iterable[Finding], resource: str) -> datetime | None:
    starts = [finding for finding in findings if finding.at and finding.kind in ONSET_KINDS]
    about = [f for f in starts if f.resource == resource] or starts
    return about[0].at if about else None


def _since(question: str, now: datetime) -> str:
    """The start of the range that a question names, or ""."""
    text = question.lower()
    if match := _LAST.search(text):
        count = float(match[1] or 1)
        hours = (
            count * {"m": 1 / 60, "h": 1, "d": 24, "w": 168, "mo": 720}["mo" if match[2][:2] == "mo" else match[2][0]]
        )
        return (now - timedelta(hours=min(max(hours, 0.25), LONGEST_HOURS))).isoformat()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if "yesterday" in text or "last night" in text:
        return (midnight - timedelta(days=1)).isoformat()
    return ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
