"""VPCs, subnets, NAT gateways, routes and endpoints."""

from __future__ import annotations

from typing import Any

from deploy.local.account.schema.network import Route, RouteTable, Vpc, VpcEndpoint
from deploy.local.account.seed.seeder import Seeder, naive, tag_list


def seed_network(seeder: Seeder) -> None:
    for vpc in seeder.resources.vpcs:
        _vpc(seeder, vpc)


def _vpc(seeder: Seeder, vpc: Vpc) -> None:
    ec2 = seeder.client("ec2")
    made = ec2.create_vpc(CidrBlock=vpc.cidr, TagSpecifications=_tagged("vpc", vpc.name, dict(vpc.tags)))
    vpc_id = seeder.ids["vpc", vpc.name] = made["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=_tagged("internet-gateway", f"{vpc.name}-igw"))
    gateway_id = seeder.ids["internet gateway", vpc.name] = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    for subnet in vpc.subnets:
        made = ec2.create_subnet(
            VpcId=vpc_id,
            CidrBlock=subnet.cidr,
            AvailabilityZone=f"{seeder.region}{subnet.zone}",
            TagSpecifications=_tagged("subnet", subnet.name),
        )
        seeder.ids["subnet", subnet.name] = made["Subnet"]["SubnetId"]
    for nat in vpc.nat_gateways:
        address = ec2.allocate_address(Domain="vpc")
        made = ec2.create_nat_gateway(
            SubnetId=seeder.id_of("subnet", nat.subnet),
            AllocationId=address["AllocationId"],
            TagSpecifications=_tagged("natgateway", nat.name),
        )
        gateways = seeder.backend("ec2").nat_gateways
        gateway = gateways.pop(made["NatGateway"]["NatGatewayId"])
        seeder.ids["NAT gateway", nat.name] = seeder.rename_in_ec2(gateway, "nat", nat.name)
        gateway._created_at = naive(seeder.at(nat.created))
        gateways[gateway.id] = gateway
    for table in vpc.route_tables:
        _route_table(seeder, vpc, table)
    for endpoint in vpc.endpoints:
        _endpoint(seeder, vpc_id, endpoint)


def _route_table(seeder: Seeder, vpc: Vpc, table: RouteTable) -> None:
    ec2 = seeder.client("ec2")
    made = ec2.create_route_table(
        VpcId=seeder.id_of("vpc", vpc.name), TagSpecifications=_tagged("route-table", table.name)
    )
    table_id = seeder.ids["route table", table.name] = made["RouteTable"]["RouteTableId"]
    for subnet in table.subnets:
        ec2.associate_route_table(RouteTableId=table_id, SubnetId=seeder.id_of("subnet", subnet))
    for route in table.routes:
        target = _target(seeder, vpc, route)
        ec2.create_route(RouteTableId=table_id, DestinationCidrBlock=route.destination, **target)


def _target(seeder: Seeder, vpc: Vpc, route: Route) -> dict[str, str]:
    if route.nat_gateway:
        return {"NatGatewayId": seeder.id_of("NAT gateway", route.nat_gateway)}
    return {"GatewayId": seeder.id_of("internet gateway", vpc.name)}


def _endpoint(seeder: Seeder, vpc_id: str, endpoint: VpcEndpoint) -> None:
    where: dict[str, Any] = {"VpcEndpointType": endpoint.type}
    if endpoint.type == "Gateway":
        where["RouteTableIds"] = [seeder.id_of("route table", name) for name in endpoint.route_tables]
    else:
        where["SubnetIds"] = [seeder.id_of("subnet", name) for name in endpoint.subnets]
    seeder.client("ec2").create_vpc_endpoint(
        VpcId=vpc_id, ServiceName=f"com.amazonaws.{seeder.region}.{endpoint.service}", **where
    )


def _tagged(kind: str, name: str, tags: dict[str, str] | None = None) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tag_list(tags or {}, name)}]
