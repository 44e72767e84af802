"""Alerts that AWS sends itself: through SNS, EventBridge, log subscriptions, queues and Lambda.

What a message comes in (`opening.py`) and what it says are told apart: every parser reads a message wherever it came
in. One sender more is a file with `matches` and `parse` and a line in PARSERS; one more kind of job a row in `jobs.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from agent.models import Alert
from agent.sources import senders
from agent.sources.aws import (
    cloudwatch,
    costs,
    databases,
    dead_letters,
    ecs,
    events,
    health,
    jobs,
    log_subscription,
    messages,
    security,
    unknown,
)
from agent.sources.aws.notice import Notice, Parser
from agent.sources.aws.opening import in_envelope, open_envelope
from agent.sources.source import Payload, Source

PARSERS: tuple[Parser, ...] = (
    Parser("dead letter", dead_letters.certainly_dead, dead_letters.parse_dead_letter),
    Parser("CloudWatch alarm", cloudwatch.matches, cloudwatch.parse),
    Parser("AWS Health", health.matches, health.parse),
    Parser("GuardDuty", security.is_guardduty, security.parse_guardduty),
    Parser("Security Hub", security.is_security_hub, security.parse_security_hub),
    Parser("ECS", ecs.matches, ecs.parse),
    Parser("RDS, Redshift, DMS", databases.matches, databases.parse),
    Parser("cost anomaly", costs.is_anomaly, costs.parse_anomaly),
    Parser("budget", costs.is_budget, costs.parse_budget),
    Parser("backup", messages.is_backup, messages.parse_backup),
    Parser("Lambda destination", dead_letters.is_invocation, dead_letters.parse_invocation),
    Parser("jobs", jobs.matches, jobs.parse),
    Parser("log subscription", log_subscription.matches, log_subscription.parse),
    Parser("any other event", events.matches, events.parse),
    Parser("CodeDeploy trigger", messages.is_codedeploy, messages.parse_codedeploy),
    Parser("Auto Scaling", messages.is_autoscaling, messages.parse_autoscaling),
)
"""The first that matches reads the message. These know their messages wherever they stand."""

IN_ENVELOPES: tuple[Parser, ...] = (
    Parser("Glue", messages.is_glue, messages.parse_glue),
    Parser("message of a queue", dead_letters.is_dead_letter, dead_letters.parse_dead_letter),
    Parser("anything else", lambda notice: True, unknown.parse),
)
"""These read prose that anybody might write, so only what comes in one of AWS's envelopes."""


def matches(payload: Payload) -> bool:
    if in_envelope(payload):
        return True
    notices = open_envelope(payload, datetime.min.replace(tzinfo=UTC))
    return any(parser.matches(notice) for notice in notices for parser in PARSERS)


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """At least one alert. Several where the payload holds several records, findings or affected resources."""
    return [alert for notice in open_envelope(payload, received) for alert in _read(notice)]


def _read(notice: Notice) -> list[Alert]:
    return next(parser for parser in (*PARSERS, *IN_ENVELOPES) if parser.matches(notice)).parse(notice)


AWS_SOURCES: tuple[Source, ...] = (Source("aws", matches, parse, senders.token_or_basic),)
"""Over HTTP: EventBridge's API destinations, with a token or basic. SNS signs, see `sns_signature.py`."""
