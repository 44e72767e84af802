"""Events of RDS, Redshift and DMS: the JSON that their subscriptions send to SNS, and RDS's own on EventBridge."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.models import Alert, AlertStatus, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, system, tags_of
from agent.sources.aws.notice import Notice
from agent.sources.fields import at, mapping_at, text_at
from agent.sources.moments import moment
from agent.sources.words import severity_of

_EVENT_ID = re.compile(r"(RDS|DMS|REDSHIFT)-EVENT-\d+")
_TOPICS = (
    ("failover", r"fail(?:ing|ed)?[ -]?over|promot"),
    ("storage", r"storage|disk|space"),
    ("backup", r"back(?:ing)?[ -]?up|snapshot|restor"),
    ("maintenance", r"maintenance|patch|upgrade|offline"),
    ("replication", r"replica"),
    ("availability", r"shut ?down|restart|stopp|start|unavailable|recover|reboot|crash"),
    ("configuration", r"parameter|modif|config|password|security group"),
)
"""What an event is about, so that "failover started" and "failover completed" belong together."""
_BAD = re.compile(
    r"\bfail(?:ed|ure|s)?\b|\berror|\bunable|\bcannot|\bout of\b|\bexhausted|\blow on\b|\bunavailable|\bcrash|\bcorrupt"
    r"|\bstorage-full|\bincompatible|\bnot (?:be|have)\b",
    re.I,
)
_WORRYING = re.compile(r"\bfail(?:ing)?[ -]?over|\bshut ?down|\brestart|\bstopped|\breboot|\boffline|\bdegraded", re.I)
_OVER = re.compile(r"\b(?:completed?|finished|restored|recovered|available again|has been restarted|resumed)\b", re.I)
_TYPES = {"db-instance": "db", "db-cluster": "cluster", "replication-task": "task", "replication-instance": "rep"}


class _Told(NamedTuple):
    service: str
    event_id: str
    name: str
    arn: str
    message: str
    at: str
    link: str
    level: str
    kind: str


def matches(notice: Notice) -> bool:
    own = "Event Source" in notice.object and "Event Message" in notice.object
    return own or (is_from(notice, "aws.rds") and bool(text_at(notice.event, "detail.Message")))


def parse(notice: Notice) -> list[Alert]:
    told = _of_event(notice) if notice.event else _of_message(notice)
    topic = arns.resource(notice.topic)
    region = text_at(notice.event, "region") or topic.region
    account = text_at(notice.event, "account") or topic.account
    about = next((name for name, words in _TOPICS if re.search(words, told.message, re.I)), "other")
    over = bool(_OVER.search(told.message)) and not re.search(r"\bfailed\b", told.message, re.I)
    resource = arns.resource(told.arn or told.name, region=region, account=account, service=told.service)
    resource = resource.model_copy(update={"type": resource.type or _TYPES.get(told.kind, "")})
    tags = tags_of(notice.event, "detail.Tags") | tags_of(notice.object, "Tags")
    return [
        notice.alert(
            told.service,
            f"{told.name or told.arn or told.service.upper()}: {told.message}",
            (told.arn or told.name, resource.account, resource.region, about),
            (told.message,),
            external_id=told.arn or told.name,
            status=AlertStatus.resolved if over else AlertStatus.firing,
            severity=severity_of(told.level) or _severity(told.message, over),
            resource=resource,
            system=system(resource.account, tags),
            started_at=moment(told.at),
            labels={"event_id": told.event_id, "about": about, "source_type": told.kind, **tags},
            links=(told.link.split()[0] if told.link.strip() else "",),
        )
    ]


def _severity(message: str, over: bool) -> Severity:
    if over:
        return Severity.info
    if _BAD.search(message):
        return Severity.error
    return Severity.warning if _WORRYING.search(message) else Severity.info


def _of_message(notice: Notice) -> _Told:
    """DMS puts the name of the source into the link, after a line break."""
    body = notice.object
    link = text_at(body, "Identifier Link")
    in_link = re.search(r"Source ?Id:\s*(\S+)", link)
    event_id = _EVENT_ID.search(text_at(body, "Event ID"))
    kind = text_at(body, "Event Source")
    service = event_id[1].lower() if event_id else "redshift" if "Resource" in body else "rds"
    return _Told(
        service="dms" if kind.startswith("replication-") else service,
        event_id=event_id[0] if event_id else text_at(body, "Event ID"),
        name=text_at(body, "Source ID", "SourceId", "Resource") or (in_link[1] if in_link else ""),
        arn=text_at(body, "Source ARN"),
        message=text_at(body, "Event Message"),
        at=text_at(body, "Event Time"),
        link=link,
        level=text_at(body, "Severity"),
        kind=kind,
    )


def _of_event(notice: Notice) -> _Told:
    detail = mapping_at(notice.event, "detail")
    return _Told(
        service="rds",
        event_id=text_at(detail, "EventID", "EventId"),
        name=text_at(detail, "SourceIdentifier"),
        arn=text_at(detail, "SourceArn"),
        message=text_at(detail, "Message"),
        at=text_at(detail, "Date"),
        link="",
        level="",
        kind=str(at(detail, "SourceType") or "").lower().replace("_", "-"),
    )
