"""Incidents: alerts that belong together and what happened to them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from agent.models.alerts import Alert, Severity
from agent.models.analysis import Diagnosis
from agent.models.base import Model, UtcTime
from agent.models.evidence import Evidence


class IncidentStatus(StrEnum):
    open = "open"
    investigating = "investigating"
    awaiting_approval = "awaiting_approval"
    remediating = "remediating"
    verifying = "verifying"
    resolved = "resolved"
    failed = "failed"
    escalated = "escalated"


class TimelineEvent(Model):
    at: UtcTime
    kind: str
    text: str
    actor: str = "watchkeeper"


class SlackPlace(Model):
    """Where a conversation or an alert lives. `thread_ts` is the root message's timestamp."""

    team: str = ""
    channel: str
    thread_ts: str


class Mark(Model):
    """Who did something, and when."""

    by: str = Field(description="Slack user id, or the name of a system")
    at: UtcTime
    note: str = ""


Treatment = Literal["analyse", "pass", "digest", "drop"]


class Decision(Model):
    """What becomes of an alert before any token is spent: the rule that decided, and why."""

    treatment: Treatment
    rule: str = Field(description="The name of the deciding rule; `default: …` for those on board")
    reason: str = Field(description="One sentence for people")
    channel: str = Field(default="", description="Where a new message goes, for an alert that has no thread")
    topic: str = Field(default="", description="`critical` or `heartbeat`: goes to its own incoming webhook")
    ticket: str = Field(default="", description="`servicenow`, `jira` or `pagerduty`: where it gets a ticket")
    escalate_to: str = Field(default="", description="Whom the Escalate button calls, where a rule says it")


class TicketRef(Model):
    """An incident's ticket in another system."""

    system: Literal["servicenow", "jira", "pagerduty"]
    id: str
    url: str = ""
    closed: bool = False
    told: str = Field(default="", description="Digest of what the ticket was last told, so that it is told once")
    pages: tuple[str, ...] = Field(default=(), description="Why people were paged for it besides; ends with the ticket")


class Ownership(Model):
    """What people said about an incident with its buttons."""

    acknowledged: Mark | None = None
    assigned: Mark | None = Field(default=None, description="`note` is who has it: a Slack user id")
    snoozed: Mark | None = None
    snoozed_until: UtcTime | None = None
    escalated: Mark | None = None
    resolved: Mark | None = None
    remedied: Mark | None = Field(
        default=None, description="A change that helped closed it: who approved it, when, and in `note` what it was"
    )

    @property
    def closed(self) -> Mark | None:
        """Who closed it, be it a person or a change that helped; what its alerts said is not that."""
        return self.resolved or self.remedied


class Incident(Model):
    """Alerts that belong together, what was found out, and what happened (append-only)."""

    id: str
    title: str
    status: IncidentStatus = IncidentStatus.open
    severity: Severity = Severity.warning
    system: str = ""
    alerts: tuple[Alert, ...] = Field(
        default=(), description="The first of each fingerprint, at most MAX_ALERTS; the ledger has them all"
    )
    latest: tuple[str, ...] = Field(default=(), description="Fingerprints of the alerts that joined last, MAX_ALERTS")
    grouped: str = Field(default="", description="Why its alerts belong together, in one sentence")
    storm: bool = Field(default=False, description="So many alerts at once that they are counted, not told one by one")
    decision: Decision | None = None
    ownership: Ownership = Ownership()
    tickets: tuple[TicketRef, ...] = ()
    place: SlackPlace | None = None
    summary_ts: str = Field(default="", description="The one Slack message that is edited in place")
    shown: str = Field(default="", description="Digest of what that message shows")
    diagnosis: Diagnosis | None = None
    diagnosed_at: UtcTime | None = None
    diagnosed: tuple[str, ...] = Field(default=(), description="Fingerprints that the diagnosis has seen")
    diagnosed_severity: Severity | None = Field(default=None, description="How severe it was then")
    snoozed_severity: Severity | None = Field(default=None, description="How severe it was when it was snoozed")
    same_as: str = Field(default="", description="The earlier incident whose diagnosis this one shows")
    same_cause: tuple[str, ...] = Field(default=(), description="Other incidents whose diagnosis names the same cause")
    evidence: tuple[Evidence, ...] = ()
    fix: str = Field(default="", description="What the runbook of its cause would do, by type; nothing if empty")
    remediation: str = Field(default="", description="Id of the one that may ask and act: no incident has two at once")
    timeline: tuple[TimelineEvent, ...] = ()
    last_alert_at: UtcTime | None = None
    created_at: UtcTime
    updated_at: UtcTime


MAX_ALERTS = 20
