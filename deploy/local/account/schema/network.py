"""VPCs as a scenario describes them. Things refer to one another by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from deploy.local.account.schema.base import Entry, Offset


class Subnet(Entry):
    name: str
    cidr: str
    zone: str = "a"
    """The letter of the availability zone."""
    public: bool = False


class NatGateway(Entry):
    name: str
    subnet: str
    created: Offset = timedelta(days=-200)


class Route(Entry):
    destination: str = "0.0.0.0/0"
    nat_gateway: str | None = None
    internet_gateway: bool = False


class RouteTable(Entry):
    name: str
    subnets: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()


class VpcEndpoint(Entry):
    service: str
    """s3, dynamodb, ecr.api ...: the last part of the service's name."""
    type: Literal["Gateway", "Interface"] = "Gateway"
    route_tables: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()


class Vpc(Entry):
    name: str
    cidr: str = "10.0.0.0/16"
    subnets: tuple[Subnet, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    endpoints: tuple[VpcEndpoint, ...] = ()
    tags: Mapping[str, str] = {}
