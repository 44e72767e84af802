"""Alerts as webhooks, SNS and EventBridge deliver them."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models import AlertStatus, Severity
from agent.sources import facts, parse_alert

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:ca-central-1:123456789012:alarm:checkout-errors"


def alarm(**changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": "checkout-errors",
        "AlarmDescription": "Too many errors",
        "AWSAccountId": "123456789012",
        "AlarmArn": ARN,
        "Region": "Canada (Central)",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed",
        "StateChangeTime": "2026-11-20T14:30:42.236+0000",
        "Trigger": {
            "MetricName": "Errors",
            "Namespace": "AWS/Lambda",
            "Dimensions": [{"name": "FunctionName", "value": "checkout"}],
            "Threshold": 5.0,
        },
    } | changes


def envelope(message: Any) -> dict[str, Any]:
    return {"Type": "Notification", "Subject": "ALARM", "Message": json.dumps(message)}


@pytest.mark.parametrize("wrap", ["plain", "sns", "lambda"])
def test_a_cloudwatch_notification_in_whatever_it_comes(wrap: str) -> None:
    payload = {
        "plain": alarm(),
        "sns": envelope(alarm()),
        "lambda": {"Records": [{"EventSource": "aws:sns", "Sns": envelope(alarm())}]},
    }[wrap]

    told = parse_alert(payload, RECEIVED)

    assert (told.source, told.title, told.external_id) == ("cloudwatch", "checkout-errors", ARN)
    assert (told.resource.service, told.resource.id) == ("lambda", "checkout")
    assert (told.resource.region, told.resource.account) == ("ca-central-1", "123456789012")
    assert (told.metric, told.threshold, told.status) == ("Errors", "5.0", AlertStatus.firing)
    assert told.started_at == datetime(2026, 11, 20, 14, 30, 42, 236000, tzinfo=UTC)


def test_an_alarm_that_went_back_to_ok_is_resolved() -> None:
    assert parse_alert(alarm(NewStateValue="OK"), RECEIVED).status is AlertStatus.resolved


def test_an_alarm_on_metric_math_names_its_first_metric() -> None:
    metric = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Dimensions": [{"name": "FunctionName", "value": "f"}]}
    math = {"Metrics": [{"Expression": "m1 * 2", "Id": "e1"}, {"Id": "m1", "MetricStat": {"Metric": metric}}]}

    told = parse_alert(alarm(Trigger=math), RECEIVED)

    assert (told.metric, told.resource.service, told.resource.id) == ("Errors", "lambda", "f")


def test_a_composite_alarm_has_no_metric() -> None:
    told = parse_alert({key: value for key, value in alarm().items() if key != "Trigger"}, RECEIVED)

    assert (told.title, told.metric, told.resource.id) == ("checkout-errors", "", "")


@pytest.mark.parametrize("value", ["ALARM", "OK"])
def test_an_alarm_event_counts_its_own_state_and_not_the_one_before(value: str) -> None:
    """The state before tells of its `ALARM -> OK transition` in every firing event."""
    data = {
        "alarmName": "checkout-errors",
        "state": {"value": value, "reason": "Crossed", "timestamp": "2026-11-20T14:30:42.236+0000"},
        "previousState": {"value": "OK", "reason": "1 datapoint for ALARM -> OK transition"},
        "configuration": {
            "metrics": [
                {
                    "metricStat": {
                        "metric": {"namespace": "AWS/RDS", "name": "CPU", "dimensions": {"DBInstanceIdentifier": "db1"}}
                    }
                }
            ]
        },
    }
    for payload in (
        {"source": "aws.cloudwatch", "alarmArn": ARN, "alarmData": data},
        {"detail-type": "CloudWatch Alarm State Change", "resources": [ARN], "detail": data},
    ):
        told = parse_alert(payload, RECEIVED)

        assert told.status is (AlertStatus.resolved if value == "OK" else AlertStatus.firing)
        assert (told.resource.service, told.resource.id, told.resource.region) == ("rds", "db1", "ca-central-1")
        assert (told.external_id, told.metric) == (ARN, "CPU")


def test_a_budget_through_sns_is_headed_by_its_subject() -> None:
    message = "AWS Budget Notification\nAWS Account 123456789012\n\nBudget Name: Net\nBudgeted Amount: $0.20"

    told = parse_alert({"Type": "Notification", "Subject": "AWS Budgets: Net is over", "Message": message}, RECEIVED)

    assert told.title == "AWS Budgets: Net is over"
    assert "Budget Name: Net" in told.description
    assert told.resource.account == "123456789012"


def test_json_inside_a_text_is_opened() -> None:
    inner = {"detail-type": "Glue Job State Change", "detail": {"jobName": "nightly", "severity": "ERROR"}}

    told = parse_alert({"Subject": "", "Message": json.dumps(inner)}, RECEIVED)

    assert told.title.startswith("Glue Job State Change")
    assert "jobName: nightly" in told.description
    assert told.severity is Severity.error


def test_a_shape_that_nobody_knows_is_a_generic_alert() -> None:
    told = parse_alert({"weird": {"deep": ["thing one", 17, None, True]}}, RECEIVED)

    assert told.title == "Alert of an unknown shape"
    assert "thing one" in told.description
    assert "17" in told.description
    assert told.started_at == RECEIVED


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ("title", "status", "detail", "event", "Message", "Records", "text", "blocks", "attachments", "ts", "alarmData")
)


@given(st.dictionaries(st.text(max_size=8), plain, max_size=4))
def test_no_unknown_shape_fails(payload: dict[str, Any]) -> None:
    assert parse_alert(payload, RECEIVED).title


@given(st.dictionaries(keys, st.none() | st.text(max_size=20), max_size=4))
def test_no_known_key_with_an_unexpected_text_fails(payload: dict[str, Any]) -> None:
    assert parse_alert(payload, RECEIVED).title


FOLDER = os.environ.get("WATCHKEEPER_TEST_PAYLOADS", "")


def short_texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in short_texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in short_texts(value)]
    return [node] if isinstance(node, str) and re.fullmatch(r"[\w-]{3,40}", node) else []


def real_payloads() -> list[Path]:
    return sorted(Path(FOLDER).glob("*.json")) if FOLDER else []


@pytest.mark.skipif(not FOLDER, reason="WATCHKEEPER_TEST_PAYLOADS names no folder of real payloads")
def test_real_payloads_keep_what_they_say() -> None:
    assert real_payloads(), "There are no payloads in the folder"
    for path in real_payloads():
        payload = json.loads(path.read_text())
        told = parse_alert(payload, RECEIVED)
        if told.source == "generic":
            assert all(text in told.description for text in short_texts(payload)), path.name
        if "triggered" in path.name or "firing" in path.name:
            assert told.status is AlertStatus.firing, path.name


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("Cost anomaly detected in account 123456789012", "123456789012"),
        ("checkout-errors | us-east-1 | Account: 123456789012", "123456789012"),
        ("AWS Account prod (123456789012) is over budget", "123456789012"),
        ("arn:aws:rds:us-east-1:123456789012:db:orders failed over", "123456789012"),
        ("Order 123456789012 could not be booked", ""),
        ("account 1234567890123 has too many digits", ""),
    ],
)
def test_twelve_digits_are_an_account_only_where_they_are_called_one(text: str, account: str) -> None:
    assert facts.account_in(text) == account
