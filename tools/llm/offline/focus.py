"""What a case is about, as values for the evidence tools' parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.briefs import Brief
from agent.knowledge import words
from agent.linking import named_by
from agent.models import Evidence, Finding
from agent.routing import MODEL
from agent.vocabulary import SERVICES, names_in, objects_in, service_in
from tools.llm.offline.intents import Intent, intent_of
from tools.llm.offline.spend import spend_arguments

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
SCOPE = ("resource", "service", "start", "end", "account", "region")
"""What code may have made of the question's own names and times."""
"""Parameter names that the evidence tools share."""
_FROM_ATTRIBUTES = {"alarm": "alarm_name", **{name: name for name in DETAILS}}
ONSET_KINDS = ("metric_rise", "metric_at_limit", "log_new_pattern", "usage_driver", "cost_rise")
STRONG = 0.55
UNMISTAKABLE = 0.75
"""From which a further resource is looked at for its own sake. Falling figures are what trouble elsewhere leads to."""
MAX_DISCOVERED = 2
SAME_TROUBLE = timedelta(minutes=45)
"""Signs that began so shortly before the strongest one are of the same trouble, which began with the first of them."""
LEAD_IN = timedelta(hours=3)
RECENT = timedelta(hours=2)
CLOSED = re.compile(r"\b(?:between|until|till|from\b.+\bto)\b", re.I)
"""Says where a range ends. Trouble of `last night` may well go on, so its cause is looked for up to now."""
WHO = re.compile(
    r"\bwho(?:dunn?it|['’]?s)?\b|\b(?:any|some)(?:one|body)\b.*\b(?:touch|chang|mess|delet|modif|alter|edit)", re.I
)
DEEDS_ARE_FOUND = timedelta(days=7)
"""How far back one looks for who did something, when no time is named."""
MIN_SUBJECT = 4
"""Letters that a word needs to name something."""
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
    scope = _scope(brief)
    if brief.question and intent_of(brief.question) is Intent.spend:
        scope |= spend_arguments(brief.question, scope, brief.now)
    known |= {name: value for name, value in {**_asked(brief), **scope}.items() if name not in known}
    named = named_by(brief.alert)
    if brief.alert and not (known.get("resource") or named.of_the_account or not named.subject):
        known["resource"] = named.subject  # prose that no field says
    if known.get("resource") == known.get("dag_id"):
        known.pop("resource", None)  # a DAG is nothing that CloudWatch or CloudTrail know
    sent = known.pop("onset", "")  # when the alert was sent; trouble began earlier, and the tools find out when
    if "start" in scope:
        pass  # code has read the question's time already
    elif since := _since(brief.question, brief.now):
        known["start"] = since
    elif WHO.search(brief.question):
        known["start"] = (brief.now - DEEDS_ARE_FOUND).isoformat()
    elif sent and brief.now - _time(sent) > RECENT:
        known["start"] = (_time(sent) - LEAD_IN).isoformat()
    return _learn(Focus(known), [*gathered, *brief.evidence], brief.question or " ".join(sorted(named.told)))


def _scope(brief: Brief) -> dict[str, str]:
    """The brief's scope; without its resource where this part of the question speaks of another service."""
    scope = {name: brief.scope[name] for name in SCOPE if brief.scope.get(name)}
    if intent_of(brief.question) is Intent.why and not CLOSED.search(brief.question):
        scope.pop("end", None)
    said = service_in(brief.question)
    mentioned = bool(subjects_in(brief.question, [scope.get("resource", "")]))
    if said and said != scope.get("service", said) and not mentioned:
        scope = {name: value for name, value in scope.items() if name not in ("resource", "service")}
    return scope


def subjects_in(question: str, names: Iterable[str]) -> list[str]:
    """Those of the names of which a question uses a word: `is billing ok?` speaks of billing-worker."""
    said = {word for word in words(question) if len(word) >= MIN_SUBJECT}
    return [name for name in dict.fromkeys(names) if name and said & set(words(name))]


def _asked(brief: Brief) -> dict[str, str]:
    asked: dict[str, str] = {}
    for bucket, key in objects_in(brief.text)[:1]:
        asked |= {"bucket": bucket, "key": key}
    if names := names_in(brief.question):
        asked |= {"model": names[0].rpartition(".")[2]} if MODEL.fullmatch(names[0]) else {"resource": names[0]}
    if service := service_in(brief.question):
        asked["service"] = service
    return asked


def _learn(focus: Focus, pieces: Sequence[Evidence], question: str) -> Focus:
    """Fill what is still unknown from the strongest findings, first from those about what the question speaks of."""
    known = dict(focus.known)
    found = [finding for piece in pieces for finding in piece.findings]
    asked = set(subjects_in(question, (finding.resource for finding in found)))
    findings = sorted(found, key=lambda f: (f.resource not in asked, -f.strength))
    strong = [finding for finding in findings if finding.strength >= STRONG]
    for finding in strong:
        for attribute, name in _FROM_ATTRIBUTES.items():
            value = finding.attributes.get(attribute)
            if value and _fits(name, finding, known):
                known.setdefault(name, value)
    onset = _onset(strong, known.get("resource", ""))
    if onset:
        known["onset"] = onset.isoformat()
    named = known.get("resource")
    discovered = list(dict.fromkeys(f.resource for f in strong if is_resource(f) and f.resource != named))
    if not named and discovered:
        known["resource"] = discovered.pop(0)
    own = [
        f.attributes["service"] for f in strong if f.resource == known.get("resource") and f.attributes.get("service")
    ]
    if own and own[0] in SERVICES:
        known["service"] = own[0]  # a tool that knows what kind of thing it looks at need not try them all
    unmistakable = {f.resource for f in strong if f.strength >= UNMISTAKABLE and f.kind != "metric_drop"}
    others = [name for name in discovered if name in unmistakable]
    return replace(focus, known=known, others=tuple(others[:MAX_DISCOVERED]))


def _fits(name: str, finding: Finding, known: dict[str, str]) -> bool:
    """A task, a run and an environment belong to their DAG: those of another would name what does not exist."""
    return name not in ("task_id", "run_id", "environment") or finding.attributes.get("dag_id") == known.get("dag_id")


def is_resource(finding: Finding) -> bool:
    """Whether other tools can look the finding's subject up: a service's bill and a DAG are not resources."""
    by_name = ("dag_id", "task_id", "bucket", "table", "model")
    return (
        bool(finding.resource)
        and not finding.kind.startswith("cost_")
        and not any(finding.attributes.get(name) == finding.resource for name in by_name)
    )


def _onset(findings: Iterable[Finding], resource: str) -> datetime | None:
    """When the trouble of a resource began: by its first sign. Bills know days only, so they count last."""
    starts = [finding for finding in findings if finding.at and finding.kind in ONSET_KINDS]
    about = [f for f in starts if f.resource == resource] or starts
    times = [f.at for f in about if f.kind != "cost_rise" and f.at] or [f.at for f in about if f.at]
    return min((at for at in times if times[0] - SAME_TROUBLE <= at), default=None)


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
