"""Work that failed for good: messages in a dead-letter queue, and the record of a Lambda function's last failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, system
from agent.sources.aws.notice import Notice
from agent.sources.fields import at, mapping_at, text_at
from agent.sources.moments import moment

_DEAD = re.compile(r"dlq|dead[-_]?letter|failed|poison|undeliver", re.I)
_ERRORS = ("ErrorMessage", "ERROR_MESSAGE", "errorMessage", "error", "Error", "EXCEPTION_MESSAGE")
_CODES = ("ErrorCode", "ERROR_CODE", "errorType")
_BODY_ERRORS = ("errorMessage", "error", "exception", "reason", "message", "responsePayload.errorMessage")


def is_dead_letter(notice: Notice) -> bool:
    """A message of a queue, with how often it was received. One that another file here can read is left to it."""
    return "ApproximateReceiveCount" in notice.attributes


def certainly_dead(notice: Notice) -> bool:
    """The queue says that it is a dead-letter queue: by where its messages come from, or by its name."""
    return is_dead_letter(notice) and (
        "DeadLetterQueueSourceArn" in notice.attributes or bool(_DEAD.search(notice.topic))
    )


def parse_dead_letter(notice: Notice) -> list[Alert]:
    """About the queue where the work was to be done; the dead-letter queue is where the message lies now."""
    lies_in = arns.resource(notice.topic)
    source = arns.resource(notice.attributes.get("DeadLetterQueueSourceArn", "") or notice.topic, region=lies_in.region)
    count = notice.attributes["ApproximateReceiveCount"]
    code = next((notice.attributes[name] for name in _CODES if name in notice.attributes), "")
    error = next((notice.attributes[name] for name in _ERRORS if name in notice.attributes), "")
    error = error or text_at(notice.body, *_BODY_ERRORS)
    about = f"A message of {source.id or 'a queue'} was given up after {count} attempt{'s' if count != '1' else ''}"
    region = source.region
    page = f"sqs/v3/home?region={region}#/queues"
    return [
        notice.alert(
            "sqs_dead_letter",
            f"{about}: {error}" if error else about,
            (source.arn or notice.topic, code),
            (error, notice.text),
            external_id=source.arn,
            severity=Severity.error,
            resource=source.model_copy(update={"service": "sqs", "type": "queue"}),
            system=system(source.account),
            metric="ApproximateReceiveCount",
            value=count,
            started_at=moment(notice.attributes.get("ApproximateFirstReceiveTimestamp")),
            labels={
                "queue": source.id,
                "dead_letter_queue": lies_in.id,
                "error_code": code,
                "rule": notice.attributes.get("RULE_ARN", ""),
                "target": notice.attributes.get("TARGET_ARN", ""),
            },
            links=(arns.console(region, page),),
        )
    ]


def is_invocation(notice: Notice) -> bool:
    return bool(text_at(_record(notice), "requestContext.functionArn"))


def parse_invocation(notice: Notice) -> list[Alert]:
    """A Lambda destination's record: what was asked for, how often it was tried, and what it answered."""
    record = _record(notice)
    function = arns.resource(text_at(record, "requestContext.functionArn"))
    condition = text_at(record, "requestContext.condition")
    tries = text_at(record, "requestContext.approximateInvokeCount")
    kind, error = text_at(record, "responsePayload.errorType"), text_at(record, "responsePayload.errorMessage")
    over = condition == "Success"
    said = f"{kind}: {error}" if kind and error else error or kind or condition
    batch = at(record, "KinesisBatchInfo") or at(record, "DDBStreamBatchInfo")
    page = f"lambda/home?region={function.region}#/functions/{arns.quoted(function.id)}"
    return [
        notice.alert(
            "lambda",
            f"Lambda function {function.id} {'succeeded' if over else f'failed for good: {said}'}",
            (function.arn, "invocation"),
            (said, f"Given up: {condition} after {tries} attempts" if tries and not over else ""),
            external_id=function.arn,
            status=AlertStatus.resolved if over else AlertStatus.firing,
            severity=Severity.info if over else Severity.error,
            resource=function,
            system=system(function.account),
            metric="Errors",
            value=tries,
            started_at=moment(text_at(record, "timestamp")),
            labels={
                "condition": condition,
                "error_type": kind,
                "request": text_at(record, "requestContext.requestId"),
                "stream": text_at(batch, "streamArn"),
            },
            links=(arns.console(function.region, page),),
        )
    ]


def _record(notice: Notice) -> Mapping[str, Any]:
    return mapping_at(notice.event, "detail") if is_from(notice, "lambda") else notice.object
