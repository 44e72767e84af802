"""What an alert is compared by: where it belongs, what it is about, and the words that it says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.models import Alert

_WORD = re.compile(r"[^\W\d_]{3,}")
_EVERYDAY = frozenset(
    _WORD.findall(
        "alert alerts alarm alarms above below over under the and for from with has have was not than threshold value"
        " error rate count high low"
    )
)
"""Words of alerting itself: that two alerts have them in common says nothing."""


@dataclass(frozen=True, slots=True)
class Features:
    """Those of an alert that stay the same whenever it fires."""

    fingerprint: str
    scope: str
    """What alerts are grouped in: the system, else the account and region, else the sender."""
    scoped_by: str
    """What `scope` is, for people: `system`, `account` or `sender`."""
    thing: str
    """What it is about, in lower case: the resource, the DAG or the service; "" when nothing is said."""
    noun: str
    """The kind of `thing`, for people: `function`, `queue`, `service`…"""
    resource: str
    """The same in whichever system it is seen: an ARN, or an id with its account; else ""."""
    words: frozenset[str]
    """Of the title and the thing, without numbers and everyday words."""


def features(alert: Alert) -> Features:
    scope, scoped_by = _scope(alert)
    thing = (alert.resource.id or alert.dag_id or alert.resource.service).lower()
    noun = alert.resource.type if alert.resource.id else "DAG" if alert.dag_id else "service"
    words = frozenset(_WORD.findall(f"{alert.title} {thing}".lower())) - _EVERYDAY
    return Features(alert.fingerprint, scope, scoped_by, thing, noun or "resource", _resource(alert), words)


def _scope(alert: Alert) -> tuple[str, str]:
    if alert.system and alert.system != alert.resource.account:
        return f"system {alert.system}", "system"
    if alert.resource.account:
        return f"account {alert.resource.account} {alert.resource.region}", "account"
    return f"sender {alert.source} {alert.resource.region}", "sender"


def _resource(alert: Alert) -> str:
    resource = alert.resource
    if resource.arn:
        return resource.arn
    if resource.account and resource.id:
        return " ".join((resource.account, resource.region, resource.service, resource.id))
    return ""
