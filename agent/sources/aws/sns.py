"""SNS's envelope, however it comes: posted over HTTP, in a Lambda record, or only `Subject` and `Message`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from agent.sources.aws.lenient import document
from agent.sources.aws.notice import Notice
from agent.sources.fields import at, mapping_at, text_at
from agent.sources.moments import moment
from agent.sources.source import Payload

SIGNING = ("Signature", "SigningCertURL", "SigningCertUrl")
SUBSCRIBING = ("UnsubscribeURL", "UnsubscribeUrl", "SubscribeURL", "Token")
"""Whoever has these can unsubscribe us: nobody is shown them."""
NOT_TEXT = (*SIGNING, *SUBSCRIBING)
"""What an envelope holds for machines only."""


def without_subscription(envelope: Any) -> Any:
    """As it may be stored: nothing in it lets a reader end the subscription."""
    if not isinstance(envelope, dict):
        return envelope
    named = cast("dict[str, Any]", envelope)
    return {name: value for name, value in named.items() if name not in SUBSCRIBING}


def is_envelope(payload: Payload) -> bool:
    if not isinstance(at(payload, "Message"), str):
        return False
    return "TopicArn" in payload or text_at(payload, "Type") == "Notification" or set(payload) <= {"Subject", "Message"}


def opened(envelope: Mapping[str, Any], received: datetime) -> Notice:
    """Its message: JSON, JSON that is nearly so, or plain text."""
    message = envelope.get("Message")
    body = document(message) if isinstance(message, str) else message
    attributes = mapping_at(envelope, "MessageAttributes")
    stated = {name: text_at(part, "Value", "value") for name, part in attributes.items()}
    return Notice(
        body=message if body is None else body,
        around={name: value for name, value in envelope.items() if name not in (*NOT_TEXT, "Message")},
        received=received,
        subject=text_at(envelope, "Subject"),
        delivery_id=text_at(envelope, "MessageId"),
        sent_at=moment(envelope.get("Timestamp")),
        topic=text_at(envelope, "TopicArn"),
        attributes={name: value for name, value in stated.items() if value},
    )
