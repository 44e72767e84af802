"""The rules file as it is written: rules, maintenance windows, and what is true of all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator

from agent.alert_rules.conditions import When
from agent.alert_rules.schedule import Week, ZoneName, hours, moment
from agent.models import Treatment
from agent.models.base import Model

Topic = Literal["critical", "heartbeat", ""]
Tickets = Literal["servicenow", "jira", "pagerduty", ""]
"""With "" for none."""


def _nothing_said(value: object) -> object:
    """`when:` with nothing behind it."""
    return {} if value is None else value


Conditions = Annotated[When, BeforeValidator(_nothing_said)]


class Then(Model):
    """What becomes of the alerts that a rule takes. Without a treatment, the rules on board say which."""

    treatment: Treatment | None = None
    channel: str = Field(default="", description="where an alert that has no thread of its own is posted")
    topic: Topic = ""
    ticket: Tickets = ""
    escalate_to: str = Field(default="", description="who is called by the Escalate button: `@payments-oncall`")

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return {"treatment": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what becomes of it: analyse, pass, digest or drop")
        return self


class Rule(Model):
    name: str = ""
    when: Conditions = When()
    unless: When | None = None
    then: Then
    reason: str = Field(default="", description="one sentence for people")


class Maintenance(Model):
    """A window in which alerts are expected. Times without an offset are of its zone, else of the file's."""

    name: str = Field(min_length=1)
    start: str = Field(default="", alias="from")
    end: str = Field(default="", alias="to")
    weekly: Week | None = None
    zone: ZoneName | None = None
    when: Conditions = When()
    unless: When | None = None
    effect: Literal["digest", "drop"] = "digest"

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        if self.weekly is not None and (self.start or self.end):
            raise ValueError("give either `from` and `to`, or `weekly`")
        if self.weekly is None and not (self.start and self.end):
            raise ValueError("say when: `from` and `to`, or `weekly`")
        if self.weekly is None:
            start, end = self.span("UTC")
            if end <= start:
                raise ValueError(f"`to` ({self.end}) is not after `from` ({self.start})")
        return self

    def span(self, zone: str) -> tuple[datetime, datetime]:
        """Of a window that comes once, in UTC. `zone`: the file's."""
        where = self.zone or zone
        return moment(self.start, where), moment(self.end, where)


class Document(Model):
    """A whole file."""

    zone: ZoneName = "UTC"
    business_hours: Week = Week(days=frozenset(range(5)), time=hours("09:00-17:00"))
    maintenance: tuple[Maintenance, ...] = ()
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _empty_parts(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: part for key, part in cast("dict[str, Any]", value).items() if part is not None}
