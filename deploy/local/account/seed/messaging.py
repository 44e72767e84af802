"""SQS queues with their messages, SNS topics, and EventBridge's rules."""

from __future__ import annotations

import json
from typing import Any

from deploy.local.account.schema.serverless import EventRule, SnsSubscription, SqsMessage, SqsQueue
from deploy.local.account.seed.seeder import Seeder


def seed_messaging(seeder: Seeder) -> None:
    queues = seeder.resources.sqs_queues
    for queue in sorted(queues, key=lambda queue: queue.redrive is not None):  # dead-letter queues first
        _queue(seeder, queue)
    sns = seeder.client("sns")
    for topic in seeder.resources.sns_topics:
        made = sns.create_topic(Name=topic.name, Tags=[{"Key": k, "Value": v} for k, v in topic.tags.items()])
        arn = seeder.ids["topic", topic.name] = made["TopicArn"]
        for subscription in topic.subscriptions:
            sns.subscribe(TopicArn=arn, Protocol=subscription.protocol, Endpoint=_endpoint(seeder, subscription))
    for rule in seeder.resources.event_rules:
        _rule(seeder, rule)


def _rule(seeder: Seeder, rule: EventRule) -> None:
    events = seeder.client("events")
    if rule.bus != "default" and rule.bus not in [each["Name"] for each in events.list_event_buses()["EventBuses"]]:
        events.create_event_bus(Name=rule.bus)
    events.put_rule(Name=rule.name, EventBusName=rule.bus, EventPattern=json.dumps(dict(rule.pattern)), State="ENABLED")
    if rule.queue:
        target = {"Id": rule.queue, "Arn": seeder.id_of("queue", rule.queue)}
        events.put_targets(Rule=rule.name, EventBusName=rule.bus, Targets=[target])


def _queue(seeder: Seeder, queue: SqsQueue) -> None:
    attributes = {
        "VisibilityTimeout": str(queue.visibility_timeout_s),
        "MessageRetentionPeriod": str(int(queue.retention_days * 86400)),
        **queue.attributes,
    }
    if queue.fifo:
        attributes["FifoQueue"] = "true"
    if queue.redrive:
        target = seeder.id_of("queue", queue.redrive.queue)
        policy = {"deadLetterTargetArn": target, "maxReceiveCount": queue.redrive.max_receive_count}
        attributes["RedrivePolicy"] = json.dumps(policy)
    sqs = seeder.client("sqs")
    url = sqs.create_queue(QueueName=queue.name, Attributes=attributes, tags=dict(queue.tags))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    seeder.ids["queue", queue.name] = arn
    for message in queue.messages:
        _message(seeder, url, queue, message)
    state = seeder.backend("sqs").queues[queue.name]
    state.created_timestamp = state.last_modified_timestamp = seeder.at(queue.created).timestamp()


def _message(seeder: Seeder, url: str, queue: SqsQueue, message: SqsMessage) -> None:
    attributes: dict[str, Any] = {
        name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
    }
    order = {"MessageGroupId": "scenario", "MessageDeduplicationId": message.body[:100]} if queue.fifo else {}
    seeder.client("sqs").send_message(QueueUrl=url, MessageBody=message.body, MessageAttributes=attributes, **order)
    state = seeder.backend("sqs").queues[queue.name]._messages[-1]
    state.sent_timestamp = int(seeder.at(message.at).timestamp() * 1000)
    state.approximate_receive_count = message.receive_count
    if message.receive_count:
        state.approximate_first_receive_timestamp = state.sent_timestamp + 1000


def _endpoint(seeder: Seeder, subscription: SnsSubscription) -> str:
    if subscription.protocol == "sqs":
        return seeder.id_of("queue", subscription.endpoint)
    if subscription.protocol == "lambda":
        return f"arn:aws:lambda:{seeder.region}:{seeder.account_id}:function:{subscription.endpoint}"
    return subscription.endpoint
