"""Alarms are evaluated over their series: state, history and reasons are computed, never written down."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.deploy.local.account.conftest import NOW

DEPTH = {
    "namespace": "AWS/SQS",
    "name": "ApproximateNumberOfMessagesVisible",
    "dimensions": {"QueueName": "orders"},
    "baseline": 20,
    "noise": 0.05,
}
ALARM = {
    "name": "orders-backlog",
    "namespace": "AWS/SQS",
    "metric": "ApproximateNumberOfMessagesVisible",
    "dimensions": {"QueueName": "orders"},
    "statistic": "Maximum",
    "period": 300,
    "evaluation_periods": 3,
    "datapoints_to_alarm": 2,
    "threshold": 100,
    "actions": ["arn:aws:sns:us-east-1:123456789012:alerts"],
}


@pytest.fixture
def watch(load, client):
    """Load a metric with these events and an alarm; returns the alarm's description and its state updates."""

    def loaded(events: list, **changes) -> tuple[dict, list[dict]]:
        load(metrics=[{**DEPTH, "events": events, **changes.pop("metric", {})}], alarms=[{**ALARM, **changes}])
        cloudwatch = client("cloudwatch")
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["orders-backlog"])["MetricAlarms"]
        history = cloudwatch.describe_alarm_history(
            AlarmName="orders-backlog", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
        )["AlarmHistoryItems"]
        return alarm, history

    return loaded


def test_an_alarm_fires_when_enough_datapoints_breach(watch) -> None:
    alarm, history = watch([{"from": "-20m", "set": 500}])

    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateUpdatedTimestamp"] == NOW - timedelta(minutes=10)
    assert "greater than the threshold (100)" in alarm["StateReason"]
    assert [item["HistorySummary"] for item in history] == ["Alarm updated from OK to ALARM"]
    assert json.loads(history[0]["HistoryData"])["newState"]["stateValue"] == "ALARM"


def test_an_alarm_does_not_fire_for_fewer_datapoints(watch) -> None:
    alarm, history = watch([{"from": "-20m", "to": "-15m", "set": 500}])

    assert (alarm["StateValue"], history) == ("OK", [])


def test_an_alarm_goes_back_to_ok_by_itself(watch) -> None:
    alarm, history = watch([{"from": "-3h", "to": "-2h", "set": 500}])

    assert alarm["StateValue"] == "OK"
    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_a_pulsing_metric_makes_an_alarm_flap(watch) -> None:
    pulse = {"from": "-1d", "set": 500, "every": {"period": "1h", "width": "15m"}}
    _, history = watch([pulse])

    assert len(history) == pytest.approx(48, abs=2)


def test_missing_data_means_insufficient_data_unless_the_alarm_says_otherwise(watch) -> None:
    gone = {"metric": {"to": "-1h"}}

    assert watch([], **gone)[0]["StateValue"] == "INSUFFICIENT_DATA"
    assert watch([], **gone, treat_missing="notBreaching")[0]["StateValue"] == "OK"
    assert watch([], **gone, treat_missing="breaching")[0]["StateValue"] == "ALARM"
    assert watch([{"from": "-2h", "set": 500}], **gone, treat_missing="ignore")[0]["StateValue"] == "ALARM"


def test_an_alarm_on_metric_math_compares_the_expression(load, client) -> None:
    parts = {"dimensions": {"QueueName": "orders"}, "namespace": "AWS/SQS", "statistic": "Sum", "period": 60}
    alarm = {
        "name": "rate",
        "metrics": [
            {"id": "rate", "expression": "100 * failed / sent"},
            {"id": "failed", "metric": "Failed", "return_data": False, **parts},
            {"id": "sent", "metric": "Sent", "return_data": False, **parts},
        ],
        "threshold": 5,
    }
    kind = {**DEPTH, "statistic_kind": "count"}
    load(
        metrics=[
            {**kind, "name": "Sent", "baseline": 100},
            {**kind, "name": "Failed", "baseline": 1, "events": [{"from": "-5m", "set": 30}]},
        ],
        alarms=[alarm],
    )

    (found,) = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert found["StateValue"] == "ALARM"
    assert found["Metrics"][0]["Expression"] == "100 * failed / sent"


