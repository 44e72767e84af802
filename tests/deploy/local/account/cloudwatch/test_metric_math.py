"""Metric math over real requests: arithmetic, functions, arrays, bands and searches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deploy.local.account.conftest import NOW


def _count(name: str, per_minute: float, function: str = "checkout", **more) -> dict:
    return {
        "namespace": "AWS/Lambda",
        "name": name,
        "dimensions": {"FunctionName": function},
        "baseline": per_minute,
        "noise": 0,
        "statistic_kind": "count",
        **more,
    }


def _query(identity: str, name: str, function: str = "checkout", period: int = 60) -> dict:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}
    return {"Id": identity, "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": period}, "ReturnData": False}


@pytest.fixture
def math(load, client):
    """Evaluate an expression over errors (a), invocations (b) and a metric that is reported now and then (s)."""
    load(
        metrics=[
            _count("Errors", 2, events=[{"from": "-3m", "add": 8}]),
            _count("Invocations", 40),
            _count("Errors", 5, function="billing"),
            _count("Throttles", 3, interval="2m"),
            _count("Zero", 0),
        ]
    )
    queries = [
        _query("a", "Errors"),
        _query("b", "Invocations"),
        _query("a_billing", "Errors", "billing"),
        _query("s", "Throttles"),
        _query("z", "Zero"),
    ]

    def evaluate(expression: str, minutes: int = 6) -> list[list[float]]:
        reply = client("cloudwatch").get_metric_data(
            MetricDataQueries=[*queries, {"Id": "e", "Expression": expression, "Period": 60}],
            StartTime=NOW - timedelta(minutes=minutes),
            EndTime=NOW,
            ScanBy="TimestampAscending",
        )
        return [result["Values"] for result in reply["MetricDataResults"]]

    return evaluate


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * a / b", [5, 5, 5, 25, 25, 25]),
        ("-a + 2 ^ 3", [6, 6, 6, -2, -2, -2]),
        ("a / z", []),
        ("a > 5", [0, 0, 0, 1, 1, 1]),
        ("a > 5 AND b == 40 || z", [0, 0, 0, 1, 1, 1]),
        ("IF(a > 5, a, 0)", [0, 0, 0, 10, 10, 10]),
        ("IF(a > 5, a)", [10, 10, 10]),
        ("DIFF(a)", [0, 0, 8, 0, 0]),
        ("RATE(a) * 60", [0, 0, 8, 0, 0]),
        ("RUNNING_SUM(a)", [2, 4, 6, 16, 26, 36]),
        ("FILL(s, 0)", [3, 0, 3, 0, 3, 0]),
        ("FILL(s, REPEAT)", [3, 3, 3, 3, 3, 3]),
        ("s", [3, 3, 3]),
        ("SUM([a, a_billing])", [7, 7, 7, 15, 15, 15]),
        ("SUM([a, s])", [5, 2, 5, 10, 13, 10]),
        ("MAX([a, a_billing])", [5, 5, 5, 10, 10, 10]),
        ('SUM(METRICS("a"))', [7, 7, 7, 15, 15, 15]),
        ("a - MIN(a)", [0, 0, 0, 8, 8, 8]),
        ("TIME_SERIES(METRIC_COUNT(METRICS()))", [5, 5, 5, 5, 5, 5]),
        ("a * 0 + PERIOD(a)", [60, 60, 60, 60, 60, 60]),
        ("HOUR(a)", [14, 14, 14, 14, 14, 14]),
    ],
)
def test_an_expression_is_computed_point_by_point(math, expression, expected) -> None:
    (got,) = math(expression) if math(expression) else [[]]

    assert got == pytest.approx(expected)


def test_an_array_is_returned_as_several_series(math) -> None:
    assert math('METRICS("a") * 10', minutes=1) == [[100], [50]]


def test_sorting_keeps_the_largest(math) -> None:
    assert math("SORT(METRICS(), MAX, DESC, 2)", minutes=1) == [[40], [10]]


def test_a_search_finds_the_metrics_of_every_function_and_no_others(math) -> None:
    found = math("SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 60)", minutes=1)

    assert found == [[10], [5]]
    assert math("SEARCH('{AWS/SQS,QueueName} Errors', 'Sum', 60)") == []


def test_values_of_normal_days_lie_within_the_band_and_an_incident_does_not(load, client) -> None:
    load(
        metrics=[
            _count("Invocations", 100, daily=0.4, noise=0.1, weekend=0.5, events=[{"from": "-20m", "multiply": 3}])
        ]
    )
    reply = client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {**_query("m", "Invocations", period=300), "ReturnData": True},
            {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"},
        ],
        StartTime=NOW - timedelta(hours=12),
        EndTime=NOW,
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    values, bounds = reply[0]["Values"], [result["Values"] for result in reply[1:]]
    outside = [
        not min(pair) <= value <= max(pair) for value, pair in zip(values, zip(*bounds, strict=True), strict=True)
    ]

    assert len(bounds) == 2
    assert sum(outside[:-4]) <= 4
    assert all(outside[-4:])
