"""The same trouble has the same fingerprint, however often it fires and when it is over; other trouble has another."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import AlertStatus, Severity
from agent.sources.aws.severities import outcome
from tests.agent.sources.aws import examples as e
from tests.agent.sources.aws.examples import read


def backup(state: str) -> dict[str, Any]:
    detail = {
        "resourceArn": f"arn:aws:rds:{e.REGION}:{e.ACCOUNT}:db:orders",
        "backupJobId": state,
        "state": state,
        "statusMessage": "said",
        "creationDate": "2026-11-20T14:00:00Z",
    }
    return e.event("aws.backup", "Backup Job State Change", detail)


def codedeploy(state: str) -> dict[str, Any]:
    detail = {"application": "shop", "deploymentGroup": "blue", "deploymentId": f"d-{state}", "state": state}
    return e.event("aws.codedeploy", "CodeDeploy Deployment State-change Notification", detail)


def automation(status: str) -> dict[str, Any]:
    detail = {"Definition": "AWS-RestartEC2Instance", "ExecutionId": status, "Status": status}
    return e.event("aws.ssm", "EC2 Automation Execution Status-change Notification", detail)


def command(status: str) -> dict[str, Any]:
    detail = {"document-name": "AWS-RunShellScript", "command-id": status, "status": status, "instance-id": "i-1"}
    return e.event("aws.ssm", "EC2 Command Invocation Status-change Notification", detail)


def trigger(status: str) -> dict[str, Any]:
    body = {
        "region": e.REGION,
        "accountId": e.ACCOUNT,
        "eventTriggerName": "failures",
        "applicationName": "shop",
        "deploymentGroupName": "blue",
        "deploymentId": f"d-{status}",
        "status": status,
        "createTime": "Fri Nov 20 14:00:00 UTC 2026",
    }
    return e.sns(body)


def replication(kind: str) -> dict[str, Any]:
    arn = f"arn:aws:dms:{e.REGION}:{e.ACCOUNT}:task:ABC"
    detail = {"eventType": f"REPLICATION_TASK_{kind}", "type": "REPLICATION_TASK", "detailMessage": kind}
    return e.event("aws.dms", "DMS Replication Task State Change", detail, resources=[arn])


def launch(word: str) -> dict[str, Any]:
    detail = {"AutoScalingGroupName": "web", "StatusMessage": "no capacity", "ActivityId": word}
    return e.event("aws.autoscaling", f"EC2 Instance Launch {word}", detail)


def health(status: str) -> dict[str, Any]:
    return e.health(status)


def order(status: str) -> dict[str, Any]:
    return e.event("shop.orders", "Order queue", {"name": "eu", "status": status, "waiting": len(status)})


def rds(message: str) -> dict[str, Any]:
    return e.sns(e.rds_message(message, **{"Event Time": f"2026-11-20 14:{len(message):02}:00.000"}))


def rds_event(message: str) -> dict[str, Any]:
    arn = f"arn:aws:rds:{e.REGION}:{e.ACCOUNT}:db:orders"
    detail = {"SourceArn": arn, "SourceIdentifier": "orders", "Message": message, "SourceType": "DB_INSTANCE"}
    return e.event("aws.rds", "RDS DB Instance Event", detail | {"EventID": "RDS-EVENT-0006"}, resources=[arn])


def log_backup(state: str) -> dict[str, Any]:
    text = e.BACKUP.replace("failed", {"FAILED": "failed", "COMPLETED": "was completed successfully"}[state])
    return e.sns(text, Subject="Notification from AWS Backup", MessageAttributes=e.attributes(State=state, Id=state))


def guardduty(archived: bool) -> dict[str, Any]:
    detail = e.GUARDDUTY["detail"]
    return e.GUARDDUTY | {"detail": detail | {"id": str(archived), "service": {"archived": archived, "count": 7}}}


def service(name: str) -> dict[str, Any]:
    return e.stopped_task(taskArn=f"task/{name}") if name == "dies" else e.service_action(name, "INFO")


def deployment(name: str) -> dict[str, Any]:
    level = "ERROR" if name.endswith("FAILED") else "INFO"
    return e.service_action(name, level, "ECS Deployment State Change")


BEGIN_AND_END = [
    (backup, "FAILED", "COMPLETED"),
    (log_backup, "FAILED", "COMPLETED"),
    (codedeploy, "FAILURE", "SUCCESS"),
    (trigger, "FAILED", "SUCCEEDED"),
    (automation, "TimedOut", "Success"),
    (command, "Failed", "Success"),
    (replication, "FAILED", "COMPLETED"),
    (launch, "Unsuccessful", "Successful"),
    (e.glue, "TIMEOUT", "SUCCEEDED"),
    (e.execution, "TIMED_OUT", "SUCCEEDED"),
    (health, "open", "closed"),
    (order, "failed", "resolved"),
    (rds, "Multi-AZ instance failover started.", "Multi-AZ instance failover completed"),
    (rds_event, "DB instance shutdown", "DB instance restarted: recovered"),
    (guardduty, False, True),
    (service, "dies", "SERVICE_STEADY_STATE"),
    (deployment, "SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_COMPLETED"),
    (e.invocation, "RetriesExhausted", "Success"),
    (lambda value: e.sns(e.alarm(NewStateValue=value)), "ALARM", "OK"),
]


@pytest.mark.parametrize(
    ("shape", "begin", "end"), BEGIN_AND_END, ids=lambda part: getattr(part, "__name__", str(part))
)
def test_what_is_over_is_known_as_what_began(shape: Any, begin: Any, end: Any) -> None:
    began, ended = read(shape(begin)), read(shape(end))

    assert (began.status, ended.status) == (AlertStatus.firing, AlertStatus.resolved)
    assert began.fingerprint == ended.fingerprint
    assert ended.ended_at is not None
    assert ended.started_at <= ended.ended_at


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (e.glue("FAILED"), e.glue("RUNNING")),
        (backup("FAILED"), backup("RUNNING")),
        (rds("Multi-AZ instance failover started."), rds("The free storage of the DB instance is low")),
        (e.alarm(), e.alarm(AlarmArn=f"{e.ALARM}-2")),
        (e.alarm(AlarmArn=None, AlarmName="errors-1"), e.alarm(AlarmArn=None, AlarmName="errors-2")),
        (e.stopped_task(), e.stopped_task(group="service:payments")),
        (deployment("SERVICE_DEPLOYMENT_FAILED"), e.stopped_task()),
        (e.health("open", "i-1"), e.health("open", "i-2")),
        (e.sns(e.BUDGET), e.sns(e.BUDGET.replace("> $800.00", "> $1,000.00"))),
        (order("failed"), e.event("shop.orders", "Order queue", {"name": "us", "status": "failed"})),
    ],
)
def test_other_trouble_has_another_fingerprint(one: Any, other: Any) -> None:
    assert read(one).fingerprint != read(other).fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (e.sns(e.BUDGET), e.sns(e.BUDGET.replace("$912.40", "$950.10").replace("November 20", "November 21"))),
        (e.sns(e.ANOMALY), e.sns(e.ANOMALY.replace("7f5d-4e", "9a-1").replace("190", "260").replace("150", "220"))),
        (e.stopped_task(), e.stopped_task(taskArn="arn:aws:ecs:eu-west-1:123456789012:task/shop/other", containers=[])),
        (e.LOGS, {"awslogs": {"data": e.packed(e.log_data(["ERROR 17", "ERROR 18"], logStream="another"))}}),
        ({"Records": [e.dead_letter()]}, {"Records": [e.dead_letter('{"order": "o-2"}', messageId="7")]}),
        (e.sns("Queue has 17 messages"), e.sns("Queue has 42 messages", MessageId="2")),
        (e.alarm(), e.alarm(NewStateReason="other words", StateChangeTime="2026-11-20T16:00:00.000+0000")),
        (order("failed"), order("FAILED ")),
        (
            backup("FAILED"),
            e.sns(e.BACKUP.replace("dynamodb", "rds").replace("table/orders", "db:orders"), Subject="AWS Backup"),
        ),
        (e.glue("FAILED"), e.sns("Glue job nightly failed")),
        (codedeploy("FAILURE"), trigger("FAILED")),
    ],
)
def test_the_next_firing_is_the_same_trouble(one: Any, other: Any) -> None:
    assert read(one).fingerprint == read(other).fingerprint


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        ("COMPLETED WITH ISSUES", Severity.warning),
        ("ABORTED", Severity.warning),
        ("Delivery Timed Out", Severity.error),
        ("RUNNING", Severity.info),
        ("", Severity.info),
    ],
)
def test_a_state_that_is_neither_failed_nor_over_still_fires(state: str, severity: Severity) -> None:
    assert (outcome(state).status, outcome(state).severity) == (AlertStatus.firing, severity)
