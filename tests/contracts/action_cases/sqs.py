"""SQS: dead letters moved back to where they came from."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NAME, SOURCE = "payouts-dlq", "payouts"
MESSAGES = [{"body": f'{{"iban": "{SECRET}", "payout": {number}}}', "at": "-20m"} for number in range(3)]
QUEUES = [
    {"name": SOURCE, "redrive": {"queue": NAME, "max_receive_count": 3}},
    {"name": NAME, "messages": MESSAGES, "tags": {"env": "prod"}},
]


def _depths(client: Client) -> Any:
    def depth(name: str) -> int:
        url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        reply = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(reply["Attributes"]["ApproximateNumberOfMessages"])

    return depth(NAME), depth(SOURCE)


CASES = (
    ActionCase(
        id="sqs_redrive",
        kind="sqs_redrive",
        target=target("sqs", "queue", NAME),
        parameters={"sources": [SOURCE]},
        state=_depths,
        denied="sqs:ListDeadLetterSourceQueues",
        parts={"resources": {"sqs_queues": QUEUES}},
        wrong=({}, {"sources": []}, {"sources": ["a/b"]}, {"sources": [SOURCE], "per_second": 5000}),
        once=True,
    ),
)
