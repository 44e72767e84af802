"""SQS GetQueueAttributes with the depth that the queue's metrics show. The rest of SQS is moto's."""

from __future__ import annotations

import math
from typing import Any

from botocore.exceptions import ClientError

from deploy.local.account.cloudwatch.store import MetricKey, MetricStore
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.services import sqs_moves
from deploy.local.account.state import Account

_METRICS = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}


def get_queue_attributes(account: Account, request: Request) -> dict[str, Any]:
    """moto's answer, with the counts of messages as the scenario's metrics have them at this minute."""
    client = account.moto.client("sqs", request.region)
    try:
        reply: dict[str, Any] = client.get_queue_attributes(**request.params)
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    attributes: dict[str, str] = reply.get("Attributes", {})
    store = MetricStore(account, request.region)
    name = request.params["QueueUrl"].rpartition("/")[2]
    for attribute, metric in _METRICS.items():
        series = store.series(MetricKey.of("AWS/SQS", metric, {"QueueName": name}))
        if attribute in attributes and series is not None:
            value = series.value_at(account.now())
            attributes[attribute] = "0" if math.isnan(value) else str(round(value))
    return {"Attributes": attributes}


OPERATIONS: dict[str, Operation] = {"GetQueueAttributes": get_queue_attributes, **sqs_moves.OPERATIONS}
