"""NAT gateways with what is routed through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.partial import gather

GATEWAY_SERVICES = ("s3", "dynamodb")
"""Services whose gateway endpoints cost nothing: their traffic need never pass a NAT gateway."""


def describe_nat(look: Look, item: Item) -> Described:
    gateway: dict[str, Any] = item.raw
    vpc = [{"Name": "vpc-id", "Values": [item.parent]}]
    reads: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "routes": lambda: look.pages("ec2", "describe_route_tables", "RouteTables", Filters=vpc),
        "endpoints": lambda: look.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=vpc),
        "subnets": lambda: look.pages("ec2", "describe_subnets", "Subnets", Filters=vpc),
    }
    read = gather(reads)
    tables = [table for table in read.results.get("routes", []) if _routes_through(table, item.name)]
    endpoints = read.results.get("endpoints", [])
    names = {subnet["SubnetId"]: _name(subnet) or subnet["SubnetId"] for subnet in read.results.get("subnets", [])}
    subnets = [a["SubnetId"] for table in tables for a in table.get("Associations", []) if a.get("SubnetId")]
    facts = {
        "name": item.handle,
        "vpc": item.parent,
        "state": gateway.get("State"),
        "subnets_through_it": [names.get(subnet, subnet) for subnet in subnets],
        "vpc_endpoints": [e["ServiceName"].split(".", 3)[-1] for e in endpoints] or "none",
    }
    findings = [state_finding(item, facts)]
    if "endpoints" in read.results and "routes" in read.results:
        findings += _missing_endpoints(item, tables, endpoints)
    return Described(findings, console.nat_gateway(look.aws, item.name), read.caveat)


def _routes_through(table: dict[str, Any], gateway_id: str) -> bool:
    return any(route.get("NatGatewayId") == gateway_id for route in table.get("Routes", []))


def _missing_endpoints(item: Item, tables: list[dict[str, Any]], endpoints: list[dict[str, Any]]) -> list[Finding]:
    """Routed subnets whose route tables have no gateway endpoint for S3 or DynamoDB."""
    ids = {table["RouteTableId"] for table in tables}
    found: list[Finding] = []
    for service in GATEWAY_SERVICES:
        covered = {
            table_id
            for endpoint in endpoints
            if endpoint["ServiceName"].endswith(f".{service}")
            and endpoint.get("State", "available").lower() == "available"
            for table_id in endpoint.get("RouteTableIds", [])
        }
        uncovered = ids - covered
        if not uncovered:
            continue
        text = (
            f"Behind NAT gateway {item.name} {len(uncovered)} of {len(ids)} route tables have no gateway endpoint for "
            f"{service}: traffic to {service} passes the NAT gateway and is charged by the gigabyte."
        )
        details = {"vpc": item.parent, "endpoint": service, "service": "nat"}
        found.append(
            Finding(
                kind="endpoint_missing",
                statement=text,
                strength=0.7 if service == "s3" else 0.4,
                resource=item.name,
                attributes=details,
            )
        )
    return found


def _name(subnet: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in subnet.get("Tags", []) if tag["Key"] == "Name"), "")
