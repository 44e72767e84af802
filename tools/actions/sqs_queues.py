"""A dead-letter queue and those whose messages it keeps: how many there are, since when, and who consumes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.ports import AwsSession

LOOK_BACK = timedelta(days=1)
PERIOD_SECONDS = 300
NEWEST_TASKS = 10
"""As many as SQS lists."""


@dataclass(frozen=True)
class DeadLetters:
    """`sources` are names, sorted. `encrypted` says whether a customer's key is in the way of reading them."""

    url: str
    arn: str
    messages: int
    sources: tuple[str, ...]
    encrypted: bool
    tags: dict[str, str]


def read_dead_letters(aws: AwsSession, name: str) -> DeadLetters:
    """Its messages are never read: that would count as an attempt to consume them, and show what they say."""
    client = aws.client("sqs")
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    pages = client.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=url)
    return DeadLetters(
        url=url,
        arn=attributes["QueueArn"],
        messages=int(attributes.get("ApproximateNumberOfMessages", 0)),
        sources=tuple(sorted(each.rpartition("/")[2] for page in pages for each in page["queueUrls"])),
        encrypted=bool(attributes.get("KmsMasterKeyId")),
        tags=dict(client.list_queue_tags(QueueUrl=url).get("Tags", {})),
    )


def move_tasks(aws: AwsSession, arn: str) -> list[dict[str, Any]]:
    """The newest first."""
    reply = aws.client("sqs").list_message_move_tasks(SourceArn=arn, MaxResults=NEWEST_TASKS)
    found: list[dict[str, Any]] = reply.get("Results", [])
    return found


def last_arrival(aws: AwsSession, name: str, now: datetime) -> datetime | None:
    """When the queue last grew, to five minutes; None when its metric does not say so for the last day."""
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
    }
    query = {"Id": "depth", "MetricStat": {"Metric": metric, "Period": PERIOD_SECONDS, "Stat": "Maximum"}}
    reply = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[query], StartTime=now - LOOK_BACK, EndTime=now, ScanBy="TimestampAscending"
    )
    result = reply["MetricDataResults"][0]
    times, depths = result["Timestamps"], result["Values"]
    grown = [at for at, before, depth in zip(times[1:], depths, depths[1:], strict=False) if depth > before]
    return grown[-1] if grown else None


def consumers(aws: AwsSession, queue_arn: str) -> dict[str, datetime | None]:
    """The Lambda functions that a queue starts, and when each was last changed."""
    client = aws.client("lambda")
    pages = client.get_paginator("list_event_source_mappings").paginate(EventSourceArn=queue_arn)
    functions = sorted({each["FunctionArn"] for page in pages for each in page["EventSourceMappings"]})
    found: dict[str, datetime | None] = {}
    for arn in functions:
        name = arn.partition(":function:")[2]
        found[name] = _moment(str(client.get_function_configuration(FunctionName=arn).get("LastModified", "")))
    return found


def _moment(text: str) -> datetime | None:
    """`2026-11-18T14:12:00.000+0000`"""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
