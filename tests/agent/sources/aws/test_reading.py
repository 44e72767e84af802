"""What each of AWS's messages is read as."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import Alert, AlertStatus, Severity
from agent.sources import parse_alerts
from tests.agent.sources.aws import examples as e
from tests.agent.sources.aws.examples import RECEIVED, read

LAMBDA = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/checkout%20errors"


def facts(alert: Alert) -> dict[str, Any]:
    """An alert's fields, those of its resource beside them."""
    return alert.model_dump(mode="json") | alert.resource.model_dump()


ENVELOPED = frozenset(("Records", "records", "awslogs", "Type"))

FIELDS: list[tuple[str, dict[str, Any]]] = [
    (
        "alarm through SNS",
        {
            "source": "cloudwatch",
            "title": "checkout errors",
            "severity": "error",
            "service": "lambda",
            "arn": e.FUNCTION,
            "metric": "Errors",
            "threshold": "5.0",
            "value": "9.0",
            "external_id": e.ALARM,
            "delivery_id": "0d2f-1",
            "region": e.REGION,
            "account": e.ACCOUNT,
            "system": e.ACCOUNT,
            "started_at": "2026-11-20T14:30:42.236000Z",
            "links": [LAMBDA],
        },
    ),
    ("math", {"metric": "Errors", "threshold": "2.5", "arn": e.FUNCTION}),
    (
        "alarm event",
        {"metric": "Errors", "threshold": "5.0", "value": "9.0", "arn": e.FUNCTION, "delivery_id": "6a7e-9"},
    ),
    ("alarm action", {"metric": "Errors", "threshold": "5.0", "value": "9.0", "arn": e.FUNCTION}),
    (
        "budget",
        {
            "source": "budgets",
            "title": "AWS Budgets: Data platform has exceeded your alert threshold",
            "severity": "warning",
            "id": "Data platform",
            "account": e.ACCOUNT,
            "metric": "ACTUAL Cost",
            "threshold": "> $800.00",
            "value": "$912.40",
            "started_at": "2026-11-20T14:31:00Z",
        },
    ),
    (
        "anomaly",
        {
            "source": "cost_anomaly",
            "title": "Cost anomaly: AWS Lambda is 150 USD (375.0%) above what was expected",
            "service": "lambda",
            "account": "210987654321",
            "region": "us-east-1",
            "threshold": "40",
            "value": "190",
            "started_at": "2026-11-19T00:00:00Z",
        },
    ),
    (
        "rds",
        {
            "source": "rds",
            "title": "orders: Multi-AZ instance failover started.",
            "severity": "warning",
            "type": "db",
            "id": "orders",
            "started_at": "2026-11-20T14:30:00Z",
        },
    ),
    ("dms", {"source": "dms", "id": "orders-copy", "type": "task", "severity": "error", "region": e.REGION}),
    ("backup", {"source": "backup", "severity": "error", "id": "orders", "type": "table", "service": "dynamodb"}),
    (
        "health",
        {
            "source": "health",
            "title": "AWS Health: EC2 instance power issue (i-0a1b2c3d)",
            "severity": "error",
            "arn": f"arn:aws:ec2:{e.REGION}:{e.ACCOUNT}:instance/i-0a1b2c3d",
            "system": f"{e.ACCOUNT}/shop",
            "started_at": "2026-11-20T14:10:09Z",
        },
    ),
    ("guardduty", {"source": "guardduty", "severity": "error", "service": "ec2", "id": "i-0a1b2c3d", "value": "8"}),
    (
        "task",
        {
            "source": "ecs",
            "title": "ECS task of checkout failed: exit code 137, OutOfMemoryError: killed for its memory",
            "severity": "error",
            "type": "service",
            "arn": f"arn:aws:ecs:{e.REGION}:{e.ACCOUNT}:service/shop/checkout",
            "system": f"{e.ACCOUNT}/shop",
        },
    ),
    ("service", {"title": "ECS service of checkout: task placement failure", "severity": "error", "id": "checkout"}),
    (
        "glue",
        {
            "source": "glue",
            "title": "Glue job nightly: failed",
            "severity": "error",
            "arn": f"arn:aws:glue:{e.REGION}:{e.ACCOUNT}:job/nightly",
        },
    ),
    (
        "execution",
        {
            "source": "stepfunctions",
            "title": "Step Functions execution of orders: failed",
            "arn": e.MACHINE,
            "started_at": "2026-11-20T14:30:00Z",
            "ended_at": None,
        },
    ),
    (
        "logs",
        {
            "source": "cloudwatch_logs",
            "title": "2 log lines in /aws/lambda/checkout: ERROR TypeError: cart is undefined",
            "severity": "error",
            "service": "lambda",
            "id": "checkout",
            "value": "2",
        },
    ),
    ("firehose", {"source": "cloudwatch_logs", "id": "checkout", "value": "2"}),
    (
        "dead letter",
        {
            "source": "sqs_dead_letter",
            "title": "A message of orders was given up after 5 attempts: no such customer",
            "service": "sqs",
            "id": "orders",
            "value": "5",
            "delivery_id": "5fea",
        },
    ),
    (
        "invocation",
        {
            "source": "lambda",
            "title": "Lambda function checkout failed for good: TypeError: cart is undefined",
            "arn": e.FUNCTION,
            "value": "3",
        },
    ),
    (
        "custom event",
        {"source": "shop.orders", "title": "Order stuck · FAILED", "severity": "error", "region": e.REGION},
    ),
    ("prose", {"source": "sns", "title": "Slow", "region": e.REGION, "account": e.ACCOUNT}),
]


