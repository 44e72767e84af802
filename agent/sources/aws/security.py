"""Findings of GuardDuty, and of all that Security Hub gathers: an alert for each finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, system, tags_of
from agent.sources.aws.notice import Notice
from agent.sources.fields import at, mapping_at, parts_at, text_at
from agent.sources.moments import moment
from agent.sources.words import severity_of

_GUARDDUTY_RESOURCES = (
    ("instanceDetails", "instanceId", "ec2", "instanceid"),
    ("lambdaDetails", "functionArn", "lambda", ""),
    ("lambdaDetails", "functionName", "lambda", "functionname"),
    ("eksClusterDetails", "arn", "eks", ""),
    ("ecsClusterDetails", "arn", "ecs", ""),
    ("rdsDbInstanceDetails", "dbInstanceArn", "rds", ""),
    ("rdsDbInstanceDetails", "dbInstanceIdentifier", "rds", "dbinstanceidentifier"),
    ("accessKeyDetails", "userName", "iam", ""),
)
"""Where a finding keeps what it is about, its id, our service and the dimension that an ARN is derived by."""


def is_guardduty(notice: Notice) -> bool:
    return is_from(notice, "aws.guardduty") and bool(text_at(notice.event, "detail.type"))


def parse_guardduty(notice: Notice) -> list[Alert]:
    """The fingerprint is the type of finding and what it is about: the finding's own id is new every time."""
    event, detail = notice.event, mapping_at(notice.event, "detail")
    region = text_at(detail, "region") or text_at(event, "region")
    account = text_at(detail, "accountId") or text_at(event, "account")
    resource = _guardduty_resource(mapping_at(detail, "resource"), region, account)
    kind, own_id = text_at(detail, "type"), text_at(detail, "id")
    tags = tags_of(detail, "resource.instanceDetails.tags")
    over = at(detail, "service.archived") is True
    return [
        notice.alert(
            "guardduty",
            text_at(detail, "title") or kind,
            (kind, resource.arn or resource.id, account, region),
            (text_at(detail, "description"),),
            external_id=text_at(detail, "arn") or own_id,
            status=AlertStatus.resolved if over else AlertStatus.firing,
            severity=_guardduty_severity(text_at(detail, "severity")),
            resource=resource,
            system=system(account, tags),
            value=text_at(detail, "severity"),
            started_at=moment(text_at(detail, "service.eventFirstSeen", "createdAt")),
            ended_at=moment(text_at(detail, "updatedAt")) if over else None,
            labels={"finding_type": kind, "count": text_at(detail, "service.count"), **tags},
            links=(arns.console(region, f"guardduty/home?region={region}#/findings?macros=current&fId={own_id}"),),
        )
    ]


def _guardduty_severity(written: str) -> Severity:
    """GuardDuty's bands: low from 1, medium from 4, high from 7, critical from 9."""
    try:
        level = float(written)
    except ValueError:
        return severity_of(written) or Severity.warning
    bands = ((9, Severity.critical), (7, Severity.error), (4, Severity.warning))
    return next((severity for least, severity in bands if level >= least), Severity.info)


def _guardduty_resource(about: Mapping[str, Any], region: str, account: str) -> Resource:
    buckets = parts_at(about, "s3BucketDetails")
    if buckets:
        return arns.resource(text_at(buckets[0], "arn", "name"), region=region, account=account, service="s3")
    for part, field, service, dimension in _GUARDDUTY_RESOURCES:
        if own_id := text_at(about, f"{part}.{field}"):
            arn = arns.derived(dimension, own_id, region, account)
            return arns.resource(arn or own_id, region=region, account=account, service=service)
    return Resource(region=region, account=account)


def is_security_hub(notice: Notice) -> bool:
    return is_from(notice, "aws.securityhub") and bool(parts_at(notice.event, "detail.findings"))


def parse_security_hub(notice: Notice) -> list[Alert]:
    """The first one also has what the event says of all of them."""
    event, findings = notice.event, parts_at(notice.event, "detail.findings")
    detail = mapping_at(event, "detail")
    others = [entry for entry in detail["findings"] if not isinstance(entry, Mapping)]
    around = event | {"detail": detail | {"findings": others}}
    return [_finding(notice, finding, {} if number else around) for number, finding in enumerate(findings)]


def _finding(notice: Notice, finding: Mapping[str, Any], around: Mapping[str, Any]) -> Alert:
    """What generated it and where it was found make the fingerprint, because some products give new ids every time."""
    event = notice.event
    found_in = next(iter(parts_at(finding, "Resources")), {})
    account = text_at(finding, "AwsAccountId") or text_at(event, "account")
    region = text_at(found_in, "Region") or text_at(finding, "Region") or text_at(event, "region")
    resource = arns.resource(text_at(found_in, "Id"), region=region, account=account)
    generator = text_at(finding, "GeneratorId") or text_at(finding, "Id")
    tags = tags_of(found_in, "Tags")
    label = text_at(finding, "Severity.Label") or text_at(at(finding, "ProductFields"), "aws/securityhub/SeverityLabel")
    links = (text_at(finding, "Remediation.Recommendation.Url"), text_at(finding, "SourceUrl"))
    over = _over(finding)
    return notice.alert(
        "securityhub",
        text_at(finding, "Title") or text_at(finding, "Id") or "A finding without a title",
        (text_at(finding, "ProductArn"), generator, resource.arn or resource.id, account, region),
        (text_at(finding, "Description"), text_at(finding, "Remediation.Recommendation.Text")),
        all_of=[finding, around],
        external_id=text_at(finding, "Id"),
        status=AlertStatus.resolved if over else AlertStatus.firing,
        severity=severity_of(label) or _normalized(text_at(finding, "Severity.Normalized")),
        resource=resource,
        system=system(account, tags),
        value=text_at(finding, "Severity.Original", "Severity.Normalized"),
        started_at=moment(text_at(finding, "FirstObservedAt", "CreatedAt")),
        ended_at=moment(text_at(finding, "LastObservedAt", "UpdatedAt")) if over else None,
        labels={
            "product": text_at(finding, "ProductName")
            or text_at(at(finding, "ProductFields"), "aws/securityhub/ProductName"),
            "severity": label,
            "workflow": text_at(finding, "Workflow.Status", "WorkflowState"),
            "compliance": text_at(finding, "Compliance.Status"),
            "resource_type": text_at(found_in, "Type"),
            **tags,
        },
        links=links,
    )


def _over(finding: Mapping[str, Any]) -> bool:
    return (
        text_at(finding, "RecordState") == "ARCHIVED"
        or text_at(finding, "Workflow.Status", "WorkflowState") in ("RESOLVED", "SUPPRESSED")
        or text_at(finding, "Compliance.Status") == "PASSED"
    )


def _normalized(written: str) -> Severity:
    """Security Hub's bands of 0 to 100: low from 1, medium from 40, high from 70, critical from 90."""
    try:
        level = float(written)
    except ValueError:
        return Severity.warning
    bands = ((90, Severity.critical), (70, Severity.error), (40, Severity.warning))
    return next((severity for least, severity in bands if level >= least), Severity.info)
