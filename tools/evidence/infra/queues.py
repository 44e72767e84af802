"""SQS queues and SNS topics: depth and age, dead letters, consumers, messages that come back again and again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from agent.figures import count, duration, number
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra import consumers
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.metrics.reader import find_lines
from tools.evidence.metrics.series import Seen, compare
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

PERIOD = timedelta(minutes=5)
RETRIED = 1.3
"""Receives per delete from which on messages are plainly handled more than once."""


def describe(look: Look, item: Item) -> Described:
    reads: dict[str, Callable[[], Any]] = {
        "attributes": lambda: _attributes(look, item.handle),
        "metrics": lambda: compare(
            look, [x for x in find_lines(look, "sqs", item.name) if x.resource == item.name], PERIOD
        ),
        "sources": lambda: look.pages("sqs", "list_dead_letter_source_queues", "queueUrls", QueueUrl=item.handle),
    }
    read = gather(reads)
    attributes: dict[str, str] = read.results.get("attributes", {})
    arn = attributes.get("QueueArn", "")
    mappings = consumers.mappings_of(look, [arn] if arn else [])
    metrics: Sequence[Seen] = read.results.get("metrics", [])
    feeds = [bare_name(url) for url in read.results.get("sources", [])]
    findings = [state_finding(item, _facts(attributes, mappings, feeds))]
    findings += _dead_letters(look, item, attributes, feeds, mappings)
    backlog = _backlog(look, item, attributes, metrics)
    findings += backlog
    if backlog and not mappings and not feeds:
        services = gather({"its consumers": lambda: consumers.services_of(look, item.name)})
        findings += services.results.get("its consumers", [])
    findings += _poison(look, item, metrics)
    return Described(findings, console.sqs_queue(look.aws, item.handle), read.caveat)


def _attributes(look: Look, url: str) -> dict[str, str]:
    return look.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})


def redrive(attributes: dict[str, str]) -> dict[str, Any]:
    return json.loads(attributes.get("RedrivePolicy") or "{}")


def _facts(attributes: dict[str, str], mappings: Sequence[dict[str, Any]], feeds: Sequence[str]) -> dict[str, object]:
    policy = redrive(attributes)
    return {
        "visible": attributes.get("ApproximateNumberOfMessages"),
        "in_flight": attributes.get("ApproximateNumberOfMessagesNotVisible"),
        "visibility_timeout_s": attributes.get("VisibilityTimeout"),
        "retention_s": attributes.get("MessageRetentionPeriod"),
        "dead_letter_queue": bare_name(policy.get("deadLetterTargetArn", "")) or ("none" if not feeds else ""),
        "max_receive_count": policy.get("maxReceiveCount"),
        "dead_letters_of": feeds,
        "consumers": [f"{bare_name(m['FunctionArn'])} (batch {m.get('BatchSize')})" for m in mappings],
        "partial_batch_failures": _partial(mappings),
    }


def _partial(mappings: Sequence[dict[str, Any]]) -> str:
    if not mappings:
        return ""
    return "yes" if all("ReportBatchItemFailures" in m.get("FunctionResponseTypes", []) for m in mappings) else "no"


def _dead_letters(
    look: Look,
    item: Item,
    attributes: dict[str, str],
    feeds: Sequence[str],
    mappings: Sequence[dict[str, Any]],
) -> list[Finding]:
    """Either this is a dead-letter queue, or it has one (with something in it or not), or it should have."""
    details = {"queue": item.name, "service": "sqs"}
    depth = int(attributes.get("ApproximateNumberOfMessages", "0"))
    if feeds:
        before = attributes.get("QueueArn", "").rpartition(":")[0]
        failing = consumers.names_of(consumers.mappings_of(look, [f"{before}:{n}" for n in feeds] if before else []))
        errors = gather({"errors of consumers": lambda: consumers.errors_of(look, failing)}) if depth else None
        own = errors.results.get("errors of consumers", []) if errors else []
        return [*_dead_letter_depth(item.name, depth, feeds, failing), *own]
    target = redrive(attributes).get("deadLetterTargetArn", "")
    if not target:
        text = (
            f"Queue {item.name} has no dead-letter queue, so a message that always fails is retried until it expires."
        )
        return [Finding(kind="redrive_missing", statement=text, strength=0.55, resource=item.name, attributes=details)]
    name = bare_name(target)
    url = look.call("sqs", "get_queue_url", QueueName=name)["QueueUrl"]
    depth = int(_attributes(look, url).get("ApproximateNumberOfMessages", "0"))
    return _dead_letter_depth(name, depth, [item.name], consumers.names_of(mappings))


def _dead_letter_depth(queue: str, depth: int, sources: Sequence[str], failing: Sequence[str]) -> list[Finding]:
    """`failing` are the functions that read from the queues that the messages came from."""
    if not depth:
        return []
    source, whose = ", ".join(sources), ", ".join(failing)
    by = f"; {whose} reads from {source}" if whose else ""
    text = f"{count(depth, 'message')} of {source} in its dead-letter queue {queue}{by}."
    strength = 0.6 if depth < 10 else 0.75
    details = {"queue": queue, "depth": str(depth), "service": "sqs", "source": source}
    details |= {"consumers": whose} if whose else {}
    return [Finding(kind="dead_letters", statement=text, strength=strength, resource=queue, attributes=details)]


def _backlog(look: Look, item: Item, attributes: dict[str, str], metrics: Sequence[Seen]) -> list[Finding]:
    by_name = {s.line.metric.name: s for s in metrics}
    depth, age = (
        by_name.get("ApproximateNumberOfMessagesVisible"),
        by_name.get("ApproximateAgeOfOldestMessage"),
    )
    grown = [s for s in (depth, age) if s and s.shift.direction == "rise" and s.score >= 0.3]
    if not grown:
        return []
    onset = min(s.shift.onset for s in grown if s.shift.onset)
    messages = float(attributes.get("ApproximateNumberOfMessages") or (depth.points[-1][1] if depth else 0))
    seconds = age.points[-1][1] if age else 0.0
    usual = f" ({number(depth.shift.baseline)} is normal)" if depth else ""
    text = (
        f"Queue {item.name} has piled up since {clock_time(onset, look.now)}: {number(messages)} messages wait{usual}, "
        f"the oldest for {duration(seconds)}."
    )
    details = {"queue": item.name, "depth": f"{messages:.0f}", "age_seconds": f"{seconds:.0f}", "service": "sqs"}
    strength = max(s.score for s in grown)
    return [
        Finding(
            kind="queue_backlog", statement=text, strength=strength, at=onset, resource=item.name, attributes=details
        )
    ]


def _poison(look: Look, item: Item, metrics: Sequence[Seen]) -> list[Finding]:
    """Messages received far more often than deleted while the oldest ages: some come back again and again."""
    by_name = {s.line.metric.name: s for s in metrics}
    received, deleted = by_name.get("NumberOfMessagesReceived"), by_name.get("NumberOfMessagesDeleted")
    age = by_name.get("ApproximateAgeOfOldestMessage")
    if not (received and deleted and age and age.shift.direction == "rise" and age.shift.onset):
        return []
    onset = age.shift.onset
    got, done = (sum(v * 5 for at, v in s.points if at >= onset) for s in (received, deleted))
    before = [sum(v for at, v in s.points if at < look.window.start) for s in (received, deleted)]
    usual = before[0] / before[1] if before[1] else 1.0
    ratio = got / max(done, 1)
    if ratio < RETRIED * usual:
        return []
    text = (
        f"Since {clock_time(onset, look.now)} consumers of {item.name} received {number(got)} messages and deleted "
        f"{number(done)} ({ratio:.1f} receives a delete, {usual:.1f} before): some come back again and again."
    )
    details = {"queue": item.name, "receive_count": f"{ratio:.2f}", "service": "sqs"}
    strength = round(min(0.5 + 0.4 * (ratio / usual - RETRIED), 0.9), 3)
    return [
        Finding(
            kind="poison_message", statement=text, strength=strength, at=onset, resource=item.name, attributes=details
        )
    ]


def describe_topic(look: Look, item: Item) -> Described:
    subscriptions = look.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=item.handle)
    listed = [f"{s['Protocol']}:{bare_name(s['Endpoint'])}" for s in subscriptions]
    pending = sum(s.get("SubscriptionArn") == "PendingConfirmation" for s in subscriptions)
    facts = {"subscriptions": listed, "unconfirmed": pending or ""}
    return Described([state_finding(item, facts)], console.sns_topic(look.aws, item.handle))