@pytest.mark.parametrize(("shape", "expected"), FIELDS, ids=[shape for shape, _ in FIELDS])
def test_each_message_is_read_as_what_it_says(shape: str, expected: dict[str, Any]) -> None:
    told = facts(read(e.EVERY_SHAPE[shape]))

    assert {name: told[name] for name in expected} == expected
    assert told["status"] == "firing"


@pytest.mark.parametrize("shape", [shape for shape in e.EVERY_SHAPE if not ENVELOPED & e.EVERY_SHAPE[shape].keys()])
def test_every_message_reads_the_same_through_sns_and_in_a_lambda_s_records(shape: str) -> None:
    """What EventBridge sends to a topic is in an envelope, and a topic's function gets the envelope in a record."""
    payload = e.EVERY_SHAPE[shape]
    alone = parse_alerts(payload, RECEIVED)
    assert alone

    for wrapped in (e.sns(payload), e.records(e.sns(payload))):
        told = parse_alerts(wrapped, RECEIVED)
        assert [alert.fingerprint for alert in told] == [alert.fingerprint for alert in alone]
        assert [alert.resource for alert in told] == [alert.resource for alert in alone]


def test_several_records_are_several_alerts() -> None:
    told = parse_alerts(e.EVERY_SHAPE["alarm in records"], RECEIVED)

    assert [alert.title for alert in told] == ["checkout errors", "plain words"]


@pytest.mark.parametrize(
    ("amount", "kind", "severity"),
    [
        ("$912.40", "ACTUAL", Severity.warning),
        ("$1,004.00", "ACTUAL", Severity.error),
        ("$1,004.00", "FORECASTED", Severity.warning),
        ("$500.00", "ACTUAL", Severity.info),
        ("much", "ACTUAL", Severity.warning),
    ],
)
def test_a_budget_is_as_bad_as_it_is_used_up(amount: str, kind: str, severity: Severity) -> None:
    text = e.BUDGET.replace("ACTUAL Amount: $912.40", f"{kind} Amount: {amount}").replace(": ACTUAL", f": {kind}")

    assert read(e.sns(text)).severity is severity


def test_a_cost_anomaly_names_what_caused_it() -> None:
    told = read(e.sns(e.ANOMALY))

    assert told.description.startswith("Cause: AWS Lambda, us-east-1, shop-prod, 210987654321, Lambda-GB-Second")
    assert told.labels["usage_type"] == "Lambda-GB-Second"
    assert read(e.ANOMALY).fingerprint == told.fingerprint, "also as a text that came in no envelope"


def test_health_tells_of_each_affected_resource_until_there_are_too_many() -> None:
    two = parse_alerts(e.health("open", "i-1", "vol-2"), RECEIVED)
    many = parse_alerts(e.health("open", *(f"i-{number:08x}" for number in range(11))), RECEIVED)

    assert [(alert.resource.id, alert.resource.type) for alert in two] == [("i-1", "instance"), ("vol-2", "volume")]
    assert len({alert.fingerprint for alert in two}) == 2
    assert len(many) == 1
    assert "i-0000000a" in many[0].labels["entities"]


def test_each_finding_of_security_hub_is_an_alert_with_its_own_text() -> None:
    first, second = parse_alerts(e.SECURITY_HUB, RECEIVED)

    assert (first.resource.arn, first.severity, first.status) == (
        "arn:aws:s3:::one",
        Severity.error,
        AlertStatus.firing,
    )
    assert (second.resource.arn, second.severity, second.status) == (
        "arn:aws:s3:::two",
        Severity.info,
        AlertStatus.resolved,
    )
    assert "arn:aws:s3:::one" not in second.description


