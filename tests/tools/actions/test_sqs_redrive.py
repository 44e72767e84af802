"""Dead letters: moved at a bounded rate to where they came from, and never read."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import WriteRefused
from tests.tools.actions.account import ACCOUNT, REGION, Bench
from tools.actions.catalog import ACTIONS

DLQ = "payouts-dlq"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DLQ}"
SECRET = "sesame-" + "opens"


def load(bench: Bench, changed: str = "-60d", messages: int = 3, metrics: list[dict[str, Any]] | None = None) -> None:
    letters = [{"body": f"{SECRET} {number}", "at": "-40m"} for number in range(messages)]
    bench.load(
        resources={
            "sqs_queues": [
                {"name": "payouts", "redrive": {"queue": DLQ, "max_receive_count": 3}},
                {"name": DLQ, "messages": letters, "tags": {"env": "prod"}},
            ],
            "lambda_functions": [{"name": "payer", "updated": changed}],
            "event_source_mappings": [{"function": "payer", "queue": "payouts"}],
        },
        metrics=metrics or [],
    )


def redrive(bench: Bench, target: str = DLQ, sources: Any = "payouts", **more: Any) -> Any:
    return bench.preview("sqs_redrive", target, sources=sources, **more)


def test_messages_are_counted_and_not_shown(bench: Bench) -> None:
    load(bench)
    preview = redrive(bench)
    assert preview.problems == ()
    assert preview.affected == 3
    assert preview.tags == {"env": "prod"}
    assert SECRET not in preview.model_dump_json()
    assert "in about 1 min at 10 a second" in preview.differences[0].after


def test_many_messages_take_long(bench: Bench) -> None:
    depth = {"namespace": "AWS/SQS", "name": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": DLQ}}
    load(bench, metrics=[{**depth, "baseline": 7200, "noise": 0}])
    assert "in about 12 min" in redrive(bench).differences[0].after


def test_a_consumer_that_has_not_changed_will_fail_again(bench: Bench) -> None:
    depth = {"namespace": "AWS/SQS", "name": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": DLQ}}
    grew = [
        {**depth, "baseline": 0, "noise": 0, "integer": True, "events": [{"from": "-50m", "add": 30, "ramp": "10m"}]}
    ]
    load(bench, metrics=grew)
    assert "payer has not changed since the last message failed" in redrive(bench).warnings[0]
    load(bench, changed="-5m", metrics=grew)
    assert redrive(bench).warnings == ()


def test_a_consumer_that_nobody_knows_is_said(bench: Bench) -> None:
    queues = [{"name": "payouts", "redrive": {"queue": DLQ, "max_receive_count": 3}}]
    bench.load(resources={"sqs_queues": [*queues, {"name": DLQ, "messages": [{"body": "x", "at": "-1h"}]}]})
    assert "not known" in redrive(bench).warnings[0]


@pytest.mark.parametrize(
    ("target", "sources", "why"),
    [
        ("payouts", ["payouts"], "no queue's dead-letter queue"),
        (DLQ, ["reports"], "would go back to payouts"),
        (DLQ, ["payouts", "reports"], "would go back to payouts"),
    ],
)
def test_only_the_queues_that_they_came_from_get_them(bench: Bench, target: str, sources: Any, why: str) -> None:
    load(bench)
    assert why in " ".join(redrive(bench, target, sources).problems)


def test_an_empty_queue_has_nothing_to_move(bench: Bench) -> None:
    load(bench, messages=0)
    assert "empty" in redrive(bench).problems[0]


def test_what_sqs_asks_for_lets_the_client_make_no_other_call(bench: Bench) -> None:
    """The rights to receive and to delete are for SQS's own task: no message is read with them."""
    load(bench)
    kind = ACTIONS["sqs_redrive"]
    order = bench.order("sqs_redrive", DLQ, {"sources": ["payouts"]})
    client = bench.writes.open(kind.permissions(order), "act_1", ACCOUNT).client("sqs")
    url = bench.person("sqs").get_queue_url(QueueName=DLQ)["QueueUrl"]
    with pytest.raises(WriteRefused):
        client.receive_message(QueueUrl=url)
    with pytest.raises(WriteRefused):
        client.start_message_move_task(SourceArn=ARN, MaxNumberOfMessagesPerSecond=500)


def test_a_task_that_was_started_before_is_not_ours(bench: Bench) -> None:
    load(bench)
    seen = redrive(bench)
    assert bench.find("sqs_redrive", DLQ, seen=seen, sources=["payouts"]) is None
    bench.execute("sqs_redrive", DLQ, sources=["payouts"])
    assert bench.find("sqs_redrive", DLQ, seen=seen, sources=["payouts"]) is not None
