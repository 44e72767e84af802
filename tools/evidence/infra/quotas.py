"""Service quotas: how much of each is used, and which are nearly used up.

The use comes from the metric that a quota names; where it names none, from counting what there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.baseline import Series
from agent.figures import count, number
from agent.models import Finding, Table
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.inventory import LISTERS
from tools.evidence.metrics.catalog import KeyMetric
from tools.evidence.metrics.reader import Line, fetch
from tools.evidence.names import service_key
from tools.evidence.partial import Gathered, gather

NEAR = 0.8
MAX_ROWS = 20
PERIOD = timedelta(minutes=5)
MAX_QUOTAS = 1000
"""Of one service."""
SERVICES: dict[str, str] = {
    "lambda": "lambda",
    "ec2": "ec2",
    "vpc": "nat",
    "fargate": "ecs",
    "ecs": "ecs",
    "rds": "rds",
    "autoscaling": "autoscaling",
    "elasticloadbalancing": "elb",
    "dynamodb": "dynamodb",
    "apigateway": "apigateway",
    "states": "stepfunctions",
    "cloudformation": "cloudformation",
    "sns": "sns",
    "kinesis": "kinesis",
    "elasticache": "elasticache",
}
"""Service Quotas' codes whose quotas stop production when they are reached, and our names of the services."""


@dataclass(frozen=True)
class Used:
    """How much of a quota is used, and since when nearly all of it."""

    quota: dict[str, Any]
    value: float
    since: datetime | None = None

    @property
    def share(self) -> float:
        return self.value / self.quota["Value"]


@evidence_tool("Which quotas[ of {service}] are nearly used up?", hours=24)
def quota_usage(look: Look, service: str = "") -> Found:
    """Service quotas near their limit: Lambda concurrency, EC2 and Fargate vCPUs, addresses, instances, tables, ...

    The highest use within the range counts, so that a quota that was hit an hour ago shows.

    Args:
        service: such as lambda, ec2, ecs or rds; empty for all those that matter most
    """
    codes = _codes(service)
    listed = gather({code: partial(_quotas, look, code) for code in codes})
    quotas = [quota for found in listed.results.values() for quota in found if quota.get("Value", 0) > 0]
    read = _usage(look, quotas)
    used = sorted((u for found in read.results.values() for u in found), key=lambda u: -u.share)
    caveat = listed.caveat + read.caveat
    link = console.service_quotas(look.aws, used[0].quota["ServiceCode"] if used else codes[0])
    if not used:
        asked = service or "any service"
        return Found(f"The use of quotas of {asked} is not known.{caveat}", no_data=True, console_url=link)
    near = [u for u in used if u.share >= NEAR]
    looked = f"{len(used)} of {count(len(quotas), 'quota')} have a known use"
    findings = [_finding(look, u) for u in near] or [_room(used, service)]
    words = " ".join(f.statement for f in findings[:3])
    return Found(f"{words} {looked[0].upper()}{looked[1:]}."[:900] + caveat, findings, link, tables=[_table(used)])


def _table(used: list[Used]) -> Table:
    """The fullest first."""
    rows = tuple(
        (u.quota["ServiceCode"], u.quota["QuotaName"], number(u.value), number(u.quota["Value"]), f"{u.share:.0%}")
        for u in used[:MAX_ROWS]
    )
    return Table(title="Quotas by use", columns=("Service", "Quota", "Used", "Limit", "Share"), rows=rows)


def _codes(service: str) -> list[str]:
    """Service Quotas' codes for a service, as it is named here or there."""
    key = service_key(service) or service.lower()
    return [code for code, known in SERVICES.items() if not service or key in (code, known)] or [service.lower()]


def _quotas(look: Look, code: str) -> list[dict[str, Any]]:
    try:
        return look.pages("service-quotas", "list_service_quotas", "Quotas", limit=MAX_QUOTAS, ServiceCode=code)
    except ClientError as error:
        if error.response["Error"].get("Code") != "NoSuchResourceException":
            raise
        return []  # the service has no quotas in this region


def _usage(look: Look, quotas: list[dict[str, Any]]) -> Gathered[list[Used]]:
    """The use of each quota, from its metric, or else by counting where we know what."""
    measured = [quota for quota in quotas if quota.get("UsageMetric", {}).get("MetricName")]
    reads: dict[str, Callable[[], list[Used]]] = {"usage metrics": partial(_from_metrics, look, measured)}
    for quota in quotas:
        counter = COUNTERS.get((quota["ServiceCode"], quota["QuotaCode"]))
        if counter and quota not in measured:
            reads[f"number of {quota['QuotaName']}"] = partial(_counted, look, quota, counter)
    return gather(reads)


def _from_metrics(look: Look, quotas: list[dict[str, Any]]) -> list[Used]:
    lines = [_line(quota) for quota in quotas]
    series = fetch(look, lines, look.window.start, look.window.end, PERIOD) if lines else []
    return [_highest(quota, points) for quota, points in zip(quotas, series, strict=True) if points]