@pytest.mark.parametrize(
    ("level", "severity"), [(9.1, Severity.critical), (7, Severity.error), (4.0, Severity.warning), (2, Severity.info)]
)
def test_guardduty_s_levels_are_ours(level: float, severity: Severity) -> None:
    assert read(e.GUARDDUTY | {"detail": e.GUARDDUTY["detail"] | {"severity": level}}).severity is severity


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        (
            {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by (deployment 1)"},
            "info",
        ),
        (
            {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Task failed ELB health checks in (group 1)"},
            "error",
        ),
        ({"stopCode": "UserInitiated"}, "info"),
        ({"containers": [{"name": "app", "exitCode": 0}]}, "info"),
        ({"stopCode": "TaskFailedToStart", "containers": [], "stoppedReason": "CannotPullContainerError"}, "error"),
        ({"lastStatus": "RUNNING"}, "info"),
    ],
)
def test_a_task_that_ended_as_it_should_is_no_failure(changes: dict[str, Any], severity: str) -> None:
    assert read(e.stopped_task(**changes)).severity == severity


def test_a_first_message_of_an_rds_subscription_is_read_as_prose() -> None:
    told = read(
        e.sns("This is a message to notify that RDS will attempt to send you event notifications", Subject="RDS")
    )

    assert (told.source, told.title) == ("sns", "RDS")


def test_a_message_in_a_plain_queue_is_what_it_holds() -> None:
    """A queue may just as well be subscribed to a topic of alarms."""
    record = e.dead_letter(
        body=e.sns(e.alarm())["Message"], eventSourceARN=f"arn:aws:sqs:{e.REGION}:{e.ACCOUNT}:alarms"
    )
    del record["attributes"]["DeadLetterQueueSourceArn"]

    assert read({"Records": [record]}).source == "cloudwatch"


def test_a_control_message_of_log_subscriptions_is_only_for_information() -> None:
    data = e.log_data(["CWL CONTROL MESSAGE: Checking health of destination"], messageType="CONTROL_MESSAGE")
    told = read({"awslogs": {"data": e.packed(data)}})

    assert (told.severity, told.status) == (Severity.info, AlertStatus.resolved)
    assert "Checking health of destination" in told.description


def test_json_of_another_tool_through_sns_keeps_its_title_and_state() -> None:
    told = read(e.sns({"title": "Disk is full", "status": "resolved", "host": "db-1"}))

    assert (told.title, told.status) == ("Disk is full", AlertStatus.resolved)
    assert told.delivery_id == "0d2f-1"


def test_nobody_is_shown_what_unsubscribes_us() -> None:
    told = read(e.sns("Checkout is slow"))

    assert "Unsubscribe" not in told.model_dump_json()
    assert "c2lnbmF0dXJl" not in told.model_dump_json()


def test_messages_read_from_a_queue_are_what_lambda_gets_of_them() -> None:
    record = e.dead_letter()
    own = {
        "MessageId": record["messageId"],
        "Body": record["body"],
        "Attributes": record["attributes"],
        "MessageAttributes": {"ErrorMessage": {"StringValue": "no such customer", "DataType": "String"}},
    }
    for payload in (own, {"Messages": [own]}):
        told = read(payload)
        assert told.title == "A message of orders was given up after 5 attempts: no such customer"
        assert (told.resource.arn, told.delivery_id) == (f"arn:aws:sqs:{e.REGION}:{e.ACCOUNT}:orders", "5fea")


@pytest.mark.parametrize(("level", "severity"), [("1", Severity.critical), ("2", Severity.error), ("4", Severity.info)])
def test_an_ops_item_has_its_own_levels_and_is_one_thing_from_beginning_to_end(level: str, severity: Severity) -> None:
    detail = {"ops-item-id": "oi-1", "title": "Instance stopped", "severity": level, "status": "Open"}
    arn = f"arn:aws:ssm:{e.REGION}:{e.ACCOUNT}:opsitem/oi-1"
    created = read(e.event("aws.ssm", "OpsItem Create", detail, resources=[arn]))
    updated = read(e.event("aws.ssm", "OpsItem Update", detail | {"status": "Resolved"}, resources=[arn]))

    assert (created.severity, created.status) == (severity, AlertStatus.firing)
    assert updated.status is AlertStatus.resolved
    assert created.fingerprint == updated.fingerprint


def test_an_event_without_resources_is_about_the_instance_that_it_names() -> None:
    told = read(e.event("aws.ec2", "EC2 Spot Instance Interruption Warning", {"instance-id": "i-0abc"}))

    assert (told.resource.id, told.resource.type, told.resource.region) == ("i-0abc", "instance", e.REGION)


def test_prose_about_a_glue_job_names_the_job() -> None:
    told = read(e.sns("Glue job nightly-load failed with SystemExit 1", Subject="AWS"))

    assert (told.source, told.title, told.severity) == ("glue", "Glue job nightly-load: failed", Severity.error)
