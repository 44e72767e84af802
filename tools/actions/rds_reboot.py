"""An RDS instance rebooted: static parameters take effect, sessions end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import tags_of, unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

AVAILABLE = "available"
REBOOTING = "rebooting"
CLOCKS_DIFFER = timedelta(seconds=5)
"""By how much RDS's clock and ours may differ."""
TELLING = ("shutdown", "restarted", "failover")
"""In the messages of RDS events that come of a reboot."""


class RdsReboot(Model):
    failover: bool = Field(default=False, description="Over to the standby, where the instance is Multi-AZ")


class RdsRebootKind(ActionKind[RdsReboot]):
    """RDS takes no token: whether it was done is seen by the instance's status and its events."""

    name = "rds_reboot"
    parameters = RdsReboot
    risk = Risk.high
    reversible = False
    service = "rds"
    resource_type = "db"

    def title(self, order: Order[RdsReboot]) -> str:
        return f"Reboot {order.target.id}" + (" with a failover to its standby" if order.parameters.failover else "")

    def permissions(self, order: Order[RdsReboot]) -> tuple[Permission, ...]:
        exactly = (("DBInstanceIdentifier", order.target.id), ("ForceFailover", str(order.parameters.failover)))
        arn = order.arn("rds", f"db:{order.target.id}")
        return (Permission("rds", "reboot_db_instance", "rds:RebootDBInstance", (arn,), exactly=exactly),)

    def preview(self, order: Order[RdsReboot], aws: AwsSession, now: datetime) -> Preview:
        try:
            found = _instance(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        waiting = _waiting(found)
        return Preview(
            at=now,
            before={"status": found["DBInstanceStatus"], "multi_az": bool(found.get("MultiAZ")), "waiting": waiting},
            after={"status": REBOOTING},
            differences=(
                Difference(field="instance", before=found["DBInstanceStatus"], after="rebooting, then available"),
                *(Difference(field=f"parameters of {group}", before="wait", after="in effect") for group in waiting),
            ),
            blast_radius=_blast_radius(order, found),
            tags=tags_of(found.get("TagList", [])),
            warnings=_warnings(found, waiting),
            problems=_problems(order, found),
        )

    def execute(
        self, order: Order[RdsReboot], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        session.client("rds").reboot_db_instance(
            DBInstanceIdentifier=order.target.id, ForceFailover=order.parameters.failover
        )
        return _result(order, preview, now)

    def find_effect(
        self, order: Order[RdsReboot], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        """The status changes with the call, and the events stay for 14 days."""
        if _instance(order, aws)["DBInstanceStatus"] == REBOOTING or _rebooted(order, aws, since - CLOCKS_DIFFER):
            return _result(order, preview, since)
        return None

    def undo(self, order: Order[RdsReboot], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[RdsReboot], alert: Alert | None) -> Check:
        return signal_check(alert, f"{order.target.id} is available again")


def _instance(order: Order[RdsReboot], aws: AwsSession) -> dict[str, Any]:
    reply = aws.client("rds").describe_db_instances(DBInstanceIdentifier=order.target.id)
    found: dict[str, Any] = reply["DBInstances"][0]
    return found


def _rebooted(order: Order[RdsReboot], aws: AwsSession, since: datetime) -> bool:
    pages = (
        aws.client("rds")
        .get_paginator("describe_events")
        .paginate(SourceType="db-instance", SourceIdentifier=order.target.id, StartTime=since)
    )
    messages = [str(event.get("Message", "")).lower() for page in pages for event in page["Events"]]
    return any(word in message for message in messages for word in TELLING)


def _waiting(found: dict[str, Any]) -> list[str]:
    """The parameter groups with changes that wait for a reboot."""
    groups = found.get("DBParameterGroups", [])
    return sorted(each["DBParameterGroupName"] for each in groups if each["ParameterApplyStatus"] == "pending-reboot")


def _blast_radius(order: Order[RdsReboot], found: dict[str, Any]) -> str:
    """How long: Amazon RDS's guide speaks of under a minute for a failover, and of recovery's time for a reboot."""
    sessions = f"Every session of {order.target.id} ends, and what it had not committed is lost"
    if order.parameters.failover:
        return f"{sessions}; the standby takes over, mostly within a minute or two, and clients must connect again"
    again = "; a read replica goes on" if found.get("ReadReplicaDBInstanceIdentifiers") else ""
    down = "it answers nobody until it is up again, mostly for a minute or two, longer after heavy writing"
    return f"{sessions}; {down}{again}"


def _warnings(found: dict[str, Any], waiting: list[str]) -> tuple[str, ...]:
    warnings: list[str] = []
    if not waiting:
        warnings.append("No parameter waits for a reboot.")
    if found.get("PendingModifiedValues"):
        warnings.append("Changes that wait for the maintenance window are not made by a reboot.")
    if found.get("DBClusterIdentifier"):
        warnings.append(f"It is a member of the cluster {found['DBClusterIdentifier']}: others may have to take over.")
    return tuple(warnings)


def _problems(order: Order[RdsReboot], found: dict[str, Any]) -> tuple[str, ...]:
    problems: list[str] = []
    if found["DBInstanceStatus"] != AVAILABLE:
        problems.append(f"The instance is {found['DBInstanceStatus']}: it can be rebooted only when it is available.")
    if order.parameters.failover and not found.get("MultiAZ"):
        problems.append("It has no standby to fail over to: it is not Multi-AZ.")
    return tuple(problems)


def _result(order: Order[RdsReboot], preview: Preview, at: datetime) -> ActionResult:
    how = " over to its standby" if order.parameters.failover else ""
    return ActionResult(
        succeeded=True,
        before=preview.before,
        after=preview.after,
        message=f"The reboot of {order.target.id}{how} has begun.",
        at=at,
    )
