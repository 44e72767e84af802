"""Addresses, NAT gateways and load balancers that nothing goes through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import (
    MAX_LISTED,
    MAX_MEASURED,
    Checked,
    Measure,
    Waste,
    cut,
    days_of,
    named,
    settled,
)
from tools.evidence.partial import gather

QUIET_BYTES_A_DAY = 1_000_000
"""Keep-alives and scans of the internet pass any gateway."""
MINUTES_A_DAY = 1440
MAX_TARGET_GROUPS = 300
_NAT_BYTES = Measure("nat", "AWS/NATGateway", "NatGatewayId", "BytesOutToDestination", "Sum")
_REQUESTS = {
    "application": Measure("elb", "AWS/ApplicationELB", "LoadBalancer", "RequestCount", "Sum"),
    "network": Measure("elb", "AWS/NetworkELB", "LoadBalancer", "ProcessedBytes", "Sum"),
    "gateway": Measure("elb", "AWS/GatewayELB", "LoadBalancer", "ProcessedBytes", "Sum"),
}


def loose_addresses(look: Look) -> Checked:
    """Elastic IP addresses that belong to nothing."""
    addresses = look.call("ec2", "describe_addresses")["Addresses"]
    loose = [a for a in addresses if not a.get("AssociationId") and not a.get("InstanceId")]
    monthly = prices.PUBLIC_IPV4_HOUR * prices.HOURS_A_MONTH
    wastes = [
        Waste(
            "ec2",
            "elastic-ip",
            a.get("AllocationId") or a["PublicIp"],
            "unassociated",
            f"Elastic IP {named(a, a['PublicIp'])} is associated with nothing",
            monthly,
        )
        for a in loose
    ]
    return Checked(len(addresses), wastes)


def quiet_nat_gateways(look: Look) -> Checked:
    """NAT gateways that sent less than a megabyte a day."""
    listed = look.pages("ec2", "describe_nat_gateways", "NatGateways", limit=MAX_LISTED)
    gateways = [g for g in listed if g.get("State") == "available" and settled(look, g.get("CreateTime"))]
    gateways = gateways[:MAX_MEASURED]
    sent = _NAT_BYTES.of(look, [g["NatGatewayId"] for g in gateways])
    wastes: list[Waste] = []
    for gateway in gateways:
        busiest = max(sent[gateway["NatGatewayId"]], default=0.0) * MINUTES_A_DAY
        if busiest < QUIET_BYTES_A_DAY:
            name = named(gateway, gateway["NatGatewayId"])
            words = (
                f"NAT gateway {name} sent next to nothing ({busiest:,.0f} bytes on its busiest of {days_of(look)} days)"
            )
            monthly = prices.NAT_GATEWAY_HOUR * prices.HOURS_A_MONTH
            wastes.append(Waste("nat", "nat-gateway", gateway["NatGatewayId"], "no_traffic", words, monthly))
    return Checked(len(listed), wastes, cut(gateways, MAX_MEASURED, "NAT gateways"))


def unused_balancers(look: Look) -> Checked:
    """Load balancers that got no requests, or whose target groups are all empty."""
    listed = look.pages("elbv2", "describe_load_balancers", "LoadBalancers", limit=MAX_LISTED)
    balancers = [b for b in listed if settled(look, b.get("CreatedTime")) and b.get("Type") in _REQUESTS]
    balancers = balancers[:MAX_MEASURED]
    traffic = {arn: total for kind in _REQUESTS for arn, total in _traffic(look, balancers, kind).items()}
    empty, caveat = _without_targets(look, balancers)
    wastes: list[Waste] = []
    for balancer in balancers:
        arn, name = balancer["LoadBalancerArn"], balancer["LoadBalancerName"]
        no_requests, no_targets = traffic[arn] == 0, arn in empty
        if no_requests or no_targets:
            what = [f"got no requests in {days_of(look)} days"] if no_requests else []
            what += ["has no targets"] if no_targets else []
            words = f"The {balancer['Type']} load balancer {name} {' and '.join(what)}"
            reason = "no_targets" if no_targets else "no_requests"
            monthly = prices.LOAD_BALANCER_HOUR[balancer["Type"]] * prices.HOURS_A_MONTH
            wastes.append(Waste("elb", "load-balancer", name, reason, words, monthly))
    return Checked(len(listed), wastes, caveat + cut(balancers, MAX_MEASURED, "load balancers"))


def _traffic(look: Look, balancers: list[dict[str, Any]], kind: str) -> dict[str, float]:
    """Requests or bytes over the window by ARN. CloudWatch knows a balancer as `app/name/id`; no points is none."""
    names = {
        b["LoadBalancerArn"].split(":loadbalancer/", 1)[-1]: b["LoadBalancerArn"]
        for b in balancers
        if b["Type"] == kind
    }
    values = _REQUESTS[kind].of(look, list(names))
    return {arn: sum(values[name]) for name, arn in names.items()}


def _without_targets(look: Look, balancers: list[dict[str, Any]]) -> tuple[set[str], str]:
    """ARNs of balancers that have target groups and in none of them a target. One without groups may just redirect."""
    groups = look.pages("elbv2", "describe_target_groups", "TargetGroups", limit=MAX_LISTED)
    used = [g for g in groups if g.get("LoadBalancerArns")]
    reads: dict[str, Callable[[], int]] = {
        g["TargetGroupArn"]: lambda arn=g["TargetGroupArn"]: _targets(look, arn) for g in used[:MAX_TARGET_GROUPS]
    }
    read = gather(reads)
    known = {b["LoadBalancerArn"] for b in balancers}
    targets: dict[str, list[int | None]] = {}
    for group in used:
        for arn in group["LoadBalancerArns"]:
            targets.setdefault(arn, []).append(read.results.get(group["TargetGroupArn"]))
    empty = {arn for arn, numbers in targets.items() if arn in known and all(n == 0 for n in numbers)}
    caveat = f" The targets of {len(read.failures)} target groups could not be read." if read.failures else ""
    if len(used) > MAX_TARGET_GROUPS:
        caveat += f" Targets of only the first {MAX_TARGET_GROUPS} target groups were looked at."
    return empty, caveat


def _targets(look: Look, arn: str) -> int:
    return len(look.call("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"])
