"""Takes AWS's messages out of what they come in: SNS, Lambda's records, queues, Firehose, log subscriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from agent.sources.aws import sns
from agent.sources.aws.lenient import document
from agent.sources.aws.notice import Notice
from agent.sources.aws.packed import Room, unpacked
from agent.sources.fields import at, flat, mapping_at, text_at
from agent.sources.moments import moment
from agent.sources.source import Payload

NOT_TEXT = (*sns.NOT_TEXT, "receiptHandle", "ReceiptHandle")
"""What envelopes hold for machines only. With a receipt handle a message can be deleted."""


def in_envelope(payload: Payload) -> bool:
    """Whether the payload is one of AWS's envelopes, whatever is in it."""
    logs = isinstance(at(payload, "awslogs.data"), str)
    return logs or sns.is_envelope(payload) or _is_of_queue(payload) or bool(_records(payload))


def open_envelope(payload: Payload, received: datetime) -> list[Notice]:
    """Every message in the payload, in order; the payload itself when it is in no envelope."""
    return [_told_by_event(notice) for notice in _opened(payload, received)]


def _opened(payload: Any, received: datetime) -> list[Notice]:
    if isinstance(payload, str):
        inner = document(payload)
        return _opened(inner, received) if inner is not None else [Notice(payload, {}, received)]
    if sns.is_envelope(payload):
        return [sns.opened(payload, received)]
    if _is_of_queue(payload):
        return [_of_queue(payload, received)]
    if isinstance(data := at(payload, "awslogs.data"), str):
        return [Notice(unpacked(data, Room()), _without(payload, "awslogs"), received)]
    records = _records(payload)
    if not records:
        return [Notice(payload, {}, received)]
    room = Room()
    first, *others = [_of_record(record, received, room) for record in records]
    unread = {key: [entry for entry in entries if not fits(entry)] for key, entries, fits in _lists(payload)}
    return [replace(first, around=[first.around, payload | unread]), *others]


def _records(payload: Payload) -> list[dict[str, Any]]:
    return [entry for _, entries, fits in _lists(payload) for entry in entries if fits(entry)]


def _lists(payload: Payload) -> list[tuple[str, list[Any], Callable[[Any], bool]]]:
    """The lists of Lambda's and Firehose's records and of messages read from a queue, and what an entry has to be."""
    lists = (("Records", _is_of_lambda), ("records", _is_packed), ("Messages", _is_of_queue))
    return [(key, entries, fits) for key, fits in lists if isinstance(entries := at(payload, key), list)]


def _is_of_lambda(entry: Any) -> bool:
    return isinstance(at(entry, "Sns"), Mapping) or _is_packed(at(entry, "kinesis")) or _is_of_queue(entry)


def _is_packed(entry: Any) -> bool:
    return isinstance(at(entry, "data"), str)


def _is_of_queue(entry: Any) -> bool:
    """A message of a queue, with how often it was received."""
    body = isinstance(at(entry, _body(entry)), str)
    return body and bool(text_at(entry, "Attributes.ApproximateReceiveCount", "attributes.ApproximateReceiveCount"))


def _body(entry: Any) -> str:
    """Lambda writes `body`, and who reads from the queue gets a `Body`."""
    return "body" if isinstance(at(entry, "body"), str) else "Body"


def _of_record(record: dict[str, Any], received: datetime, room: Room) -> Notice:
    if isinstance(record.get("Sns"), Mapping):
        notice = sns.opened(record["Sns"], received)
        return replace(notice, around=[notice.around, _without(record, "Sns")])
    if _is_of_queue(record):
        return _of_queue(record, received)
    holder = record["kinesis"] if _is_packed(record.get("kinesis")) else record
    return Notice(
        body=unpacked(holder["data"], room),
        around=[_without(holder, "data"), {} if holder is record else _without(record, "kinesis")],
        received=received,
        delivery_id=text_at(record, "eventID", "recordId"),
        sent_at=moment(holder.get("approximateArrivalTimestamp")),
    )


def _of_queue(record: Mapping[str, Any], received: datetime) -> Notice:
    key = _body(record)
    inner = document(record[key])
    named = {**mapping_at(record, "messageAttributes"), **mapping_at(record, "MessageAttributes")}
    stated = {name: text_at(part, "stringValue", "StringValue", "Value") for name, part in named.items()}
    own = flat({**mapping_at(record, "attributes"), **mapping_at(record, "Attributes")})
    return Notice(
        body=record[key] if inner is None else inner,
        around=_without(record, key, *NOT_TEXT),
        received=received,
        delivery_id=text_at(record, "messageId", "MessageId"),
        sent_at=moment(own.get("SentTimestamp")),
        topic=text_at(record, "eventSourceARN"),
        attributes={name: value for name, value in stated.items() if value} | own,
    )


def _told_by_event(notice: Notice) -> Notice:
    """An event has an id and a time of its own."""
    event = notice.event
    if not event:
        return notice
    return replace(
        notice,
        delivery_id=notice.delivery_id or text_at(event, "id"),
        sent_at=moment(event.get("time")) or notice.sent_at,
    )


def _without(node: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in keys}
