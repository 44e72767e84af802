"""Logs Insights over the wire: asynchronous, with statistics, pointers and the service's errors."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from tests.deploy.local.account.conftest import NOW

GROUPS = [
    {
        "group": "/ecs/checkout",
        "index_fields": ["level"],
        "lines": [
            {"template": '{"level": "INFO", "path": "{choice:/cart|/pay}", "ms": {latency:40}}', "per_minute": 100},
            {"template": '{"level": "ERROR", "path": "/pay", "ms": {latency:900}}', "count": 60, "from": "-1h"},
        ],
    },
    {"group": "/ecs/search", "lines": [{"template": '{"level": "ERROR", "n": 1}', "count": 7, "from": "-1h"}]},
]
END = round(NOW.timestamp())
START = END - 3600


@pytest.fixture
def logs(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(logs=GROUPS)
    return client("logs")


def start(logs: Any, query: str, **more: Any) -> str:
    request = {"logGroupNames": ["/ecs/checkout"], "startTime": START, "endTime": END, **more}
    return logs.start_query(queryString=query, **request)["queryId"]


def finished(logs: Any, query: str, **more: Any) -> dict[str, Any]:
    query_id = start(logs, query, **more)
    deadline = time.monotonic() + 20
    while (reply := logs.get_query_results(queryId=query_id))["status"] in ("Scheduled", "Running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return reply


def as_dicts(reply: dict[str, Any]) -> list[dict[str, str]]:
    return [{cell["field"]: cell["value"] for cell in row} for row in reply["results"]]


def test_a_query_is_scheduled_then_runs_then_completes(logs: Any) -> None:
    query_id = start(logs, "stats count(*) as n by level | sort n desc")
    seen: list[str] = []
    while not seen or seen[-1] in ("Scheduled", "Running"):
        reply = logs.get_query_results(queryId=query_id)
        seen.append(reply["status"])
        assert reply["results"] == [] or seen[-1] != "Scheduled"  # a running query shows what it has
        time.sleep(0.005)
    order = ["Scheduled", "Running", "Complete"]  # a busy machine may miss the first of them
    assert seen == sorted(seen, key=order.index)
    assert seen[-1] == "Complete"
    rows = as_dicts(reply)
    assert [row["level"] for row in rows] == ["INFO", "ERROR"]
    assert rows[1]["n"] == "60"


def test_statistics_count_what_was_matched_and_scanned(logs: Any) -> None:
    reply = finished(logs, "filter level = 'ERROR' | stats max(ms) by bin(10m)")
    assert reply["statistics"]["recordsMatched"] == 60
    assert reply["statistics"]["recordsScanned"] == pytest.approx(6060, rel=0.05)
    assert reply["statistics"]["bytesScanned"] > 6000 * 50
    assert 6 <= len(reply["results"]) <= 7


def test_the_time_range_leaves_out_what_lies_before(logs: Any) -> None:
    reply = finished(logs, "filter level = 'ERROR' | stats count(*) as n", startTime=END - 600)
    assert as_dicts(reply) == [{"n": "10"}]
    empty = finished(logs, "filter level = 'ERROR' | stats count(*) as n", startTime=START - 7200, endTime=START - 60)
    assert as_dicts(empty) == []


def test_several_groups_are_read_together(logs: Any) -> None:
    groups = {"logGroupNames": ["/ecs/checkout", "/ecs/search"]}
    reply = finished(logs, "filter level = 'ERROR' | stats count(*) as n by @log | sort n", **groups)
    assert as_dicts(reply) == [
        {"@log": "123456789012:/ecs/search", "n": "7"},
        {"@log": "123456789012:/ecs/checkout", "n": "60"},
    ]
    indexed = finished(logs, "filterIndex level = 'ERROR' | stats count(*) as n by @log", **groups)
    assert as_dicts(indexed) == [{"@log": "123456789012:/ecs/checkout", "n": "60"}]


def test_a_result_leads_to_its_record(logs: Any) -> None:
    [row] = as_dicts(finished(logs, "fields @timestamp, ms | filter level = 'ERROR' | sort ms desc | limit 1"))
    record = logs.get_log_record(logRecordPointer=row["@ptr"])["logRecord"]
    assert (record["level"], record["ms"], record["@timestamp"]) == ("ERROR", row["ms"], row["@timestamp"])


def test_results_come_in_pages_when_asked(logs: Any) -> None:
    query_id = start(logs, "fields ms | limit 5")
    while (first := logs.get_query_results(queryId=query_id, maxItems=3))["status"] != "Complete":
        time.sleep(0.02)
    second = logs.get_query_results(queryId=query_id, maxItems=3, nextToken=first["nextToken"])
    assert (len(first["results"]), len(second["results"])) == (3, 2)


def test_the_request_limits_the_results(logs: Any) -> None:
    assert len(finished(logs, "fields ms", limit=4)["results"]) == 4


def test_a_malformed_query_is_refused_with_its_place(logs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        start(logs, "fields @message | filtre level = 'ERROR'")
    error = caught.value.response
    assert error["Error"]["Code"] == "MalformedQueryException"
    assert error["queryCompileError"]["location"] == {"startCharOffset": 18, "endCharOffset": 24}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"logGroupNames": ["/nope"]}, "ResourceNotFoundException"),
        ({"startTime": END, "endTime": START}, "InvalidParameterException"),
        ({"startTime": START * 1000, "endTime": END * 1000}, "InvalidParameterException"),
        ({"startTime": 0, "endTime": END - 400 * 86400}, "MalformedQueryException"),
        ({"queryLanguage": "SQL"}, "InvalidParameterException"),
        ({"limit": 20_000}, "InvalidParameterException"),
        ({"logGroupName": "/ecs/search"}, "InvalidParameterException"),
    ],
)
def test_a_wrong_request_is_refused(logs: Any, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        start(logs, "fields @message", **request_)
    assert caught.value.response["Error"]["Code"] == code


def test_a_query_can_be_stopped(logs: Any) -> None:
    query_id = start(logs, "fields @message")
    assert logs.stop_query(queryId=query_id)["success"]
    assert logs.get_query_results(queryId=query_id)["status"] == "Cancelled"
    with pytest.raises(ClientError) as caught:
        logs.stop_query(queryId=query_id)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"
    with pytest.raises(ClientError) as caught:
        logs.get_query_results(queryId="00000000-0000-0000-0000-000000000000")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert [each["queryId"] for each in logs.describe_queries(status="Cancelled")["queries"]] == [query_id]


def test_fields_are_listed_with_how_often_they_occur(logs: Any) -> None:
    fields = logs.get_log_group_fields(logGroupName="/ecs/checkout")["logGroupFields"]
    percents = {field["name"]: field["percent"] for field in fields}
    assert percents["@message"] == percents["level"] == 100
    assert "n" not in percents


@pytest.mark.slow
def test_a_query_over_twenty_thousand_lines_takes_about_a_second(logs: Any) -> None:
    finished(logs, "stats count(*)", startTime=END - 4 * 3600)  # the events are generated once
    began = time.monotonic()
    query = "filter level = 'INFO' and ms > 30 | stats count(*) as n, avg(ms), pct(ms, 99) by path, bin(5m)"
    reply = finished(logs, query, startTime=END - 4 * 3600)
    assert reply["statistics"]["recordsScanned"] > 20_000
    assert time.monotonic() - began < 3  # generous, for a busy machine
