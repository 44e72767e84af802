"""Which change is likeliest to have caused trouble: near in time before the onset, near in name, weighty in kind. Pure.

ranked = rank(changes, onset, "checkout", service="lambda")  # or the ARN, when accounts and regions are known
ranked[0].change.event, ranked[0].score, ranked[0].minutes_before
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE_MINUTES = 5
"""Onsets are that exact: what seems to follow one by less may still precede it; three times as much is unlikely."""
FRESH_MINUTES = 15
HALF_LIFE_MINUTES = 120
ROUTINE_TIMES = 5
_ROUTINE = re.compile(
    r"^(AssumeRole|CreateLogStream|CreateLogGroup|ConsoleLogin|SwitchRole|StartQuery|StopQuery|Decrypt|Encrypt|GenerateDataKey"
    r"|PutMetricData|PutLogEvents|CreateNetworkInterface|DeleteNetworkInterface|CreateGrant|RetireGrant|Invoke\w*"
    r"|UpdateInstanceInformation|SharedSnapshot|CreateSession|GetSigninToken|RenewRole|ExecuteStatement|CreateToken\w*)"
)
_BEARS_ON: dict[str, re.Pattern[str]] = {
    "nat": re.compile(r"VpcEndpoint|Route|NatGateway|Subnet"),
    "ecs": re.compile(r"TaskDefinition|TargetGroup|ScalableTarget|ScalingPolicy"),
    "dynamodb": re.compile(r"ScalableTarget|ScalingPolicy"),
    "elb": re.compile(r"TargetGroup|Listener|SecurityGroup"),
}
"""Calls that bear on a service's resources without naming them."""
_SHORT_NAMES = {"elasticloadbalancing": "elb", "states": "stepfunctions"}
"""Services whose ARNs say another name than their changes do."""
_NAMES: dict[str, re.Pattern[str]] = {
    "secretsmanager": re.compile(r"^secret:(.+?)(?:-[A-Za-z0-9]{6})?$"),
    "logs": re.compile(r"^log-group:([^:]+)"),
    "ecs": re.compile(r"([^/:]+)(?::\d+)?$"),
    "iam": re.compile(r"([^/:]+)$"),
}
"""The name in the end of an ARN, where it is not simply its second part."""
_MINOR = re.compile(r"Tag|Untag|Description|Dashboard|Subscription|Snapshot|Comment|LogRetention|RetentionPolicy")
_WEIGHTY = re.compile(
    r"UpdateFunction|PublishVersion|UpdateAlias|PublishLayer|UpdateService|RegisterTaskDefinition|CreateDeployment"
    r"|Modify(DB|Cluster|Instance|LoadBalancer|Listener|Rule|TargetGroup|VpcEndpoint)|ParameterGroup|PutBucketNotification"
    r"|EventSourceMapping|PutRule|PutTargets|UpdateTable|Concurrency|ScalableTarget|ScalingPolicy|Policy|Route|VpcEndpoint"
    r"|SecurityGroup|NatGateway|Delete|SetQueueAttributes|UpdateStack|ExecuteChangeSet|UpdateEnvironment|PutParameter"
    r"|PutSecretValue|RotateSecret|UpdateSecret|Reboot|Failover|UpdateStateMachine|PutBucket|Terminate|Stop|Disable"
    r"|UpdateAutoScalingGroup|SetDesiredCapacity|CreateLaunchTemplateVersion|RotationSucceeded"
)
_FELT = re.compile(r"^RotationSucceeded$")
"""What AWS does by itself and clients feel all the same: theirs is the old password now."""


@dataclass(frozen=True)
class Change:
    """One write call or deployment. `resources` are the names it touched."""

    at: datetime
    event: str
    service: str
    principal: str
    resources: tuple[str, ...] = ()
    detail: str = ""
    error: str = ""
    by_aws: bool = False
    """Made by an AWS service, such as autoscaling, rather than by somebody."""
    mentions: str = ""
    """All that the call's parameters say, for finding names in it."""
    deployment: bool = False
    version: str = ""
    previous: str = ""
    account: str = ""
    region: str = ""
    """Of the change; empty where unknown, which counts as the resource's own."""
    cluster: str = ""
    """Of an ECS service that was rolled out."""


@dataclass(frozen=True)
class RankedChange:
    change: Change
    score: float
    """0..1: how well the change explains trouble at the onset."""
    minutes_before: float | None
    """Negative when it came after the onset; None when no onset is known."""


