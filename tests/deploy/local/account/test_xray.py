"""X-Ray as real boto3 sees it: traces computed from declared requests, filtered and counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.conftest import NOW

ITEMS = {"name": "items", "kind": "remote", "type": "AWS::DynamoDB::Table", "ms": 10}
CATALOG = {"name": "catalog", "type": "AWS::ECS::Container", "ms": 40, "calls": [ITEMS]}
BROKEN = {**CATALOG, "status": 500, "exception": "KeyError: 'price'"}
WEB = {"name": "web", "ms": 10, "calls": [CATALOG]}
FLOWS = [
    {"root": WEB, "per_minute": 3, "url": "https://shop.example.com/list"},
    {"root": {**WEB, "status": 502, "calls": [BROKEN]}, "per_minute": 1, "from": "-30m"},
]
HOUR = {"StartTime": NOW - timedelta(hours=1), "EndTime": NOW}


@pytest.fixture
def xray(load: Callable[..., Any], client: Callable[..., Any]) -> Any:
    load(traces=FLOWS)
    return client("xray")


def ids(xray: Any, expression: str = "", **more: Any) -> list[str]:
    pages = xray.get_paginator("get_trace_summaries").paginate(**HOUR, FilterExpression=expression, **more)
    return [summary["Id"] for page in pages for summary in page["TraceSummaries"]]


def test_all_traces_of_a_range_come_over_several_pages(xray: Any) -> None:
    assert "NextToken" in xray.get_trace_summaries(**HOUR)
    found = ids(xray)
    assert len(found) == len(set(found)) == 210
    assert found == ids(xray)


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ('service("catalog")', 210),
        ('service("catalog") { fault }', 30),
        ('service("items") { fault }', 0),
        ('edge("web", "catalog") { fault }', 30),
        ('edge("catalog", "web")', 0),
        ("fault", 30),
        ("!fault", 180),
        ("ok = false", 30),
        ('service("catalog") { fault OR throttle } AND responsetime > 0.01', 30),
        ("responsetime > 5", 0),
        ("http.status = 502", 30),
        ('http.url CONTAINS "/list"', 180),
        ("(fault AND !error) OR throttle", 30),
    ],
)
def test_filter_expressions_choose(xray: Any, expression: str, count: int) -> None:
    assert len(ids(xray, expression)) == count


@pytest.mark.parametrize("expression", ["service(", 'annotation[user] = "x"', "fault fault", "responsetime > x", "#"])
def test_what_is_not_understood_is_refused(xray: Any, expression: str) -> None:
    with pytest.raises(ClientError) as error:
        ids(xray, expression)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"


def test_more_than_six_hours_are_refused(xray: Any) -> None:
    with pytest.raises(ClientError, match="6 hours"):
        xray.get_service_graph(StartTime=NOW - timedelta(hours=7), EndTime=NOW)


def test_documents_say_who_called_whom_and_what_went_wrong(xray: Any) -> None:
    failed = ids(xray, "fault")[0]
    reply = xray.batch_get_traces(TraceIds=[failed, "1-00000001-aaaaaaaaaaaaaaaaaaaaaaaa"])
    assert reply["UnprocessedTraceIds"] == ["1-00000001-aaaaaaaaaaaaaaaaaaaaaaaa"]
    documents = {document["name"]: document for document in map(_document, reply["Traces"][0]["Segments"])}
    assert documents.keys() == {"web", "catalog"}
    assert documents["catalog"]["parent_id"] == documents["web"]["subsegments"][0]["id"]
    assert documents["catalog"]["cause"]["exceptions"][0]["type"] == "KeyError"
    assert documents["catalog"]["subsegments"][0]["namespace"] == "aws"
    assert documents["web"]["end_time"] >= documents["catalog"]["end_time"]


def test_at_most_five_traces_are_read_at_once(xray: Any) -> None:
    with pytest.raises(ClientError, match="At most 5"):
        xray.batch_get_traces(TraceIds=ids(xray)[:6])


def test_the_graph_counts_nodes_and_edges(xray: Any) -> None:
    services = {service["Name"]: service for service in xray.get_service_graph(**HOUR)["Services"]}
    catalog = services["catalog"]["SummaryStatistics"]
    assert (catalog["TotalCount"], catalog["FaultStatistics"]["TotalCount"], catalog["OkCount"]) == (210, 30, 180)
    assert services["web"]["Root"] is True
    edge = services["web"]["Edges"][0]
    assert edge["ReferenceId"] == services["catalog"]["ReferenceId"]
    assert edge["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 30
    assert services["items"]["Edges"] == []
    before = xray.get_service_graph(StartTime=NOW - timedelta(hours=2), EndTime=NOW - timedelta(hours=1))["Services"]
    assert all(service["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 0 for service in before)


def _document(segment: dict[str, str]) -> dict[str, Any]:
    return json.loads(segment["Document"])
