"""What a rule asks of an alert. All conditions have to hold; of several values, one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from agent.alert_rules.budgets import percent_used
from agent.alert_rules.patterns import Patterns, listed, matches
from agent.alert_rules.schedule import EVERY_DAY, DayHours, Days, Week, ZoneName, inside
from agent.models import Alert, AlertStatus, Severity
from agent.models.base import Model

SEVERITIES = (Severity.info, Severity.warning, Severity.error, Severity.critical)
"""From the mildest to the worst."""
TEXTS = (
    *("source", "system", "service", "resource", "type", "account", "region", "metric", "dag", "task"),
    *("title", "text"),
)
"""The text conditions, in the order in which they are tried."""
MAX_SHOWN_CHARS = 80
_COMPARISON = re.compile(r"\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*%?\s*")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


@dataclass(frozen=True)
class Situation:
    """An alert, where and when it came in. `channels`: the Slack channel's name and id, as far as they are known."""

    alert: Alert
    channels: tuple[str, ...]
    now: datetime
    zone: str
    business_hours: Week

    @cached_property
    def texts(self) -> dict[str, tuple[str, ...]]:
        return _texts(self.alert)


def _without_hash(value: object) -> object:
    return [str(each).removeprefix("#") for each in listed(value)]


def _comparison(text: str) -> str:
    compared(text)
    return text


def compared(text: str) -> tuple[str, float]:
    """The sign and the per cent of `>= 80`; else ValueError."""
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is no comparison; write one such as ">= 80" (per cent)')
    return match[1], float(match[2])


Severities = Annotated[tuple[Severity, ...], BeforeValidator(listed)]


class When(Model):
    """Conditions on an alert's fields, its place and its time."""

    source: Patterns = ()
    severity: Severities = ()
    at_least: Severity | None = None
    status: AlertStatus | None = None
    system: Patterns = ()
    service: Patterns = ()
    resource: Patterns = Field(default=(), description="id or ARN")
    type: Patterns = ()
    account: Patterns = ()
    region: Patterns = ()
    metric: Patterns = ()
    dag: Patterns = ()
    task: Patterns = ()
    title: Patterns = ()
    text: Patterns = Field(default=(), description="title or description")
    tags: dict[str, Patterns] = Field(default={}, description="labels of the alert")
    channel: Annotated[Patterns, BeforeValidator(_without_hash)] = ()
    budget_used: Annotated[str, AfterValidator(_comparison)] | None = None
    days: Days = EVERY_DAY
    time: DayHours = ()
    business_hours: bool | None = None
    zone: ZoneName | None = None

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The text conditions that it has, in the order in which they are tried."""
        return tuple(name for name in TEXTS if getattr(self, name))

    @property
    def timed(self) -> bool:
        """Whether it depends on when an alert comes."""
        return bool(self.time) or self.days != EVERY_DAY or self.business_hours is not None

    @property
    def empty(self) -> bool:
        """Whether it asks nothing, and so takes everything."""
        return not self.model_fields_set - {"zone"}

    def failure(self, at: Situation) -> str:
        """The first condition that does not hold, with what is and what was wanted; "" when all hold."""
        return next(self._failures(at), "")

    def _failures(self, at: Situation) -> Iterator[str]:
        alert = at.alert
        yield from self._of_kind(alert)
        for name in self.texts:
            wanted, values = getattr(self, name), at.texts[name]
            if not matches(wanted, values):
                yield _wants(name, next((value for value in values if value), ""), wanted)
        for key, wanted in self.tags.items():
            value = alert.labels.get(key) or _case_blind(alert.labels, key)
            if not matches(wanted, (value,)):
                yield _wants(f"tags.{key}", value, wanted)
        if self.channel and not matches(self.channel, [name.removeprefix("#") for name in at.channels]):
            yield _wants("channel", ", ".join(at.channels), self.channel)
        if self.budget_used is not None:
            yield from self._of_budget(self.budget_used, alert)
        yield from self._of_time(at)

    def _of_kind(self, alert: Alert) -> Iterator[str]:
        if self.severity and alert.severity not in self.severity:
            yield _wants("severity", alert.severity, self.severity)
        if self.at_least and SEVERITIES.index(alert.severity) < SEVERITIES.index(self.at_least):
            yield f"severity is {alert.severity}, not at least {self.at_least}"
        if self.status and alert.status is not self.status:
            yield _wants("status", alert.status, (self.status,))

    def _of_budget(self, comparison: str, alert: Alert) -> Iterator[str]:
        used = percent_used(alert)
        sign, limit = compared(comparison)
        if used is None:
            yield "budget_used is not said"
        elif not _COMPARE[sign](used, limit):
            yield f"budget_used is {used:.0f} %, not {comparison} %"

    def _of_time(self, at: Situation) -> Iterator[str]:
        local = at.now.astimezone(ZoneInfo(self.zone or at.zone))
        if not inside(self.days, self.time, local):
            yield f"time is {local:%a %H:%M} ({self.zone or at.zone}), outside the rule's days and times"
        if self.business_hours is not None:
            week = at.business_hours
            there = at.now.astimezone(ZoneInfo(week.zone or at.zone))
            if inside(week.days, week.time, there) is not self.business_hours:
                are = "outside" if self.business_hours else "in"
                yield f"time is {there:%a %H:%M} ({week.zone or at.zone}), {are} business hours"


def _texts(alert: Alert) -> dict[str, tuple[str, ...]]:
    """What each text condition is compared to."""
    resource = alert.resource
    return {
        "source": (alert.source,),
        "system": (alert.system,),
        "service": (resource.service,),
        "resource": (resource.id, resource.arn),
        "type": (resource.type,),
        "account": (resource.account,),
        "region": (resource.region,),
        "metric": (alert.metric,),
        "dag": (alert.dag_id,),
        "task": (alert.task_id,),
        "title": (alert.title,),
        "text": (alert.title, alert.description),
    }


def _case_blind(labels: dict[str, str], key: str) -> str:
    return next((value for name, value in labels.items() if name.lower() == key.lower()), "")


def _wants(name: str, value: str, wanted: tuple[Any, ...]) -> str:
    shown = " ".join(value.split())[:MAX_SHOWN_CHARS]
    asked = " or ".join(str(each) for each in wanted)
    if len(asked) > 2 * MAX_SHOWN_CHARS:
        asked = f"{asked[: 2 * MAX_SHOWN_CHARS]}…"
    return f"{name} is {shown or 'not said'}, not {asked}"
