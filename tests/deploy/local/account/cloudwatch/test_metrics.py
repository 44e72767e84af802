"""Statistics of metrics, computed from the request by a real boto3 client."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.conftest import NOW

ERRORS = {
    "namespace": "AWS/Lambda",
    "name": "Errors",
    "dimensions": {"FunctionName": "checkout"},
    "unit": "Count",
    "baseline": 0,
    "statistic_kind": "count",
    "noise": 0,
    "events": [{"from": "-30m", "to": "-10m", "set": 12}],
}
DURATION = {
    "namespace": "AWS/Lambda",
    "name": "Duration",
    "dimensions": {"FunctionName": "checkout"},
    "unit": "Milliseconds",
    "baseline": 200,
    "statistic_kind": "duration",
    "samples_per_minute": 50,
    "daily": 0.3,
}


def metric(name: str = "Errors", function: str = "checkout", statistic: str = "Sum", period: int = 300) -> dict:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    described = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}
    return {"Id": "m1", "MetricStat": {"Metric": described, "Stat": statistic, "Period": period}}


def values(cloudwatch, *queries: dict, hours: float = 1, **more) -> list:
    reply = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=NOW - timedelta(hours=hours),
        EndTime=NOW,
        ScanBy="TimestampAscending",
        **more,
    )
    return reply["MetricDataResults"]


def test_the_sum_over_a_period_counts_only_the_minutes_within_it(load, client) -> None:
    load(metrics=[ERRORS])

    (result,) = values(client("cloudwatch"), metric())

    assert result["Values"] == [0, 0, 0, 0, 0, 0, 60, 60, 60, 60, 0, 0]
    assert result["Timestamps"][0] == NOW - timedelta(hours=1)


def test_the_newest_datapoint_comes_first_unless_asked_otherwise(load, client) -> None:
    load(metrics=[ERRORS])
    reply = client("cloudwatch").get_metric_data(
        MetricDataQueries=[metric()], StartTime=NOW - timedelta(hours=1), EndTime=NOW
    )

    moments = reply["MetricDataResults"][0]["Timestamps"]
    assert moments == sorted(moments, reverse=True)


def test_another_functions_metric_is_not_answered_with_this_ones(load, client) -> None:
    load(metrics=[ERRORS])

    (result,) = values(client("cloudwatch"), metric(function="billing"))

    assert result["Values"] == []


def test_a_metric_of_another_region_is_not_there(load, client) -> None:
    load(metrics=[ERRORS])

    (result,) = values(client("cloudwatch", "eu-west-1"), metric())

    assert result["Values"] == []


def test_nothing_is_known_of_the_future(load, client) -> None:
    load(metrics=[ERRORS])
    reply = client("cloudwatch").get_metric_data(
        MetricDataQueries=[metric()], StartTime=NOW - timedelta(minutes=10), EndTime=NOW + timedelta(hours=2)
    )

    assert len(reply["MetricDataResults"][0]["Values"]) == 2


def test_minute_datapoints_are_kept_for_fifteen_days_only(load, client) -> None:
    load(metrics=[ERRORS])
    reply = client("cloudwatch").get_metric_data(
        MetricDataQueries=[metric(period=60)],
        StartTime=NOW - timedelta(days=16),
        EndTime=NOW - timedelta(days=15, hours=-1),
    )

    assert len(reply["MetricDataResults"][0]["Values"]) == 60


def test_percentiles_lie_between_the_minimum_and_the_maximum(load, client) -> None:
    load(metrics=[DURATION])
    found = {
        statistic: values(client("cloudwatch"), metric("Duration", statistic=statistic))[0]["Values"][0]
        for statistic in ("Minimum", "p50", "Average", "p99", "Maximum")
    }

    assert list(found.values()) == sorted(found.values())
    assert found["p99"] > 1.5 * found["p50"]


def test_a_series_is_the_same_whenever_it_is_asked_for(load, client, clock) -> None:
    load(metrics=[DURATION])
    first = values(client("cloudwatch"), metric("Duration", statistic="Average"))
    clock.moment = NOW + timedelta(hours=3)

    assert values(client("cloudwatch"), metric("Duration", statistic="Average")) == first


def test_statistics_and_metric_data_agree(load, client) -> None:
    load(metrics=[DURATION])
    cloudwatch = client("cloudwatch")
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": "checkout"}],
        StartTime=NOW - timedelta(hours=1),
        EndTime=NOW,
        Period=300,
        Statistics=["Average", "SampleCount"],
    )["Datapoints"]

    (result,) = values(cloudwatch, metric("Duration", statistic="Average"))
    assert [point["Average"] for point in points] == result["Values"]
    assert {point["SampleCount"] for point in points} == {250}


def test_the_day_has_its_season(load, client) -> None:
    load(metrics=[DURATION])
    (result,) = values(client("cloudwatch"), metric("Duration", statistic="Average", period=3600), hours=24)
    by_hour = {moment.hour: value for moment, value in zip(result["Timestamps"], result["Values"], strict=True)}

    assert by_hour[14] > 1.5 * by_hour[2]


def test_metrics_are_listed_by_namespace_name_and_dimension(load, client) -> None:
    load(metrics=[ERRORS, DURATION, {**ERRORS, "dimensions": {"FunctionName": "billing"}}])
    cloudwatch = client("cloudwatch")

    def names(**wanted) -> list[str]:
        return [each["MetricName"] for each in cloudwatch.list_metrics(**wanted)["Metrics"]]

    assert names(Namespace="AWS/SQS") == []
    assert names(MetricName="Errors") == ["Errors", "Errors"]
    assert names(Dimensions=[{"Name": "FunctionName", "Value": "checkout"}]) == ["Errors", "Duration"]


def test_what_is_put_can_be_read(load, client) -> None:
    load(metrics=[ERRORS])
    cloudwatch = client("cloudwatch")
    for value in (3, 5):
        datum = {"MetricName": "Depth", "Value": value, "Timestamp": NOW - timedelta(minutes=3)}
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[datum])
    query = {"Metric": {"Namespace": "Shop", "MetricName": "Depth"}, "Stat": "Maximum", "Period": 60}

    (result,) = values(cloudwatch, {"Id": "d", "MetricStat": query})

    assert result["Values"] == [5]


def test_a_long_answer_comes_in_pages(load, client) -> None:
    load(metrics=[ERRORS, DURATION])
    cloudwatch = client("cloudwatch")
    queries = [metric(period=60), {**metric("Duration", statistic="Average", period=60), "Id": "m2"}]
    asked = {"MetricDataQueries": queries, "StartTime": NOW - timedelta(hours=1), "EndTime": NOW}
    pages = [cloudwatch.get_metric_data(**asked, MaxDatapoints=50)]
    while "NextToken" in pages[-1]:
        pages.append(cloudwatch.get_metric_data(**asked, MaxDatapoints=50, NextToken=pages[-1]["NextToken"]))

    got = {"m1": 0, "m2": 0}
    for page in pages:
        assert sum(len(result["Values"]) for result in page["MetricDataResults"]) <= 50
        for result in page["MetricDataResults"]:
            got[result["Id"]] += len(result["Values"])
    assert got == {"m1": 60, "m2": 60}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (metric(statistic="Median"), "not supported"),
        (metric(period=90), "multiple of 60"),
        ({"Id": "e1", "Expression": "SELECT AVG(Duration) FROM Lambda"}, "Metrics Insights"),
        ({"Id": "e1", "Expression": "SUM("}, "Error in expression"),
        ({"Id": "e1", "Expression": "m7 + 1"}, "no query has this id"),
        ({"Id": "e1", "Expression": "FOURIER(1)"}, "not supported"),
    ],
)
def test_what_cannot_be_answered_is_refused(load, client, query, problem) -> None:
    load(metrics=[ERRORS])

    with pytest.raises(ClientError, match=problem) as caught:
        values(client("cloudwatch"), query)
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_two_weeks_of_twenty_series_are_answered_quickly(load, client) -> None:
    functions = [f"function-{number}" for number in range(20)]
    load(metrics=[{**DURATION, "dimensions": {"FunctionName": name}} for name in functions])
    queries = [{**metric("Duration", name, "Average"), "Id": f"m{number}"} for number, name in enumerate(functions)]
    cloudwatch = client("cloudwatch")
    started = time.perf_counter()
    results = values(cloudwatch, *queries, hours=14 * 24)

    assert len(results) == 20
    assert all(len(result["Values"]) == 14 * 288 for result in results)
    assert time.perf_counter() - started < 6
