"""Finding resources by name, ARN or tag, and describing one in the terms of its service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import containers, databases, functions, network, others, queues
from tools.evidence.infra.inventory import Item, find, inventory
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.names import bare_name, service_of_arn
from tools.evidence.partial import gather

MAX_DESCRIBED = 3
MAX_LISTED = 12

DESCRIBERS: dict[str, Callable[[Look, Item], Described]] = {
    "lambda": functions.describe,
    "ecs": containers.describe,
    "rds": databases.describe_rds,
    "dynamodb": databases.describe_dynamodb,
    "redshift": databases.describe_redshift,
    "sqs": queues.describe,
    "sns": queues.describe_topic,
    "nat": network.describe_nat,
    "elb": network.describe_balancer,
    "s3": others.describe_bucket,
    "ec2": others.describe_instance,
    "autoscaling": others.describe_group,
    "mwaa": others.describe_environment,
    "stepfunctions": others.describe_state_machine,
}


@evidence_tool("Which resources are called {resource}?", hours=3)
def find_resources(look: Look, resource: str = "", service: str = "", tag: str = "") -> Found:
    """Find resources by a fragment of the name, an ARN, or a tag; with nothing given, count what the account holds.

    Args:
        resource: name, fragment or ARN
        service: only this service, such as lambda or sqs
        tag: `key` or `key=value`
    """
    if tag:
        return _tagged(look, tag)
    if not resource:
        return _counted(look, service)
    items, caveat = find(look, resource, service)
    if not items:
        return Found(f"No resource matches {resource}.{caveat}", no_data=True)
    names = ", ".join(f"{item.name} ({item.service} {item.type})" for item in items[:MAX_LISTED])
    return Found(
        f"{count(len(items), 'resource')} called {resource}: {names}.{caveat}", [_listed(item) for item in items]
    )


@evidence_tool("What is {resource}, how is it configured, and what happened to it?", hours=24)
def describe_resource(look: Look, resource: str, service: str = "") -> Found:
    """Configuration and state of one resource, and what its service reports about it.

    Lambda: versions, aliases, triggers. ECS: deployments, stopped tasks with reasons, memory limits. RDS: events,
    max_connections. SQS: backlog, dead letters, redrive. DynamoDB: capacity, autoscaling, throttles. NAT gateways:
    routes and missing endpoints. S3: notifications. Also load balancers, Auto Scaling, Airflow, Step Functions.

    Args:
        resource: name, fragment or ARN
        service: narrows the search, such as lambda, ecs or rds
    """
    items, caveat = find(look, resource, service)
    if not items:
        return Found(f"No resource matches {resource}.{caveat}", no_data=True)
    read = gather({f"{i.service} {i.name}": partial(DESCRIBERS[i.service], look, i) for i in items[:MAX_DESCRIBED]})
    described = list(read.results.values())
    findings = [finding for each in described for finding in each.findings]
    more = f" {len(items) - MAX_DESCRIBED} more match." if len(items) > MAX_DESCRIBED else ""
    caveats = "".join(each.caveat for each in described) + read.caveat + caveat
    return Found(_digest(findings) + more + caveats, findings, described[0].console_url)


def _digest(findings: Sequence[Finding]) -> str:
    """The state first, then what is most telling."""
    states = [f.statement for f in findings if f.kind == "resource_state"][:2]
    telling = sorted((f for f in findings if f.kind != "resource_state"), key=lambda f: -f.strength)[:3]
    return " ".join([*states, *(f.statement for f in telling)])[:900]


def _listed(item: Item) -> Finding:
    facts = {"id": item.handle if item.handle != item.name else "", "belongs_to": item.parent}
    return state_finding(item, facts if any(facts.values()) else {"service": item.service})


def _counted(look: Look, service: str) -> Found:
    found = inventory(look, service)
    counts = {key: len(items) for key, items in found.results.items() if items}
    if not counts:
        return Found(f"The account holds no {service or 'known'} resources.{found.caveat}", no_data=True)
    listed = [item for items in found.results.values() for item in items[:4]]
    total = ", ".join(f"{count} {key}" for key, count in sorted(counts.items(), key=lambda pair: -pair[1]))
    return Found(f"The account holds {total} resources.{found.caveat}", [_listed(item) for item in listed])


def _tagged(look: Look, tag: str) -> Found:
    key, _, value = tag.partition("=")
    chosen = {"Key": key, **({"Values": [value]} if value else {})}
    found = look.pages("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=[chosen])
    arns = [entry["ResourceARN"] for entry in found]
    if not arns:
        return Found(f"No resource is tagged {tag}.", no_data=True)
    items = [Item(service_of_arn(arn), "resource", bare_name(arn), arn) for arn in arns]
    counts = ", ".join(f"{n} {service}" for service, n in Counter(item.service for item in items).most_common())
    return Found(
        f"{count(len(items), 'resource')} tagged {tag}: {counts}.", [_listed(item) for item in items[:MAX_LISTED]]
    )


TOOLS: tuple[BaseTool, ...] = (find_resources, describe_resource)
