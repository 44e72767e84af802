"""DynamoDB's capacity, messages out of dead-letter queues, and events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.changes.conftest import Watcher

TABLE = {"TableName": "storefront-sessions"}
DLQ = "arn:aws:sqs:us-east-1:123456789012:settlement-requests-dlq"


@pytest.fixture
def shop(watch: Watcher) -> Watcher:
    watch.load("dynamodb-throttling")
    return watch


@pytest.fixture
def settlement(watch: Watcher) -> Watcher:
    watch.load("sqs-dead-letters")
    return watch


def units(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


def table(watch: Watcher, name: str = "storefront-sessions") -> dict[str, Any]:
    return watch.client("dynamodb").describe_table(TableName=name)["Table"]


def test_capacity_is_raised_in_a_while(shop: Watcher) -> None:
    shop.client("dynamodb").update_table(**TABLE, **units(600, 900))
    during = table(shop)["TableStatus"]
    shop.wait(seconds=30)

    assert (during, table(shop)["TableStatus"]) == ("UPDATING", "ACTIVE")
    assert table(shop)["ProvisionedThroughput"]["WriteCapacityUnits"] == 900
    assert table(shop, "loyalty-points")["ProvisionedThroughput"]["WriteCapacityUnits"] == 50


def test_a_table_becomes_on_demand_and_provisioned_again(shop: Watcher) -> None:
    dynamodb = shop.client("dynamodb")
    dynamodb.update_table(**TABLE, BillingMode="PAY_PER_REQUEST")
    shop.wait(minutes=3)
    on_demand = table(shop)
    dynamodb.update_table(**TABLE, BillingMode="PROVISIONED", **units(600, 300))
    shop.wait(minutes=6)

    assert on_demand["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert on_demand["ProvisionedThroughput"]["WriteCapacityUnits"] == 0
    assert table(shop)["ProvisionedThroughput"]["WriteCapacityUnits"] == 300
    assert shop.alarm("storefront-sessions-write-throttles") == "ALARM"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (units(600, 300), "ValidationException"),
        (units(600, 50_000), "ValidationException"),
        ({"BillingMode": "PAY_PER_REQUEST", **units(600, 900)}, "ValidationException"),
        ({"TableName": "nothing", **units(600, 900)}, "ResourceNotFoundException"),
    ],
    ids=["the same", "beyond the quota", "capacity of an on-demand table", "no table"],
)
def test_what_dynamodb_refuses(shop: Watcher, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        shop.client("dynamodb").update_table(**{**TABLE, **params})

    assert refused.value.response["Error"]["Code"] == code
    assert table(shop)["TableStatus"] == "ACTIVE"


def test_a_table_is_not_updated_twice_at_a_time(shop: Watcher) -> None:
    shop.client("dynamodb").update_table(**TABLE, **units(600, 900))

    with pytest.raises(ClientError, match="ResourceInUseException"):
        shop.client("dynamodb").update_table(**TABLE, **units(600, 1200))


def test_dead_letters_go_back_to_where_they_came_from(settlement: Watcher) -> None:
    sqs = settlement.client("sqs")
    handle = sqs.start_message_move_task(SourceArn=DLQ, MaxNumberOfMessagesPerSecond=10)["TaskHandle"]
    (running,) = sqs.list_message_move_tasks(SourceArn=DLQ)["Results"]
    settlement.wait(minutes=5)
    (done,) = sqs.list_message_move_tasks(SourceArn=DLQ)["Results"]
    url = sqs.get_queue_url(QueueName="settlement-requests-dlq")["QueueUrl"]
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]

    assert (running["Status"], running["TaskHandle"], running["ApproximateNumberOfMessagesToMove"]) == (
        "RUNNING",
        handle,
        212,
    )
    assert (done["Status"], done["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 212)
    assert left == {"ApproximateNumberOfMessages": "0"}
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_messages_that_are_moved_to_a_queue_nobody_reads_lie_there(settlement: Watcher) -> None:
    sqs = settlement.client("sqs")
    other = DLQ.replace("requests-dlq", "reports")
    sqs.start_message_move_task(SourceArn=DLQ, DestinationArn=other)

    url = sqs.get_queue_url(QueueName="settlement-reports")["QueueUrl"]
    there = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert there == {"ApproximateNumberOfMessages": "3"}
    assert settlement.account.happened("sqs-dead-letters") == ("moved-elsewhere",)


def test_one_move_at_a_time_which_can_be_cancelled(settlement: Watcher) -> None:
    sqs = settlement.client("sqs")
    handle = sqs.start_message_move_task(SourceArn=DLQ, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    with pytest.raises(ClientError, match="already a task running"):
        sqs.start_message_move_task(SourceArn=DLQ)
    settlement.wait(seconds=50)
    moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]

    assert 45 <= moved <= 55
    assert sqs.list_message_move_tasks(SourceArn=DLQ)["Results"][0]["Status"] == "CANCELLED"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"SourceArn": DLQ.replace("-dlq", "")}, "must be configured as a Dead Letter Queue"),
        ({"SourceArn": DLQ.replace("settlement", "nothing")}, "SourceArn parameter doesn't exist"),
        ({"SourceArn": DLQ, "DestinationArn": DLQ.replace("settlement", "nothing")}, "DestinationArn parameter"),
        ({"SourceArn": DLQ, "MaxNumberOfMessagesPerSecond": 501}, "from 1 to 500"),
    ],
)
def test_what_sqs_refuses(settlement: Watcher, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        settlement.client("sqs").start_message_move_task(**params)


def test_a_dead_letter_queue_lets_what_waited_behind_a_poison_message_through(watch: Watcher) -> None:
    watch.load("sqs-poison-message")
    sqs = watch.client("sqs")
    url = sqs.get_queue_url(QueueName="invoicing-events")["QueueUrl"]
    target = "arn:aws:sqs:us-east-1:123456789012:invoicing-emails-dlq"
    policy = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 5})}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
    watch.wait(minutes=10)

    assert watch.alarm("invoicing-events-oldest-message") == "OK"
    assert watch.logged("/aws/lambda/invoicing-worker", "ValidationError", minutes=5) == 0


def test_an_event_reaches_the_queue_of_the_rule_that_matches_it(watch: Watcher) -> None:
    watch.load("missed-event")
    events, sqs = watch.client("events"), watch.client("sqs")
    good = {"Source": "shop.pricing", "DetailType": "PriceListPublished", "Detail": '{"list": "today"}'}
    reply = events.put_events(Entries=[good, {**good, "DetailType": "Other"}, {**good, "Detail": "{oh"}])
    url = sqs.get_queue_url(QueueName="price-imports")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]

    assert reply["FailedEntryCount"] == 1
    assert [sorted(each) for each in reply["Entries"]] == [["EventId"], ["EventId"], ["ErrorCode", "ErrorMessage"]]
    assert json.loads(message["Body"])["detail"] == {"list": "today"}


def test_an_entry_that_failed_is_no_event_that_was_sent(watch: Watcher) -> None:
    watch.load("missed-event")
    bad = {"Source": "shop.pricing", "DetailType": "PriceListPublished", "Detail": "{oh"}
    watch.client("events").put_events(Entries=[bad])

    assert watch.account.happened("missed-event") == ()
