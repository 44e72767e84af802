"""CloudTrail LookupEvents."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.conftest import NOW

DEPLOY = {
    "at": "-43m",
    "event": "UpdateFunctionCode20150331v2",
    "source": "lambda.amazonaws.com",
    "user": "github-actions-1733",
    "role": "checkout-deploy",
    "resources": [{"type": "AWS::Lambda::Function", "name": "checkout"}],
    "request": {"functionName": "checkout"},
}
POLLING = {
    "at": "-4m",
    "event": "DescribeServices",
    "source": "ecs.amazonaws.com",
    "user": "datadog",
    "read_only": True,
    "every": "5m",
    "repeat_for": "12h",
}
OLD = {**DEPLOY, "at": "-100d", "user": "somebody"}


@pytest.fixture
def cloudtrail(load, client):
    load(cloudtrail=[DEPLOY, POLLING, OLD])
    return client("cloudtrail")


def lookup(cloudtrail, key: str = "", value: str = "", **more) -> list[dict]:
    if key:
        more["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
    return cloudtrail.lookup_events(**more)["Events"]


@pytest.mark.parametrize(
    ("key", "value", "nothing"),
    [
        ("EventName", "UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
        ("ResourceName", "checkout", "billing"),
        ("ResourceType", "AWS::Lambda::Function", "AWS::S3::Bucket"),
        ("Username", "github-actions-1733", "nobody"),
        ("EventSource", "lambda.amazonaws.com", "s3.amazonaws.com"),
        ("ReadOnly", "false", "maybe"),
    ],
)
def test_events_are_found_by_one_attribute(cloudtrail, key, value, nothing) -> None:
    (event,) = lookup(cloudtrail, key, value)
    record = json.loads(event["CloudTrailEvent"])

    assert event["EventTime"] == NOW - timedelta(minutes=43)
    assert record["requestParameters"] == {"functionName": "checkout"}
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "checkout-deploy"
    assert lookup(cloudtrail, key, nothing) == []


def test_only_events_of_the_range_are_found_the_newest_first(cloudtrail) -> None:
    events = lookup(cloudtrail, StartTime=NOW - timedelta(minutes=45), EndTime=NOW - timedelta(minutes=30))
    times = [event["EventTime"] for event in events]

    assert times == sorted(times, reverse=True)
    assert [event["EventName"] for event in events].count("DescribeServices") == 3
    assert [event["EventName"] for event in events].count("UpdateFunctionCode20150331v2") == 1


def test_nothing_older_than_ninety_days_is_found(cloudtrail) -> None:
    assert lookup(cloudtrail, "Username", "somebody", StartTime=NOW - timedelta(days=120)) == []


def test_events_come_in_pages_of_fifty(cloudtrail) -> None:
    pages = list(cloudtrail.get_paginator("lookup_events").paginate())

    assert [len(page["Events"]) for page in pages] == [50, 50, 46]
    assert len({event["EventId"] for page in pages for event in page["Events"]}) == 146


def test_an_event_of_another_region_is_not_found(client, cloudtrail) -> None:
    assert client("cloudtrail", "eu-west-1").lookup_events()["Events"] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"StartTime": NOW, "EndTime": NOW - timedelta(hours=1)}, "InvalidTimeRangeException"),
        ({"NextToken": "made-up"}, "InvalidNextTokenException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
    ],
)
def test_a_wrong_request_is_refused(cloudtrail, asked, code) -> None:
    with pytest.raises(ClientError) as caught:
        cloudtrail.lookup_events(**asked)
    assert caught.value.response["Error"]["Code"] == code
