"""CloudWatch's alarms in all their forms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.models import AlertStatus, Severity
from tests.agent.sources.aws import examples as e
from tests.agent.sources.aws.examples import read


def test_the_condition_of_an_alarm_is_said_in_one_line() -> None:
    assert "Sum of Errors > 5.0 for 2 of 3 periods of 60 s" in read(e.alarm()).description.splitlines()
    assert "100 * failed / calls (calls: Invocations, failed: Errors) >= 2.5" in read(e.alarm(e.MATH)).description
    assert read(e.alarm(e.MATH)).labels["measure"] == "Error rate"


def test_the_threshold_of_an_anomaly_band_is_the_edge_that_was_crossed() -> None:
    reason = (
        "Thresholds Crossed: 1 out of the last 1 datapoints [812.0 (20/11/26 14:25:00)] was greater than the upper "
    )
    told = read(e.alarm(e.BAND, NewStateReason=f"{reason}thresholds [434.25] (minimum 1 datapoint)."))

    assert (told.metric, told.threshold, told.value) == ("Duration", "434.25", "812.0")
    assert "Duration > 434.25 (the edge of the expected band) for 1 period of 300 s" in told.description


def test_a_composite_alarm_names_its_rule_and_the_alarms_that_caused_it() -> None:
    child = {"Arn": e.ALARM, "State": {"Value": "ALARM", "Timestamp": "2026-11-20T14:30:42.236+0000"}}
    rule = 'ALARM("checkout errors") OR ALARM("checkout latency")'
    payload = {name: value for name, value in e.alarm().items() if name != "Trigger"}
    told = read(payload | {"AlarmName": "checkout", "AlarmRule": rule, "TriggeringChildren": [child]})

    assert (told.title, told.metric, told.labels["children"]) == ("checkout", "", "checkout errors")
    assert rule in told.description


@pytest.mark.parametrize(("before", "severity"), [("ALARM", Severity.warning), ("OK", Severity.info)])
def test_an_alarm_without_data_is_not_over_and_matters_only_after_an_alarm(before: str, severity: Severity) -> None:
    told = read(e.alarm(NewStateValue="INSUFFICIENT_DATA", OldStateValue=before))

    assert (told.status, told.severity) == (AlertStatus.firing, severity)


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("checkout-errors", Severity.error),
        ("checkout-critical", Severity.critical),
        ("[P1] checkout", Severity.critical),
        ("WarnHighCpu", Severity.warning),
        ("critically-named-p10", Severity.error),
    ],
)
def test_an_alarm_s_name_says_how_bad_it_is(name: str, severity: Severity) -> None:
    assert read(e.alarm(AlarmName=name, AlarmDescription=None)).severity is severity


def test_an_alarm_that_is_over_says_since_when_it_fired() -> None:
    told = read(
        e.event("aws.cloudwatch", "CloudWatch Alarm State Change", e.state_change("OK", "ALARM"), resources=[e.ALARM])
    )

    assert told.status is AlertStatus.resolved
    assert told.started_at == datetime(2026, 11, 20, 14, 30, 42, 236000, tzinfo=UTC)
    assert told.ended_at == datetime(2026, 11, 20, 14, 40, tzinfo=UTC)


DIMENSIONS = [
    ({"DBInstanceIdentifier": "orders"}, "AWS/RDS", "arn:aws:rds:eu-west-1:123456789012:db:orders"),
    ({"QueueName": "orders"}, "AWS/SQS", "arn:aws:sqs:eu-west-1:123456789012:orders"),
    ({"TableName": "orders"}, "AWS/DynamoDB", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"),
    (
        {"ClusterName": "shop", "ServiceName": "checkout"},
        "AWS/ECS",
        "arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout",
    ),
    ({"ServiceName": "checkout"}, "AWS/ECS", ""),
    ({"BucketName": "lake"}, "AWS/S3", "arn:aws:s3:::lake"),
    ({"StateMachineArn": e.MACHINE}, "AWS/States", e.MACHINE),
    (
        {"LoadBalancer": "app/shop/50dc"},
        "AWS/ApplicationELB",
        "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc",
    ),
    ({"CacheClusterId": "c1"}, "AWS/ElastiCache", "arn:aws:elasticache:eu-west-1:123456789012:cluster:c1"),
    ({"Whatever": "x"}, "Own/Metrics", ""),
]


@pytest.mark.parametrize(("dimensions", "namespace", "arn"), DIMENSIONS)
def test_a_resource_s_arn_follows_from_the_dimensions_where_they_say_enough(
    dimensions: dict[str, str], namespace: str, arn: str
) -> None:
    pairs = [{"name": name, "value": value} for name, value in dimensions.items()]
    trigger = {"MetricName": "M", "Namespace": namespace, "Dimensions": pairs, "Threshold": 1}

    assert read(e.alarm(trigger)).resource.arn == arn
