"""AWS Health tells of events by what the request filters for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from tests.deploy.local.account.conftest import NOW, Clock

DATABASE = "arn:aws:rds:us-east-1:123456789012:db:orders"
EVENTS = [
    {
        "service": "LAMBDA",
        "type_code": "AWS_LAMBDA_OPERATIONAL_ISSUE",
        "from": "-3h",
        "to": "-1h",
        "description": "Elevated invocation errors in one region.",
        "region": "eu-west-1",
    },
    {
        "service": "RDS",
        "type_code": "AWS_RDS_MAINTENANCE_SCHEDULED",
        "category": "scheduledChange",
        "scope": "ACCOUNT_SPECIFIC",
        "from": "+2d",
        "to": "+3d",
        "updated": "-1d",
        "description": "Your database will be patched.",
        "entities": [DATABASE, "search"],
    },
    {
        "service": "EC2",
        "type_code": "AWS_EC2_OPERATIONAL_ISSUE",
        "from": "+1h",
        "description": "Nobody knows of this yet.",
        "availability_zone": "us-east-1a",
    },
]


@pytest.fixture
def health(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(health_events=EVENTS)
    return client("health")


def services(health: Any, **query: Any) -> list[str]:
    return [event["service"] for event in health.describe_events(filter=query)["events"]]


def test_an_issue_is_closed_after_its_end_and_unknown_before_its_start(health: Any, clock: Clock) -> None:
    assert services(health) == ["LAMBDA", "RDS"]
    [event] = health.describe_events(filter={"services": ["LAMBDA"]})["events"]
    assert (event["statusCode"], event["region"]) == ("closed", "eu-west-1")
    assert event["endTime"] == event["lastUpdatedTime"] == NOW - timedelta(hours=1)
    clock.moment = NOW + timedelta(hours=2)
    assert services(health, eventStatusCodes=["open"], availabilityZones=["us-east-1a"]) == ["EC2"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"services": ["RDS", "EC2"]}, ["RDS"]),
        ({"regions": ["eu-west-1"]}, ["LAMBDA"]),
        ({"regions": ["ap-south-1"]}, []),
        ({"eventTypeCategories": ["issue"]}, ["LAMBDA"]),
        ({"eventStatusCodes": ["upcoming"]}, ["RDS"]),
        ({"eventStatusCodes": ["open"]}, []),
        ({"services": ["LAMBDA"], "eventStatusCodes": ["upcoming"]}, []),
        ({"startTimes": [{"from": NOW - timedelta(hours=4), "to": NOW}]}, ["LAMBDA"]),
        ({"startTimes": [{"from": NOW - timedelta(hours=2), "to": NOW}]}, []),
        ({"lastUpdatedTimes": [{"from": NOW - timedelta(hours=2)}]}, ["LAMBDA"]),
        ({"entityArns": [DATABASE]}, ["RDS"]),
        ({"entityValues": ["other"]}, []),
    ],
)
def test_filters_leave_out_the_rest(health: Any, query: dict[str, Any], expected: list[str]) -> None:
    assert services(health, **query) == expected


def test_details_and_entities_belong_to_their_event(health: Any) -> None:
    lambda_, rds = (event["arn"] for event in health.describe_events()["events"])
    details = health.describe_event_details(eventArns=[rds, "arn:aws:health:us-east-1::event/X/Y/Z"])
    assert details["successfulSet"][0]["eventDescription"]["latestDescription"] == "Your database will be patched."
    assert len(details["failedSet"]) == 1
    entities = health.describe_affected_entities(filter={"eventArns": [rds]})["entities"]
    assert [(each["entityValue"], each["statusCode"]) for each in entities] == [
        (DATABASE, "PENDING"),
        ("search", "PENDING"),
    ]
    assert health.describe_affected_entities(filter={"eventArns": [lambda_]})["entities"] == []
    assert health.describe_affected_entities(filter={"eventArns": [rds], "statusCodes": ["IMPAIRED"]})["entities"] == []


def test_events_are_counted_by_category(health: Any) -> None:
    aggregates = health.describe_event_aggregates(aggregateField="eventTypeCategory")["eventAggregates"]
    assert aggregates == [
        {"aggregateValue": "issue", "count": 1},
        {"aggregateValue": "scheduledChange", "count": 1},
    ]


def test_events_come_in_pages(load: Callable[..., Scenario], client: Callable[..., Any]) -> None:
    event = {"service": "S3", "type_code": "AWS_S3_OPERATIONAL_ISSUE"}
    load(health_events=[{**event, "from": f"-{hours}h", "description": f"{hours}"} for hours in range(1, 26)])
    pages = client("health").get_paginator("describe_events").paginate(PaginationConfig={"PageSize": 10})
    sizes = [len(each["events"]) for each in pages]
    assert sizes == [10, 10, 5]


def test_a_filter_that_is_not_simulated_is_refused(health: Any) -> None:
    with pytest.raises(ClientError) as caught:
        services(health, personas=["BILLING"])
    assert caught.value.response["Error"]["Code"] == "ValidationException"
