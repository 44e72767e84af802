"""CloudWatch Logs answers real boto3 from the request: time ranges, patterns, streams, pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from tests.deploy.local.account.conftest import NOW, Clock

Client = Callable[..., Any]
Load = Callable[..., Scenario]

CHECKOUT = {
    "group": "/ecs/checkout",
    "retention_days": 7,
    "streams": ["web-1", "web-2"],
    "tags": {"team": "payments"},
    "lines": [
        {"template": "INFO GET /cart 200 {latency:40} ms", "per_minute": 10},
        {"template": "ERROR order {uuid} refused by gateway", "count": 30, "from": "-40m", "to": "-10m"},
        {"template": '{"level": "ERROR", "status": 503}', "level": "ERROR", "at": "-5m", "stream": "sidecar"},
    ],
}
PAYMENTS = {"group": "/aws/lambda/payments", "lines": [{"template": "paid {uuid}", "per_minute": 2}]}


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def ago(**length: float) -> int:
    return ms(NOW - timedelta(**length))


@pytest.fixture
def logs(load: Load, client: Client) -> Any:
    load(logs=[CHECKOUT, PAYMENTS])
    return client("logs")


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def test_groups_are_listed_by_prefix_and_pattern(logs: Any) -> None:
    def names(**query: Any) -> list[str]:
        return [group["logGroupName"] for group in logs.describe_log_groups(**query)["logGroups"]]

    assert names() == ["/aws/lambda/payments", "/ecs/checkout"]
    assert names(logGroupNamePrefix="/ecs/") == ["/ecs/checkout"]
    assert names(logGroupNamePattern="PAY") == ["/aws/lambda/payments"]
    assert names(logGroupNamePrefix="/rds/") == []
    [group] = logs.describe_log_groups(logGroupNamePrefix="/ecs/")["logGroups"]
    assert group["retentionInDays"] == 7
    assert group["storedBytes"] > 0
    assert logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"] == {"team": "payments"}
    assert [each["logGroupName"] for each in logs.list_log_groups(logGroupNamePattern="^/ecs")["logGroups"]] == names(
        logGroupNamePrefix="/ecs"
    )


def test_groups_come_in_pages(logs: Any) -> None:
    first = logs.describe_log_groups(limit=1)
    second = logs.describe_log_groups(limit=1, nextToken=first["nextToken"])
    assert [first["logGroups"][0]["logGroupName"], second["logGroups"][0]["logGroupName"]] == [
        "/aws/lambda/payments",
        "/ecs/checkout",
    ]
    assert "nextToken" not in second


def test_another_region_has_none_of_it(logs: Any, client: Client) -> None:
    elsewhere = client("logs", region="eu-west-1")
    assert elsewhere.describe_log_groups()["logGroups"] == []
    with pytest.raises(ClientError) as caught:
        elsewhere.filter_log_events(logGroupName="/ecs/checkout")
    assert code_of(caught) == "ResourceNotFoundException"


def test_streams_are_ordered_by_name_or_by_their_last_event(logs: Any) -> None:
    by_name = logs.describe_log_streams(logGroupName="/ecs/checkout")["logStreams"]
    assert [stream["logStreamName"] for stream in by_name] == ["sidecar", "web-1", "web-2"]
    newest = logs.describe_log_streams(logGroupName="/ecs/checkout", orderBy="LastEventTime", descending=True, limit=2)[
        "logStreams"
    ]
    assert {stream["logStreamName"] for stream in newest} == {"web-1", "web-2"}
    assert by_name[0]["lastEventTimestamp"] == ago(minutes=5)
    with pytest.raises(ClientError) as caught:
        logs.describe_log_streams(logGroupName="/ecs/checkout", orderBy="LastEventTime", logStreamNamePrefix="web")
    assert code_of(caught) == "InvalidParameterException"


def test_filter_log_events_keeps_to_the_pattern_and_the_time_range(logs: Any) -> None:
    def found(**query: Any) -> list[dict[str, Any]]:
        return logs.filter_log_events(logGroupName="/ecs/checkout", **query)["events"]

    refused = found(filterPattern="ERROR refused", startTime=ago(hours=2))
    assert len(refused) == 30
    assert all(event["message"].startswith("ERROR order") for event in refused)
    assert {ago(minutes=40) <= event["timestamp"] < ago(minutes=10) for event in refused} == {True}
    half = found(filterPattern="ERROR refused", startTime=ago(minutes=40), endTime=ago(minutes=25))
    assert len(half) == 15
    assert [event["logStreamName"] for event in found(filterPattern="{ $.status >= 500 }", startTime=ago(hours=1))] == [
        "sidecar"
    ]
    assert found(filterPattern="{ $.status >= 504 }") == []
    assert found(filterPattern="ERROR -refused -level") == []
    assert {event["logStreamName"] for event in found(logStreamNamePrefix="web", startTime=ago(hours=1))} == {
        "web-1",
        "web-2",
    }


def test_the_end_time_of_filter_log_events_is_included(logs: Any) -> None:
    query = {"logGroupName": "/ecs/checkout", "logStreamNames": ["sidecar"], "startTime": ago(hours=1)}
    assert len(logs.filter_log_events(**query, endTime=ago(minutes=5))["events"]) == 1
    assert logs.filter_log_events(**query, endTime=ago(minutes=5) - 1)["events"] == []


def test_pages_together_hold_every_event_once(logs: Any) -> None:
    whole = logs.filter_log_events(logGroupName="/ecs/checkout", startTime=ago(hours=1))["events"]
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/ecs/checkout", startTime=ago(hours=1), PaginationConfig={"PageSize": 100}
    )
    assert [event for each in pages for event in each["events"]] == whole
    assert len(whole) > 500


def test_a_page_without_events_can_have_a_next_one(logs: Any) -> None:
    query = {"logGroupName": "/ecs/checkout", "filterPattern": "{ $.status >= 500 }"}
    first = logs.filter_log_events(**query)
    assert first["events"] == []
    pages = logs.get_paginator("filter_log_events").paginate(**query)
    assert [event["logStreamName"] for each in pages for event in each["events"]] == ["sidecar"]


def test_a_token_of_another_request_is_refused(logs: Any) -> None:
    token = logs.filter_log_events(logGroupName="/ecs/checkout", limit=5)["nextToken"]
    with pytest.raises(ClientError) as caught:
        logs.filter_log_events(logGroupName="/aws/lambda/payments", limit=5, nextToken=token)
    assert code_of(caught) == "InvalidParameterException"


@pytest.mark.parametrize(
    "query",
    [
        {"filterPattern": "{ $.status >> 3 }"},
        {"filterPattern": "user-agent"},
        {"startTime": 5000, "endTime": 4000},
        {"logStreamNames": ["web-1"], "logStreamNamePrefix": "web"},
        {"logGroupIdentifier": "/ecs/checkout"},
    ],
)
def test_a_wrong_request_is_refused(logs: Any, query: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        logs.filter_log_events(logGroupName="/ecs/checkout", **query)
    assert code_of(caught) == "InvalidParameterException"


def test_missing_groups_and_streams_are_named(logs: Any) -> None:
    for query in ({"logGroupName": "/nope"}, {"logGroupName": "/ecs/checkout", "logStreamNames": ["web-9"]}):
        with pytest.raises(ClientError) as caught:
            logs.filter_log_events(**query)
        assert code_of(caught) == "ResourceNotFoundException"


def test_the_future_and_what_is_past_retention_do_not_exist(logs: Any, clock: Clock) -> None:
    events = logs.filter_log_events(logGroupName="/ecs/checkout", startTime=ago(minutes=3), endTime=ago(hours=-5))
    assert max(event["timestamp"] for event in events["events"]) <= ms(NOW)
    old = {"logGroupName": "/ecs/checkout", "startTime": ago(days=8), "endTime": ago(days=7, seconds=1)}
    assert logs.filter_log_events(**old)["events"] == []
    clock.moment = NOW + timedelta(minutes=30)
    later = logs.filter_log_events(logGroupName="/ecs/checkout", startTime=ms(NOW) + 1)
    assert len(later["events"]) == pytest.approx(300, rel=0.2)


def test_get_log_events_reads_a_stream_from_either_end(logs: Any) -> None:
    query = {"logGroupName": "/ecs/checkout", "logStreamName": "web-1", "startTime": ago(minutes=30)}
    tail = logs.get_log_events(**query, limit=10)["events"]
    head = logs.get_log_events(**query, limit=10, startFromHead=True)
    assert tail[-1]["timestamp"] > ago(minutes=2)
    assert head["events"][0]["timestamp"] < ago(minutes=28)
    assert tail == sorted(tail, key=lambda event: event["timestamp"])
    following = logs.get_log_events(**query, limit=10, startFromHead=True, nextToken=head["nextForwardToken"])
    assert following["events"][0]["timestamp"] >= head["events"][-1]["timestamp"]
    assert following["events"] != head["events"]
    back = logs.get_log_events(**query, limit=10, startFromHead=True, nextToken=following["nextBackwardToken"])
    assert back["events"] == head["events"]


def test_at_the_end_of_a_stream_the_token_repeats(logs: Any) -> None:
    query = {"logGroupName": "/ecs/checkout", "logStreamName": "sidecar", "startFromHead": True}
    first = logs.get_log_events(**query)
    assert len(first["events"]) == 1
    end = logs.get_log_events(**query, nextToken=first["nextForwardToken"])
    assert end["events"] == []
    assert end["nextForwardToken"] == first["nextForwardToken"]


def test_two_scenarios_write_to_the_same_group(load: Load, client: Client) -> None:
    for name, text in (("one", "first scenario"), ("two", "second scenario")):
        load(name, logs=[{"group": "/shared", "lines": [{"template": text, "every": "1m", "from": "-10m"}]}])
    events = client("logs").filter_log_events(logGroupName="/shared")["events"]
    assert {event["message"] for event in events} == {"first scenario", "second scenario"}
    assert len({event["eventId"] for event in events}) == len(events)


def test_test_metric_filter_tells_what_matches(logs: Any) -> None:
    matches = logs.test_metric_filter(filterPattern="ERROR", logEventMessages=["ok", "an ERROR"])["matches"]
    assert [match["eventNumber"] for match in matches] == [2]


def test_an_operation_that_is_not_simulated_is_refused(logs: Any) -> None:
    with pytest.raises(ClientError):
        logs.put_retention_policy(logGroupName="/ecs/checkout", retentionInDays=3)