def rank(
    changes: Iterable[Change],
    onset: datetime | None,
    resource: str = "",
    service: str = "",
    now: datetime | None = None,
    fresh_minutes: float = FRESH_MINUTES,
    account: str = "",
    region: str = "",
) -> list[RankedChange]:
    """Best first. Without an onset, what is recent ranks higher, and nothing scores above 0.6.

    `resource`: a name, or an ARN, which also says the service, account and region where the parameters do not.
    `fresh_minutes`: up to so long before the onset all changes are equally suspect; a day when only the day is known.
    """
    changes = list(changes)
    place = _place(resource)
    resource, service = place.name, service or place.service
    account, region = account or place.account, region or place.region
    often = Counter((change.event, change.principal, change.service) for change in changes if not change.deployment)
    ranked: list[RankedChange] = []
    for change in changes:
        kind = _kind(change)
        if not change.deployment and often[change.event, change.principal, change.service] >= ROUTINE_TIMES:
            kind *= 0.4
        minutes = (onset - change.at) / timedelta(minutes=1) if onset else None
        age = minutes if minutes is not None else (now - change.at) / timedelta(minutes=1) if now else 0.0
        near = 0.15 + 0.85 * nearness(change, resource, service)
        score = _timing(age, onset, fresh_minutes) * near * kind * _distance(change, account, region)
        ranked.append(RankedChange(change, round(min(score, 0.97 if onset else 0.6), 3), minutes))
    return sorted(ranked, key=lambda r: (-r.score, -r.change.at.timestamp()))


def nearness(change: Change, resource: str, service: str) -> float:
    """1 the same resource, 0.85 part of its name or mentioned, 0.6 words in common, 0.25 the same service, else 0."""
    if not resource:
        bears = _BEARS_ON.get(service)
        return 0.6 if (bears and bears.search(change.event)) or not service or change.service == service else 0.1
    wanted = _place(resource).name.lower()
    names = [_place(name).name.lower() for name in change.resources]
    if wanted.lstrip("/") in (name.lstrip("/") for name in names):
        return 1.0
    if any(wanted in name or (len(name) > 3 and name in wanted) for name in names):
        return 0.85
    if _words(wanted) & {word for name in names for word in _words(name)}:
        return 0.6
    said = change.mentions.lower()
    if f'"{wanted}"' in said:
        return 0.85
    bears = _BEARS_ON.get(service)
    if wanted in said or (bears and bears.search(change.event)):
        return 0.6
    return 0.25 if service and change.service == service else 0.0


@dataclass(frozen=True)
class _Place:
    name: str
    service: str = ""
    account: str = ""
    region: str = ""


def _place(resource: str) -> _Place:
    """What an ARN says; a bare name says only itself."""
    parts = resource.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6:
        return _Place(resource)
    _, _, service, region, account, tail = parts
    return _Place(_name(service, tail), _SHORT_NAMES.get(service, service), account, region)


def _name(service: str, tail: str) -> str:
    """What calls name a resource by, of the end of its ARN: some names have slashes, a version or a suffix."""
    if pattern := _NAMES.get(service):
        return found[1] if (found := pattern.search(tail)) else tail
    if service == "ssm" and tail.startswith("parameter/"):
        path = tail.removeprefix("parameter")
        return path if "/" in path[1:] else path[1:]  # only a path keeps its first slash
    steps = re.split(r"[:/]", tail)
    index = {"s3": 0, "elasticloadbalancing": 2 if tail.startswith("loadbalancer/") else 1}.get(service, 1)
    return steps[index] if index < len(steps) else steps[-1]


def _distance(change: Change, account: str, region: str) -> float:
    """1 in the same account and region; a shared role or a global service still lets a change reach further."""
    foreign = bool(account and change.account and change.account != account)
    elsewhere = bool(region and change.region and change.region != region)
    return (0.2 if foreign else 1.0) * (0.3 if elsewhere else 1.0)


def _timing(minutes: float, onset: datetime | None, fresh: float) -> float:
    if onset and minutes < -TOLERANCE_MINUTES:
        return 0.6 if minutes >= -3 * TOLERANCE_MINUTES else 0.05
    return 1.0 if minutes <= fresh else 1 / (1 + (minutes - fresh) / HALF_LIFE_MINUTES)


def _kind(change: Change) -> float:
    """How much such a change usually does."""
    if change.deployment:
        return 1.0
    if _ROUTINE.match(change.event):
        return 0.02
    weight = 0.2 if _MINOR.search(change.event) else 1.0 if _WEIGHTY.search(change.event) else 0.7
    unfelt = change.by_aws and not _FELT.search(change.event)
    return weight * (0.4 if unfelt else 1.0) * (0.25 if change.error else 1.0)


_COMMON = frozenset(
    {"prod", "production", "staging", "dev", "test", "live", "main", "service", "function", "api", "app", "web"}
    | {"worker", "handler", "job", "queue", "table", "aws", "the"}
)


def _words(name: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", name.lower()) if len(word) > 2} - _COMMON


def unique(ranked: Sequence[RankedChange]) -> list[RankedChange]:
    """Without repetitions of a call by the same principal on the same resources; the best of each stays."""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    kept: list[RankedChange] = []
    for item in ranked:
        key = (item.change.event, item.change.principal, item.change.resources)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept
