"""Alerts, as normalised from whatever tool sent them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from agent.models.base import Model, UtcTime


class Severity(StrEnum):
    critical = "critical"
    error = "error"
    warning = "warning"
    info = "info"


class AlertStatus(StrEnum):
    firing = "firing"
    resolved = "resolved"


class Resource(Model):
    """What an alert is about. `type` is the AWS noun: `function`, `cluster`, `db`, `queue`, `table`, `dag`."""

    service: str = ""
    type: str = ""
    id: str = ""
    region: str = ""
    account: str = ""
    arn: str = ""


class Alert(Model):
    """One normalised alert, whatever tool sent it."""

    source: str
    external_id: str = Field(default="", description="What the sender calls the thing that fires, the same each time")
    item_id: str = Field(
        default="", description="The sender's open item (an incident, a ticket), of which it may have several of a kind"
    )
    update: bool = Field(default=False, description="A note on it, which does not say whether it fires")
    delivery_id: str = Field(default="", description="What the sender calls this one message; a second copy has it too")
    title: str
    description: str = Field(default="", description="All text that the payload has, however it was shaped")
    severity: Severity = Severity.warning
    status: AlertStatus = AlertStatus.firing
    resource: Resource = Resource()
    system: str = Field(default="", description="The product, environment or cluster it belongs to, to group alerts by")
    metric: str = ""
    threshold: str = Field(default="", description="What the value was compared with, as the sender writes it")
    value: str = Field(default="", description="What was measured")
    dag_id: str = ""
    task_id: str = ""
    run_id: str = ""
    started_at: UtcTime
    said_at: UtcTime | None = Field(
        default=None,
        description="When the sender said this, on one clock in all it says of the alert; None: it does not",
    )
    received_at: UtcTime | None = Field(default=None, description="When we got it, by our clock")
    ended_at: UtcTime | None = Field(default=None, description="When it was over, of one that is resolved")
    labels: dict[str, str] = Field(default={})
    links: tuple[str, ...] = ()
    raw_reference: str = ""
    fingerprint: str
