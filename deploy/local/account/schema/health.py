"""AWS Health events, Security Hub and GuardDuty findings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from deploy.local.account.schema.base import Entry, Offset


class HealthEvent(Entry):
    service: str
    """As AWS Health names it: LAMBDA, RDS, EC2."""
    type_code: str
    category: Literal["issue", "accountNotification", "scheduledChange", "investigation"] = "issue"
    scope: Literal["PUBLIC", "ACCOUNT_SPECIFIC", "NONE"] = "PUBLIC"
    region: str | None = None
    availability_zone: str | None = None
    start: Offset = Field(alias="from")
    end: Offset | None = Field(default=None, alias="to")
    updated: Offset | None = None
    description: str
    entities: tuple[str, ...] = ()
    """Names or ARNs of what is affected."""


class SecurityFinding(Entry):
    id: str
    title: str
    description: str
    severity: Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    product: str = "Security Hub"
    """Security Hub, GuardDuty, Inspector."""
    types: tuple[str, ...] = ("Software and Configuration Checks/AWS Security Best Practices",)
    resource_type: str
    resource_id: str
    at: Offset
    updated: Offset | None = None
    workflow: Literal["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"] = "NEW"
    record_state: Literal["ACTIVE", "ARCHIVED"] = "ACTIVE"
    compliance: Literal["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"] | None = None
    remediation: str | None = None


class GuardDutyFinding(Entry):
    id: str
    type: str
    """UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"""
    title: str
    description: str = ""
    severity: float = Field(ge=0.1, le=10)
    """Below 4 low, below 7 medium, below 9 high, else critical."""
    resource_type: Literal["Instance", "AccessKey", "S3Bucket", "Lambda", "ECSCluster", "RDSDBInstance", "Container"]
    resource_id: str
    at: Offset
    updated: Offset | None = None
    count: int = 1
    archived: bool = False