def test_an_alarm_on_a_band_fires_outside_of_it(load, client) -> None:
    parts = ("namespace", "metric", "dimensions", "statistic", "period")
    band = {
        "name": "unusual-depth",
        "metrics": [
            {"id": "depth", **{key: ALARM[key] for key in parts}},
            {"id": "band", "expression": "ANOMALY_DETECTION_BAND(depth, 4)"},
        ],
        "threshold_metric_id": "band",
        "comparison": "GreaterThanUpperThreshold",
    }
    load(metrics=[{**DEPTH, "events": [{"from": "-15m", "multiply": 3}]}], alarms=[band])

    (found,) = client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert found["StateValue"] == "ALARM"
    assert found["ThresholdMetricId"] == "band"


def test_alarms_are_filtered_by_state_name_and_region(load, client) -> None:
    load(
        metrics=[{**DEPTH, "events": [{"from": "-1h", "set": 500}]}],
        alarms=[ALARM, {**ALARM, "name": "orders-flood", "threshold": 9000}, {**ALARM, "name": "billing"}],
    )
    cloudwatch = client("cloudwatch")

    def names(**wanted) -> list[str]:
        return [alarm["AlarmName"] for alarm in cloudwatch.describe_alarms(**wanted)["MetricAlarms"]]

    assert names(StateValue="ALARM") == ["billing", "orders-backlog"]
    assert names(AlarmNamePrefix="orders-") == ["orders-backlog", "orders-flood"]
    assert names(AlarmNames=["nothing"]) == []
    assert client("cloudwatch", "eu-west-1").describe_alarms()["MetricAlarms"] == []


def test_alarms_of_a_metric_are_found_and_those_of_others_are_not(load, client) -> None:
    other = {**ALARM, "name": "other", "dimensions": {"QueueName": "billing"}}
    load(metrics=[DEPTH], alarms=[ALARM, other])

    found = client("cloudwatch").describe_alarms_for_metric(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "orders"}],
    )
    assert [alarm["AlarmName"] for alarm in found["MetricAlarms"]] == ["orders-backlog"]


def test_history_is_limited_to_the_dates_asked_for_and_comes_in_pages(load, client) -> None:
    pulse = {"from": "-1d", "set": 500, "every": {"period": "1h", "width": "15m"}}
    load(metrics=[{**DEPTH, "events": [pulse]}], alarms=[ALARM])
    cloudwatch = client("cloudwatch")
    recent = cloudwatch.describe_alarm_history(StartDate=NOW - timedelta(hours=2), HistoryItemType="StateUpdate")
    first = cloudwatch.describe_alarm_history(MaxRecords=10)
    second = cloudwatch.describe_alarm_history(MaxRecords=10, NextToken=first["NextToken"])

    assert all(item["Timestamp"] >= NOW - timedelta(hours=2) for item in recent["AlarmHistoryItems"])
    assert 0 < len(recent["AlarmHistoryItems"]) < 6
    assert len(first["AlarmHistoryItems"]) == 10
    assert second["AlarmHistoryItems"][0]["Timestamp"] <= first["AlarmHistoryItems"][-1]["Timestamp"]


def test_time_goes_on_and_the_alarm_with_it(load, client, clock) -> None:
    load(metrics=[{**DEPTH, "events": [{"from": "+10m", "set": 500}]}], alarms=[ALARM])
    cloudwatch = client("cloudwatch")
    before = cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]
    clock.moment = NOW + timedelta(minutes=25)

    assert (before, cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"]) == ("OK", "ALARM")


def test_detectors_are_listed_for_their_metric(load, client) -> None:
    detector = {"namespace": "AWS/SQS", "metric": "NumberOfMessagesSent", "dimensions": {"QueueName": "orders"}}
    load(anomaly_detectors=[detector])
    cloudwatch = client("cloudwatch")

    (found,) = cloudwatch.describe_anomaly_detectors(Namespace="AWS/SQS")["AnomalyDetectors"]
    assert found["SingleMetricAnomalyDetector"]["MetricName"] == "NumberOfMessagesSent"
    assert cloudwatch.describe_anomaly_detectors(Namespace="AWS/Lambda")["AnomalyDetectors"] == []
