"""What an alert and an incident are called where people read of them. Fingerprints are made of the titles as sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.figures import count
from agent.models import Alert, Incident

TITLE_CHARS = 90
THING_CHARS = 40
STORM_SERVICES = 3
_ALARM = re.compile(r'^(?:\W*CloudWatch Alarm \| ([^|\n]{1,255}?) \|.*|\W*(?:ALARM|OK): "([^"\n]{1,255})".*)$', re.S)
_PREFIX = re.compile(
    r"^\W{0,3}(?:\[P\d\]\s*)?\[?(?:(?:re-)?(?:triggered|warn|no data)|recovered|firing|resolved|alerting)"
    r"(?::\d{1,6})?(?: on \{[^{}\n]{0,300}\})?\]\W{0,3}",
    re.I,
)
_ONLY_A_NUMBER = re.compile(r"[A-Z]{2,10}\d{3,}|ServiceNow (?:incident|event)")
_THINGS = ("pod", "host", "hostname", "instance", "container", "deployment", "node", "queue", "service")
"""Labels that tell one alert of a kind from another."""


def title_of(alert: Alert) -> str:
    """The title without what its sender wraps it in: `Disk is full` of `[Triggered on {host:db-07}] Disk is full`."""
    title = " ".join(alert.title.split())
    if alarm := _ALARM.match(title):
        return alarm[1] or alarm[2]
    plain = _PREFIX.sub("", title).strip() or title
    if _ONLY_A_NUMBER.fullmatch(plain):
        return _better_than(plain, alert)
    return plain.rstrip(".")


def heading_of(alert: Alert) -> str:
    """`Disk is full (db-07)`, at most 133 characters; without the thing where the title names it."""
    title, thing = _cut(title_of(alert), TITLE_CHARS), thing_of(alert)
    return f"{title} ({_cut(thing, THING_CHARS)})" if thing and thing.casefold() not in title.casefold() else title


def thing_of(alert: Alert) -> str:
    """What it is about, in the shortest form that people use."""
    named = alert.resource.id or alert.dag_id or next((alert.labels[n] for n in _THINGS if alert.labels.get(n)), "")
    return " ".join(re.split(r"[:/]", named)[-1].split() if named.startswith("arn:") else named.split())


def service_of(alert: Alert) -> str:
    return alert.labels.get("service", "") or alert.resource.service


def headings_of(alerts: Iterable[Alert]) -> list[str]:
    """One for each; those that would look alike tell by a summary what is different."""
    listed = list(alerts)
    headings = [heading_of(alert) for alert in listed]
    return [
        _apart(heading, alert) if headings.count(heading) > 1 else heading
        for heading, alert in zip(headings, listed, strict=True)
    ]


def storm_heading(incident: Incident, alerts: Iterable[Alert], number: int) -> str:
    """`Storm: 120 alerts of 12 services in prod`."""
    services = {service_of(alert) for alert in alerts} - {""}
    of = f" of {count(len(services), 'service')}" if len(services) > STORM_SERVICES else ""
    of = of or (f" of {', '.join(sorted(services))}" if services else "")
    at_least = number or len(incident.alerts)
    where = f" in {_cut(' '.join(incident.system.split()), THING_CHARS)}" if incident.system else ""
    return _cut(f"Storm: {at_least:,} alerts{of}{where}", TITLE_CHARS + THING_CHARS)


def incident_heading(incident: Incident) -> str:
    """Of an incident by itself, where its alerts are not counted."""
    if incident.storm:
        where = f" in {_cut(' '.join(incident.system.split()), THING_CHARS)}" if incident.system else ""
        return f"Storm of alerts{where}"
    return heading_of(incident.alerts[0]) if incident.alerts else _cut(" ".join(incident.title.split()), TITLE_CHARS)


def _better_than(number: str, alert: Alert) -> str:
    """A ticket without a short description is called after whatever else it says."""
    said = [alert.labels.get("category", ""), alert.labels.get("cmdb_ci", ""), alert.resource.id]
    lines = [" ".join(line.split()) for line in alert.description.splitlines()]
    told = next((line for line in lines if re.search(r"[a-z]\s+[a-z]", line, re.I) and ":" not in line[:30]), "")
    words = told or " ".join(dict.fromkeys(filter(None, said)))
    return f"{_cut(words, 70).rstrip('.')}, {number}" if words and words != number else number


def _apart(heading: str, alert: Alert) -> str:
    """With the first thing that its sender says beside the title."""
    summary = alert.labels.get("summary", "") or alert.labels.get("pod", "") or alert.value
    more = " ".join((summary or next(iter(alert.description.splitlines()), "")).split())
    return f"{heading}: {_cut(more, 80)}" if more and more.casefold() not in heading.casefold() else heading


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
