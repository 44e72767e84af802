"""Security Hub gives the findings that the filters ask for."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario

FINDINGS: list[dict[str, Any]] = [
    {
        "id": "s3-public",
        "title": "S3 bucket is public",
        "description": "Anybody can read it.",
        "severity": "CRITICAL",
        "resource_type": "AwsS3Bucket",
        "resource_id": "arn:aws:s3:::exports",
        "at": "-10d",
        "updated": "-2h",
        "compliance": "FAILED",
        "remediation": "Block public access.",
    },
    {
        "id": "ec2-imds",
        "title": "EC2 instance allows IMDSv1",
        "description": "Old metadata service.",
        "severity": "HIGH",
        "resource_type": "AwsEc2Instance",
        "resource_id": "arn:aws:ec2:us-east-1:123456789012:instance/i-0a1",
        "at": "-40d",
        "workflow": "SUPPRESSED",
    },
    {
        "id": "unusual-caller",
        "title": "Unusual API caller",
        "description": "A key was used from a new country.",
        "severity": "MEDIUM",
        "product": "GuardDuty",
        "types": ["TTPs/Initial Access"],
        "resource_type": "AwsIamAccessKey",
        "resource_id": "AKIAEXAMPLE",
        "at": "-1d",
        "record_state": "ARCHIVED",
    },
]


@pytest.fixture
def hub(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(security_findings=FINDINGS)
    return client("securityhub")


def ids(hub: Any, **query: Any) -> list[str]:
    return [each["Id"] for each in hub.get_findings(**query)["Findings"]]


def text(value: str, comparison: str = "EQUALS") -> dict[str, str]:
    return {"Value": value, "Comparison": comparison}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["s3-public", "unusual-caller", "ec2-imds"]),
        ({"SeverityLabel": [text("CRITICAL"), text("HIGH")]}, ["s3-public", "ec2-imds"]),
        ({"SeverityLabel": [text("HIGH")], "WorkflowStatus": [text("NEW")]}, []),
        ({"WorkflowStatus": [text("SUPPRESSED", "NOT_EQUALS")]}, ["s3-public", "unusual-caller"]),
        ({"RecordState": [text("ACTIVE")], "ComplianceStatus": [text("FAILED")]}, ["s3-public"]),
        ({"ResourceId": [text("arn:aws:", "PREFIX")]}, ["s3-public", "ec2-imds"]),
        ({"Title": [text("IMDS", "CONTAINS")]}, ["ec2-imds"]),
        ({"Type": [text("TTPs", "PREFIX")]}, ["unusual-caller"]),
        (
            {"ProductName": [text("GuardDuty", "NOT_EQUALS"), text("Inspector", "NOT_EQUALS")]},
            ["s3-public", "ec2-imds"],
        ),
        ({"SeverityNormalized": [{"Gte": 40, "Lte": 80}]}, ["unusual-caller", "ec2-imds"]),
        ({"UpdatedAt": [{"DateRange": {"Value": 7, "Unit": "DAYS"}}]}, ["s3-public", "unusual-caller"]),
        ({"CreatedAt": [{"Start": "2026-10-20T00:00:00Z", "End": "2026-10-30T00:00:00Z"}]}, ["s3-public"]),
        ({"AwsAccountId": [text("999999999999")]}, []),
    ],
)
def test_filters_leave_out_the_rest(hub: Any, filters: dict[str, Any], expected: list[str]) -> None:
    assert ids(hub, Filters=filters) == expected


def test_findings_are_sorted_and_come_in_pages(hub: Any) -> None:
    order = [{"Field": "SeverityNormalized", "SortOrder": "desc"}]
    first = hub.get_findings(SortCriteria=order, MaxResults=2)
    assert [each["Id"] for each in first["Findings"]] == ["s3-public", "ec2-imds"]
    assert ids(hub, SortCriteria=order, MaxResults=2, NextToken=first["NextToken"]) == ["unusual-caller"]


@pytest.mark.parametrize(
    "query",
    [
        {"Filters": {"MalwareName": [text("x")]}},
        {"Filters": {"CreatedAt": [{"Start": "yesterday", "End": "today"}]}},
        {"SortCriteria": [{"Field": "Colour", "SortOrder": "asc"}]},
        {"NextToken": "rubbish"},
    ],
)
def test_a_wrong_request_is_refused(hub: Any, query: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        hub.get_findings(**query)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"


def test_without_a_hub_the_account_is_not_subscribed(hub: Any, client: Callable[..., Any]) -> None:
    assert hub.describe_hub()["HubArn"].endswith("hub/default")
    with pytest.raises(ClientError) as caught:
        client("securityhub", region="eu-west-1").get_findings()
    assert caught.value.response["Error"]["Code"] == "InvalidAccessException"
