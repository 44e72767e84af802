"""Which alarms are worth telling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.detection.alarms import echoes, notification, told_by_others, worth_telling
from agent.detection.alerts import own_alert
from agent.models import Alert, Resource
from agent.sources import parse_alert

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout-errors"


def alarm(name: str = "checkout-errors", state: str = "ALARM", minutes: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmArn": ARN.replace("checkout-errors", name),
        "StateValue": state,
        "StateReason": "Threshold Crossed: 1 datapoint [14.0] was greater than the threshold (5.0).",
        "StateUpdatedTimestamp": NOW - timedelta(minutes=minutes),
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}],
        "Statistic": "Sum",
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": ["arn:aws:sns:us-east-1:123456789012:oncall"],
        **more,
    }


def names(*alarms: dict[str, Any], covered: tuple[str, ...] = ()) -> list[str]:
    return [each["AlarmName"] for each in worth_telling(alarms, covered, NOW)]


def ours(each: dict[str, Any]) -> Alert:
    return parse_alert(notification(each, "123456789012"), NOW)


def test_only_alarms_in_alarm_are_told():
    assert names(alarm(), alarm("b", "OK"), alarm("c", "INSUFFICIENT_DATA")) == ["checkout-errors"]


def test_an_alarm_that_just_fired_is_left_to_its_own_message():
    assert names(alarm(minutes=1)) == []


def test_alarms_that_only_steer_auto_scaling_are_not_for_people():
    policy = "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:autoScalingGroupName/web:policyName/low"
    topic = "arn:aws:sns:us-east-1:123456789012:oncall"
    assert names(alarm("low", AlarmActions=[policy]), alarm("both", AlarmActions=[policy, topic])) == ["both"]


def test_an_alarm_whose_actions_somebody_disabled_stays_silent():
    assert names(alarm(ActionsEnabled=False)) == []


def test_the_alarms_of_a_composite_alarm_are_told_with_it():
    assert names(alarm(), alarm("shop-down"), covered=("checkout-errors",)) == ["shop-down"]


def test_ours_has_the_fingerprint_of_the_alarms_own_message():
    sent = {
        "AlarmName": "checkout-errors",
        "AlarmArn": ARN,
        "AWSAccountId": "123456789012",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed",
        "StateChangeTime": "2026-11-18T14:50:00.000+0000",
        "Region": "US East (N. Virginia)",
        "Trigger": {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Threshold": 5.0},
    }
    alert = ours(alarm())
    assert alert.fingerprint == parse_alert(sent, NOW).fingerprint
    assert (alert.source, alert.metric, alert.resource.id) == ("cloudwatch", "Errors", "checkout")
    assert alert.started_at == NOW - timedelta(minutes=10)


def test_what_was_posted_about_an_alarm_is_known_by_fingerprint_or_name():
    post = Alert(
        source="slack_post", title='ALARM: "checkout-errors" in US East', started_at=NOW, fingerprint="of the post"
    )
    same = post.model_copy(update={"title": "Alarm", "fingerprint": ours(alarm()).fingerprint})
    other = post.model_copy(update={"title": "ALARM: checkout-errors-2"})
    known = [told_by_others(alarm(), ours(alarm()), [each]) for each in (post, same, other)]
    assert known == [True, True, False]


def test_a_message_about_an_earlier_stay_in_alarm_does_not_count():
    early = ours(alarm()).model_copy(update={"started_at": NOW - timedelta(hours=5)})
    assert not told_by_others(alarm(), early, [early])


def test_another_detectors_word_on_the_metric_of_an_alarm_says_nothing_new():
    resource = Resource(service="lambda", id="checkout")
    anomaly = own_alert("metrics", "x", "Errors of checkout", "", NOW, resource, metric="Errors")
    assert echoes(anomaly, [ours(alarm())])
    assert not echoes(anomaly.model_copy(update={"metric": "Duration"}), [ours(alarm())])
