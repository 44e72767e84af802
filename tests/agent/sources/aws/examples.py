"""Messages of AWS's senders, of the shapes that they really have."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

from agent.models import Alert
from agent.sources import parse_alerts

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
REGION, ACCOUNT = "eu-west-1", "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:checkout errors"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"


def read(payload: Any) -> Alert:
    """The only alert in a payload."""
    (alert,) = parse_alerts(payload, RECEIVED)
    return alert


def sns(message: Any, **changes: Any) -> dict[str, Any]:
    """SNS's notification as it is posted over HTTP; `message` is JSON or text."""
    return {
        "Type": "Notification",
        "MessageId": "0d2f-1",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-20T14:31:00.000Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmF0dXJl",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=s",
    } | changes


def records(*envelopes: dict[str, Any]) -> dict[str, Any]:
    """What a Lambda function subscribed to a topic gets."""
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": envelope} for envelope in envelopes]}


def event(source: str, detail_type: str, detail: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event of EventBridge's."""
    return {
        "version": "0",
        "id": "6a7e-9",
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": "2026-11-20T14:32:00Z",
        "region": REGION,
        "resources": [],
        "detail": detail,
    } | changes


def alarm(trigger: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A CloudWatch alarm in SNS's words."""
    plain = {
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
        "Statistic": "SUM",
        "Dimensions": [{"name": "FunctionName", "value": "checkout"}],
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
    }
    return {
        "AlarmName": "checkout errors",
        "AlarmDescription": "Too many errors at checkout",
        "AWSAccountId": ACCOUNT,
        "AlarmArn": ALARM,
        "Region": "EU (Ireland)",
        "OldStateValue": "OK",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (20/11/26 14:29:00), 7.0 "
        "(20/11/26 14:28:00)] were greater than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
        "StateChangeTime": "2026-11-20T14:30:42.236+0000",
        "Trigger": plain if trigger is None else trigger,
    } | changes


def metric(name: str, own_id: str, shown: bool = False) -> dict[str, Any]:
    of = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": [{"name": "FunctionName", "value": "checkout"}]}
    return {"Id": own_id, "MetricStat": {"Metric": of, "Period": 60, "Stat": "Sum"}, "ReturnData": shown}


MATH = {
    "Period": 60,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 2.5,
    "Metrics": [
        metric("Invocations", "calls"),
        {"Id": "rate", "Expression": "100 * failed / calls", "Label": "Error rate", "ReturnData": True},
        metric("Errors", "failed"),
    ],
}
BAND = {
    "Period": 300,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanUpperThreshold",
    "ThresholdMetricId": "band",
    "Metrics": [
        {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": "Duration (expected)"},
        metric("Duration", "m1", True),
    ],
}


def state_change(value: str = "ALARM", before: str = "OK") -> dict[str, Any]:
    """The same alarm as an event, and as its Lambda action gets it."""
    data = {"evaluatedDatapoints": [{"timestamp": "2026-11-20T14:29:00.000+0000", "value": 9.0}], "threshold": 5.0}
    of = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": {"FunctionName": "checkout"}}
    return {
        "alarmName": "checkout errors",
        "state": {
            "value": value,
            "reason": "Threshold Crossed: 1 datapoint [9.0 (20/11/26 14:29:00)] was greater than the threshold (5.0).",
            "reasonData": json.dumps(data),
            "timestamp": "2026-11-20T14:40:00.000+0000",
        },
        "previousState": {"value": before, "timestamp": "2026-11-20T14:30:42.236+0000"},
        "configuration": {
            "description": "Too many errors at checkout",
            "metrics": [{"id": "m1", "metricStat": {"metric": of, "period": 60, "stat": "Sum"}, "returnData": True}],
        },
    }


BUDGET = """AWS Budget Notification November 20, 2026
AWS Account 123456789012

Budget Name: Data platform
Budget Type: Cost
Budgeted Amount: $1,000.00
Alert Type: ACTUAL
Alert Threshold: > $800.00
ACTUAL Amount: $912.40

[1] https://console.aws.amazon.com/billing/home#/budgets
"""

ANOMALY = """{
    "accountId": "123456789012",
    "anomalyDetailsLink": "https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a",
    "anomalyId": "7f5d-4e",
    "anomalyStartDate": "2026-11-19T00:00:00Z",
    "anomalyEndDate": "2026-11-20T00:00:00Z",
    "dimensionalValue": "AWS Lambda",
    "monitorArn": "arn:aws:ce::123456789012:anomalymonitor/m",
    "impact": {"maxImpact": 120, "totalActualSpend": 190, "totalExpectedSpend": 40, "totalImpact": 150,
        "totalImpactPercentage": 375.0,},
    "rootCauses": [
        {
            "linkedAccount": "210987654321",
            "linkedAccountName": "shop-prod",
            "region": "us-east-1",
            "service": "AWS Lambda",
            "usageType": "Lambda-GB-Second",
            "impact": {"contribution": 140,},
        },
    ],
}"""


def rds_message(message: str = "Multi-AZ instance failover started.", **changes: Any) -> dict[str, Any]:
    return {
        "Event Source": "db-instance",
        "Event Time": "2026-11-20 14:30:00.000",
        "Identifier Link": "https://console.aws.amazon.com/rds/home?region=eu-west-1#dbinstance:id=orders",
        "Source ID": "orders",
        "Source ARN": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders",
        "Event ID": "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#RDS-EVENT-0013",
        "Event Message": message,
    } | changes


DMS_MESSAGE = {
    "Event Source": "replication-task",
    "Event Time": "2026-11-20 14:30:00.000",
    "Identifier Link": "https://console.aws.amazon.com/dms/home?region=eu-west-1#tasks:ids=o\nSourceId: orders-copy ",
    "Event ID": "http://docs.aws.amazon.com/dms/latest/userguide/CHAP_Events.html#DMS-EVENT-0078 ",
    "Event Message": "Replication task has failed.",
}

BACKUP = (
    "An AWS Backup job failed. Resource ARN : arn:aws:dynamodb:eu-west-1:123456789012:table/orders. "
    "BackupJob ID : 1b2345b2-f22c-4dab"
)


def attributes(**values: str) -> dict[str, Any]:
    return {name: {"Type": "String", "Value": value} for name, value in values.items()}


def health(status: str = "open", *entities: str) -> dict[str, Any]:
    detail = {
        "eventArn": "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_INSTANCE_POWER_ISSUE/AWS_EC2_INSTANCE_POWER_ISSUE_7f",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_INSTANCE_POWER_ISSUE",
        "eventTypeCategory": "issue",
        "statusCode": status,
        "startTime": "Fri, 20 Nov 2026 14:10:09 GMT",
        "eventDescription": [{"language": "en_US", "latestDescription": "Some instances lost power."}],
        "affectedEntities": [{"entityValue": name, "tags": {"app": "shop"}} for name in entities or ("i-0a1b2c3d",)],
    }
    return event(
        "aws.health",
        "AWS Health Event",
        detail | ({"endTime": "Fri, 20 Nov 2026 15:00:00 GMT"} if status == "closed" else {}),
    )


GUARDDUTY = event(
    "aws.guardduty",
    "GuardDuty Finding",
    {
        "accountId": ACCOUNT,
        "region": REGION,
        "id": "16c1",
        "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d/finding/16c1",
        "type": "CryptoCurrency:EC2/BitcoinTool.B!DNS",
        "title": "An instance asks for a domain of a mining pool.",
        "description": "The instance i-0a1b2c3d queried pool.example.",
        "severity": 8,
        "resource": {
            "instanceDetails": {"instanceId": "i-0a1b2c3d", "tags": [{"key": "application", "value": "shop"}]},
        },
        "service": {"eventFirstSeen": "2026-11-20T14:00:00Z", "count": 3, "archived": False},
        "updatedAt": "2026-11-20T14:30:00Z",
    },
)


def finding(own_id: str, resource: str, label: str = "HIGH", **changes: Any) -> dict[str, Any]:
    return {
        "Id": own_id,
        "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/securityhub",
        "GeneratorId": "security-control/S3.8",
        "AwsAccountId": ACCOUNT,
        "FirstObservedAt": "2026-11-20T13:00:00.000Z",
        "UpdatedAt": "2026-11-20T14:30:00.000Z",
        "Severity": {"Label": label, "Normalized": 70},
        "Title": "S3 buckets should block public access",
        "Description": "The bucket can be read by everybody.",
        "Remediation": {"Recommendation": {"Text": "Block it.", "Url": "https://docs.example/S3.8"}},
        "Resources": [{"Type": "AwsS3Bucket", "Id": resource, "Region": REGION, "Tags": {"Project": "lake"}}],
        "Compliance": {"Status": "FAILED"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    } | changes


SECURITY_HUB = event(
    "aws.securityhub",
    "Security Hub Findings - Imported",
    {
        "findings": [
            finding("f-1", "arn:aws:s3:::one"),
            finding("f-2", "arn:aws:s3:::two", "LOW", RecordState="ARCHIVED"),
        ]
    },
)


def stopped_task(**changes: Any) -> dict[str, Any]:
    detail = {
        "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop",
        "taskArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/shop/9c1f",
        "taskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/checkout:41",
        "group": "service:checkout",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": "2026-11-20T14:31:30.000Z",
        "containers": [{"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: killed for its memory"}],
    }
    return event("aws.ecs", "ECS Task State Change", detail | changes)


def service_action(name: str, level: str, kind: str = "ECS Service Action") -> dict[str, Any]:
    detail = {"eventType": level, "eventName": name, "clusterArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/shop"}
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/checkout"
    return event("aws.ecs", kind, detail | {"reason": "because of it", "deploymentId": "ecs-svc/77"}, resources=[arn])


def glue(state: str) -> dict[str, Any]:
    detail = {"jobName": "nightly", "severity": "ERROR", "state": state, "jobRunId": "jr_1", "message": "SystemExit: 1"}
    return event("aws.glue", "Glue Job State Change", detail)


MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:orders"


def execution(status: str) -> dict[str, Any]:
    detail = {
        "executionArn": MACHINE.replace("stateMachine", "execution") + ":run-4711",
        "stateMachineArn": MACHINE,
        "name": "run-4711",
        "status": status,
        "startDate": 1795185000000,
        "stopDate": 1795185060000,
        "error": "States.TaskFailed",
        "cause": "The table is locked",
    }
    return event("aws.states", "Step Functions Execution Status Change", detail)


def log_data(lines: list[str], **changes: Any) -> dict[str, Any]:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": "/aws/lambda/checkout",
        "logStream": "2026/11/20/[$LATEST]1",
        "subscriptionFilters": ["errors"],
        "logEvents": [
            {"id": str(number), "timestamp": 1795185000000 + number, "message": line}
            for number, line in enumerate(lines)
        ],
    } | changes


def packed(data: Any) -> str:
    written = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.b64encode(gzip.compress(written)).decode()


LINES = ["2026-11-20T14:30:00.000Z INFO start", "2026-11-20T14:30:01.000Z ERROR TypeError: cart is undefined"]
LOGS = {"awslogs": {"data": packed(log_data(LINES))}}


def dead_letter(body: str = '{"order": "o-1"}', **changes: Any) -> dict[str, Any]:
    return {
        "messageId": "5fea",
        "receiptHandle": "AQEB",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "5",
            "SentTimestamp": "1795185000000",
            "ApproximateFirstReceiveTimestamp": "1795185001000",
            "DeadLetterQueueSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
        },
        "messageAttributes": {"ErrorMessage": {"stringValue": "no such customer", "dataType": "String"}},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders-dlq",
        "awsRegion": REGION,
    } | changes


def invocation(condition: str = "RetriesExhausted") -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": "2026-11-20T14:30:00.000Z",
        "requestContext": {
            "requestId": "r-1",
            "functionArn": f"{FUNCTION}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"order": "o-1"},
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "cart is undefined", "errorType": "TypeError", "trace": ["at handler"]},
    }


EVERY_SHAPE: dict[str, Any] = {
    "alarm": alarm(),
    "alarm through SNS": sns(alarm()),
    "alarm in records": records(sns(alarm()), sns("plain words")),
    "math": sns(alarm(MATH)),
    "band": sns(alarm(BAND)),
    "alarm event": event("aws.cloudwatch", "CloudWatch Alarm State Change", state_change(), resources=[ALARM]),
    "alarm action": {"source": "aws.cloudwatch", "alarmArn": ALARM, "accountId": ACCOUNT, "alarmData": state_change()},
    "budget": sns(BUDGET, Subject="AWS Budgets: Data platform has exceeded your alert threshold"),
    "anomaly": sns(ANOMALY),
    "rds": sns(rds_message()),
    "dms": sns(DMS_MESSAGE),
    "backup": sns(BACKUP, Subject="Notification from AWS Backup", MessageAttributes=attributes(State="FAILED")),
    "health": health(),
    "guardduty": GUARDDUTY,
    "security hub": SECURITY_HUB,
    "task": stopped_task(),
    "service": service_action("SERVICE_TASK_PLACEMENT_FAILURE", "ERROR"),
    "glue": glue("FAILED"),
    "execution": execution("FAILED"),
    "logs": LOGS,
    "firehose": {"requestId": "q", "records": [{"recordId": "1", "data": packed(log_data(LINES))}]},
    "dead letter": {"Records": [dead_letter()]},
    "invocation": invocation(),
    "custom event": event("shop.orders", "Order stuck", {"orderId": "o-1", "status": "FAILED", "reason": "no stock"}),
    "prose": sns("Checkout is slow in eu-west-1", Subject="Slow"),
}
