"""Which resources there are, by service, and which of them a name means.

To add a kind: a lister here, its row in `LISTERS`, and a describer's row in `resources.DESCRIBERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tools.evidence.base import Look
from tools.evidence.names import bare_name, matches, service_key, service_of_arn
from tools.evidence.partial import Gathered, gather

MAX_LISTED = 5000
"""Of one kind; a listing that reaches it says so."""


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
    listed = gather({key: partial(lister, look) for key, lister in listers.items()})
    for key, items in listed.results.items():
        if len(items) >= MAX_LISTED:
            listed.failures.append(f"all of {key} (stopped at the first {MAX_LISTED:,})")
    return listed


def find(look: Look, resource: str, service: str = "") -> tuple[list[Item], str]:
    """The resources that a name, fragment or ARN means, the best first, and a caveat about what could not be read."""
    narrowed = service_of_arn(resource) or service_key(service)
    found = inventory(look, narrowed if narrowed in LISTERS else "")
    chosen = named([item for items in found.results.values() for item in items], resource)
    if not chosen and narrowed:
        return find(look, bare_name(resource))
    return chosen, found.caveat


def named(items: Sequence[Item], resource: str) -> list[Item]:
    """The items that a name, fragment or ARN means, an exact name leaving fragments out; all when it is empty."""
    if not resource:
        return list(items)
    scored = [(max(matches(item.name, resource), matches(item.handle, resource)), item) for item in items]
    best = max((score for score, _ in scored), default=0)
    return [item for score, item in scored if score == best and best > 0]


def _functions(look: Look) -> list[Item]:
    functions = look.pages("lambda", "list_functions", "Functions", limit=MAX_LISTED)
    return [Item("lambda", "function", f["FunctionName"], f["FunctionArn"], raw=f) for f in functions]


def _queues(look: Look) -> list[Item]:
    # Without MaxResults, SQS gives no token and stops at a thousand.
    urls = look.pages("sqs", "list_queues", "QueueUrls", limit=MAX_LISTED, MaxResults=1000)
    return [Item("sqs", "queue", url.rsplit("/", 1)[-1], url) for url in urls]


def _tables(look: Look) -> list[Item]:
    names = look.pages("dynamodb", "list_tables", "TableNames", limit=MAX_LISTED)
    return [Item("dynamodb", "table", name) for name in names]


def _databases(look: Look) -> list[Item]:
    instances = look.pages("rds", "describe_db_instances", "DBInstances", limit=MAX_LISTED)
    clusters = look.pages("rds", "describe_db_clusters", "DBClusters", limit=MAX_LISTED)
    return [
        *(Item("rds", "db", i["DBInstanceIdentifier"], i.get("DBInstanceArn", ""), raw=i) for i in instances),
        *(Item("rds", "db-cluster", c["DBClusterIdentifier"], c.get("DBClusterArn", ""), raw=c) for c in clusters),
    ]


def _ecs_services(look: Look) -> list[Item]:
    items: list[Item] = []
    for cluster in look.pages("ecs", "list_clusters", "clusterArns", limit=MAX_LISTED):
        items.append(Item("ecs", "ecs-cluster", bare_name(cluster), cluster))
        arns = look.pages("ecs", "list_services", "serviceArns", limit=MAX_LISTED, cluster=cluster)
        items += [Item("ecs", "service", arn.rsplit("/", 1)[-1], arn, bare_name(cluster)) for arn in arns]
    return items


def _buckets(look: Look) -> list[Item]:
    buckets = look.pages("s3", "list_buckets", "Buckets", limit=MAX_LISTED)
    return [Item("s3", "bucket", bucket["Name"]) for bucket in buckets]


def _nat_gateways(look: Look) -> list[Item]:
    gateways = look.pages("ec2", "describe_nat_gateways", "NatGateways", limit=MAX_LISTED)
    return [
        Item("nat", "nat-gateway", g["NatGatewayId"], _tags(g).get("Name", ""), g.get("VpcId", ""), _tags(g), g)
        for g in gateways
        if g.get("State") != "deleted"
    ]


def _topics(look: Look) -> list[Item]:
    arns = [topic["TopicArn"] for topic in look.pages("sns", "list_topics", "Topics", limit=MAX_LISTED)]
    return [Item("sns", "topic", bare_name(arn), arn) for arn in arns]


def _instances(look: Look) -> list[Item]:
    reservations = look.pages("ec2", "describe_instances", "Reservations", limit=MAX_LISTED)
    return [
        Item("ec2", "instance", i["InstanceId"], _tags(i).get("Name", ""), tags=_tags(i), raw=i)
        for reservation in reservations
        for i in reservation["Instances"]
    ]


def _groups(look: Look) -> list[Item]:
    groups = look.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", limit=MAX_LISTED)
    return [Item("autoscaling", "auto-scaling-group", g["AutoScalingGroupName"], raw=g) for g in groups]


def _balancers(look: Look) -> list[Item]:
    balancers = look.pages("elbv2", "describe_load_balancers", "LoadBalancers", limit=MAX_LISTED)
    groups = look.pages("elbv2", "describe_target_groups", "TargetGroups", limit=MAX_LISTED)
    return [
        *(Item("elb", "load-balancer", b["LoadBalancerName"], b["LoadBalancerArn"], raw=b) for b in balancers),
        *(Item("elb", "target-group", g["TargetGroupName"], g["TargetGroupArn"], _behind(g), raw=g) for g in groups),
    ]


def _behind(group: dict[str, Any]) -> str:
    """The load balancers of a target group."""
    return ", ".join(bare_name(arn) for arn in group.get("LoadBalancerArns", []))


def _clusters(look: Look) -> list[Item]:
    clusters = look.pages("redshift", "describe_clusters", "Clusters", limit=MAX_LISTED)
    return [Item("redshift", "cluster", c["ClusterIdentifier"], raw=c) for c in clusters]


def _environments(look: Look) -> list[Item]:
    names = look.pages("mwaa", "list_environments", "Environments", limit=MAX_LISTED)
    return [Item("mwaa", "environment", name) for name in names]


def _state_machines(look: Look) -> list[Item]:
    machines = look.pages("stepfunctions", "list_state_machines", "stateMachines", limit=MAX_LISTED)
    return [Item("stepfunctions", "state-machine", m["name"], m["stateMachineArn"], raw=m) for m in machines]


def _apis(look: Look) -> list[Item]:
    rest = look.pages("apigateway", "get_rest_apis", "items", limit=MAX_LISTED)
    http = look.pages("apigatewayv2", "get_apis", "Items", limit=MAX_LISTED)
    return [
        *(Item("apigateway", "rest-api", api["name"], api["id"], tags=api.get("tags", {}), raw=api) for api in rest),
        *(Item("apigateway", "http-api", api["Name"], api["ApiId"], tags=api.get("Tags", {}), raw=api) for api in http),
    ]


def _stacks(look: Look) -> list[Item]:
    stacks = look.pages("cloudformation", "describe_stacks", "Stacks", limit=MAX_LISTED)
    return [
        Item("cloudformation", "stack", s["StackName"], s["StackId"], tags=_tags(s), raw=s)
        for s in stacks
        if s["StackStatus"] != "DELETE_COMPLETE"
    ]


def _applications(look: Look) -> list[Item]:
    names = look.pages("codedeploy", "list_applications", "applications", limit=MAX_LISTED)
    return [Item("codedeploy", "application", name) for name in names]


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
    "apigateway": _apis,
    "cloudformation": _stacks,
    "codedeploy": _applications,
}
