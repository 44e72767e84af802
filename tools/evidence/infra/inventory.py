"""Which resources there are, by service, and which of them a name means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tools.evidence.base import Look
from tools.evidence.names import bare_name, matches, service_key, service_of_arn
from tools.evidence.partial import Gathered, gather


@dataclass(frozen=True)
class Item:
    """One resource. `handle` is what its own API wants: a URL, ARN or id where that is not the name."""

    service: str
    type: str
    name: str
    handle: str = ""
    parent: str = ""
    """The cluster of an ECS service; the VPC of a NAT gateway."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    raw: dict[str, Any] = field(default_factory=dict[str, Any])


def inventory(look: Look, service: str = "") -> Gathered[list[Item]]:
    """All resources of one service, or of all those we know, by service."""
    listers = {key: lister for key, lister in LISTERS.items() if not service or key == service_key(service)}
    return gather({key: partial(lister, look) for key, lister in listers.items()})


def find(look: Look, resource: str, service: str = "") -> tuple[list[Item], str]:
    """The resources that a name, fragment or ARN means, the best first, and a caveat about what could not be read."""
    narrowed = service_of_arn(resource) or service_key(service)
    found = inventory(look, narrowed if narrowed in LISTERS else "")
    scored = [
        (max(matches(item.name, resource), matches(item.handle, resource)), item)
        for items in found.results.values()
        for item in items
    ]
    best = max((score for score, _ in scored), default=0)
    chosen = [item for score, item in scored if score == best and best > 0]
    if not chosen and narrowed:
        return find(look, bare_name(resource))
    return chosen, found.caveat


def _functions(look: Look) -> list[Item]:
    functions = look.pages("lambda", "list_functions", "Functions")
    return [Item("lambda", "function", f["FunctionName"], f["FunctionArn"], raw=f) for f in functions]


def _queues(look: Look) -> list[Item]:
    urls = look.pages("sqs", "list_queues", "QueueUrls")
    return [Item("sqs", "queue", url.rsplit("/", 1)[-1], url) for url in urls]


def _tables(look: Look) -> list[Item]:
    return [Item("dynamodb", "table", name) for name in look.pages("dynamodb", "list_tables", "TableNames")]


def _databases(look: Look) -> list[Item]:
    instances = look.pages("rds", "describe_db_instances", "DBInstances")
    return [Item("rds", "db", i["DBInstanceIdentifier"], i.get("DBInstanceArn", ""), raw=i) for i in instances]


def _ecs_services(look: Look) -> list[Item]:
    items: list[Item] = []
    for cluster in look.pages("ecs", "list_clusters", "clusterArns", limit=50):
        arns = look.pages("ecs", "list_services", "serviceArns", limit=300, cluster=cluster)
        items += [Item("ecs", "service", arn.rsplit("/", 1)[-1], arn, bare_name(cluster)) for arn in arns]
    return items


def _buckets(look: Look) -> list[Item]:
    return [Item("s3", "bucket", bucket["Name"]) for bucket in look.pages("s3", "list_buckets", "Buckets")]


def _nat_gateways(look: Look) -> list[Item]:
    gateways = look.pages("ec2", "describe_nat_gateways", "NatGateways")
    return [
        Item("nat", "nat-gateway", g["NatGatewayId"], _tags(g).get("Name", ""), g.get("VpcId", ""), _tags(g), g)
        for g in gateways
        if g.get("State") != "deleted"
    ]


def _topics(look: Look) -> list[Item]:
    arns = [topic["TopicArn"] for topic in look.pages("sns", "list_topics", "Topics")]
    return [Item("sns", "topic", bare_name(arn), arn) for arn in arns]


def _instances(look: Look) -> list[Item]:
    reservations = look.pages("ec2", "describe_instances", "Reservations")
    return [
        Item("ec2", "instance", i["InstanceId"], _tags(i).get("Name", ""), tags=_tags(i), raw=i)
        for reservation in reservations
        for i in reservation["Instances"]
    ]


def _groups(look: Look) -> list[Item]:
    groups = look.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")
    return [Item("autoscaling", "auto-scaling-group", g["AutoScalingGroupName"], raw=g) for g in groups]


def _balancers(look: Look) -> list[Item]:
    balancers = look.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    return [Item("elb", "load-balancer", b["LoadBalancerName"], b["LoadBalancerArn"], raw=b) for b in balancers]


def _clusters(look: Look) -> list[Item]:
    clusters = look.pages("redshift", "describe_clusters", "Clusters")
    return [Item("redshift", "cluster", c["ClusterIdentifier"], raw=c) for c in clusters]


def _environments(look: Look) -> list[Item]:
    return [Item("mwaa", "environment", name) for name in look.pages("mwaa", "list_environments", "Environments")]


def _state_machines(look: Look) -> list[Item]:
    machines = look.pages("stepfunctions", "list_state_machines", "stateMachines")
    return [Item("stepfunctions", "state-machine", m["name"], m["stateMachineArn"], raw=m) for m in machines]


def _tags(entry: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}


LISTERS: dict[str, Callable[[Look], list[Item]]] = {
    "lambda": _functions,
    "ecs": _ecs_services,
    "rds": _databases,
    "dynamodb": _tables,
    "sqs": _queues,
    "sns": _topics,
    "s3": _buckets,
    "nat": _nat_gateways,
    "ec2": _instances,
    "autoscaling": _groups,
    "elb": _balancers,
    "redshift": _clusters,
    "mwaa": _environments,
    "stepfunctions": _state_machines,
}
