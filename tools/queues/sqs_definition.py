"""What Watchkeeper's SQS queue is: for `watchkeeper tables --queue`, the tests and the cloud deployment."""

from __future__ import annotations

import json
from typing import Any


def create_queues(client: Any, name: str, max_receives: int = 3) -> str:
    """A queue and its dead-letter queue, for tests and small teams; returns the queue's URL. Repeating it is fine."""
    dead_url = client.create_queue(QueueName=f"{name}-dead-letters", Attributes=dead_letter_attributes())["QueueUrl"]
    found = client.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])
    attributes = queue_attributes(found["Attributes"]["QueueArn"], max_receives)
    return str(client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def queue_attributes(dead_letter_arn: str, max_receives: int = 3) -> dict[str, str]:
    redrive = {"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": max_receives}
    return {"RedrivePolicy": json.dumps(redrive), "MessageRetentionPeriod": str(4 * 86_400)}


def dead_letter_attributes() -> dict[str, str]:
    """A message keeps its age when it moves, so the dead letters are kept for as long as SQS allows."""
    return {"MessageRetentionPeriod": str(14 * 86_400)}