def _line(quota: dict[str, Any]) -> Line:
    """The usage metric as a series; of a rate, the sum over a period, which `fetch` gives by the minute."""
    usage = quota["UsageMetric"]
    statistic = "Sum" if quota.get("Period") else usage.get("MetricStatisticRecommendation", "Maximum")
    dimensions = dict(usage.get("MetricDimensions", {}))
    metric = KeyMetric(
        quota["ServiceCode"],
        usage["MetricNamespace"],
        tuple(dimensions),
        usage["MetricName"],
        statistic,
        "Count",
        "rise",
        1.0,
    )
    return Line(metric, dimensions)


def _highest(quota: dict[str, Any], points: Series) -> Used:
    scale = _seconds(quota["Period"]) / 60 if quota.get("Period") else 1.0
    values = [(at, value * scale) for at, value in points]
    near = [at for at, value in values if value >= NEAR * quota["Value"]]
    since = near[0] if near and near[0] > values[0][0] else None
    return Used(quota, max(value for _, value in values), since)


def _seconds(period: Mapping[str, Any]) -> float:
    unit = {"MICROSECOND": 1e-6, "MILLISECOND": 1e-3, "SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400}
    return period.get("PeriodValue", 1) * unit.get(period.get("PeriodUnit", "SECOND"), 1)


def _counted(look: Look, quota: dict[str, Any], counter: Callable[[Look], int]) -> list[Used]:
    return [Used(quota, counter(look))]


def _number_of(service: str, kind: str) -> Callable[[Look], int]:
    return lambda look: sum(item.type == kind for item in LISTERS[service](look))


def _application_balancers(look: Look) -> int:
    return sum(i.raw.get("Type") == "application" for i in LISTERS["elb"](look) if i.type == "load-balancer")


def _addresses(look: Look) -> int:
    return len(look.call("ec2", "describe_addresses", Filters=[{"Name": "domain", "Values": ["vpc"]}])["Addresses"])


def _vpcs(look: Look) -> int:
    return len(look.pages("ec2", "describe_vpcs", "Vpcs"))


def _gateways_in_a_zone(look: Look) -> int:
    """Of the zone that has most."""
    zones = {s["SubnetId"]: s["AvailabilityZone"] for s in look.pages("ec2", "describe_subnets", "Subnets", limit=5000)}
    counts = Counter(zones.get(item.raw.get("SubnetId", ""), "") for item in LISTERS["nat"](look))
    return max(counts.values(), default=0)


COUNTERS: dict[tuple[str, str], Callable[[Look], int]] = {
    ("ec2", "L-0263D0A3"): _addresses,
    ("vpc", "L-F678F1CE"): _vpcs,
    ("vpc", "L-FE5A380F"): _gateways_in_a_zone,
    ("rds", "L-7B6409FD"): _number_of("rds", "db"),
    ("autoscaling", "L-CDE20ADC"): _number_of("autoscaling", "auto-scaling-group"),
    ("elasticloadbalancing", "L-53DA6B97"): _application_balancers,
    ("dynamodb", "L-F98FE922"): _number_of("dynamodb", "table"),
    ("states", "L-BE6F4043"): _number_of("stepfunctions", "state-machine"),
}
"""By service and quota code, for quotas that have no metric of their own."""


def _finding(look: Look, used: Used) -> Finding:
    quota, share = used.quota, used.share
    since = f" since {clock_time(used.since, look.now)}" if used.since else ""
    word = "is reached" if share >= 0.995 else f"is used to {share * 100:.0f}%"
    raised = "it can be raised" if quota.get("Adjustable") else "it cannot be raised"
    details: dict[str, str] = {
        "quota": quota["QuotaName"],
        "code": quota["QuotaCode"],
        "used": f"{used.value:g}",
        "limit": f"{quota['Value']:g}",
        "adjustable": "yes" if quota.get("Adjustable") else "no",
        "service": SERVICES.get(quota["ServiceCode"], str(quota["ServiceCode"])),
    }
    return Finding(
        kind="quota_near_limit",
        statement=(
            f"The {quota['ServiceCode']} quota {quota['QuotaName']} {word}{since}: {number(used.value)} of "
            f"{number(quota['Value'])} ({raised})."
        ),
        strength=round(min(0.5 + 2.2 * (share - NEAR), 0.96), 3),
        at=used.since,
        resource=quota["QuotaName"],
        attributes=details,
    )


def _room(used: list[Used], service: str) -> Finding:
    first = used[0]
    text = f"No quota is near its limit; the fullest is {first.quota['QuotaName']} at {first.share * 100:.0f}%."
    return Finding(kind="quota_free", statement=text, strength=0.4, attributes={"service": service} if service else {})


TOOLS: tuple[BaseTool, ...] = (quota_usage,)
