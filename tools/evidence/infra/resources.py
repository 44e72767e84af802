"""Finding resources by name, ARN or tag, and describing one in the terms of its service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra import (
    apis,
    codedeploy,
    containers,
    databases,
    functions,
    network,
    others,
    queues,
    rds,
    scaling,
    stacks,
    targets,
    workflows,
)
from tools.evidence.infra.inventory import Item, find, inventory, named
from tools.evidence.infra.state import Described, state_finding
from tools.evidence.names import bare_name, service_key, service_of_arn
from tools.evidence.partial import gather

MAX_DESCRIBED = 3
MAX_LISTED = 12
MAX_TAGGED = 5000

DESCRIBERS: dict[tuple[str, str], Callable[[Look, Item], Described]] = {
    ("lambda", "function"): functions.describe,
    ("ecs", "service"): containers.describe,
    ("ecs", "ecs-cluster"): containers.describe_cluster,
    ("rds", "db"): rds.describe,
    ("rds", "db-cluster"): rds.describe_cluster,
    ("dynamodb", "table"): databases.describe_dynamodb,
    ("redshift", "cluster"): databases.describe_redshift,
    ("sqs", "queue"): queues.describe,
    ("sns", "topic"): queues.describe_topic,
    ("nat", "nat-gateway"): network.describe_nat,
    ("elb", "load-balancer"): targets.describe_balancer,
    ("elb", "target-group"): targets.describe_group,
    ("s3", "bucket"): others.describe_bucket,
    ("ec2", "instance"): others.describe_instance,
    ("autoscaling", "auto-scaling-group"): scaling.describe,
    ("mwaa", "environment"): others.describe_environment,
    ("stepfunctions", "state-machine"): workflows.describe,
    ("apigateway", "rest-api"): apis.describe,
    ("apigateway", "http-api"): apis.describe,
    ("cloudformation", "stack"): stacks.describe,
    ("codedeploy", "application"): codedeploy.describe,
}
"""By service and type: who says what a resource is, how it is configured, and what happened to it lately."""


@evidence_tool("Which resources are [called {resource}|there]?", hours=3)
def find_resources(look: Look, resource: str = "", service: str = "", tag: str = "") -> Found:
    """Find resources by a fragment of the name, an ARN, or a tag; with nothing given, count what the account holds.

    Args:
        resource: name, fragment or ARN; `key=value` is taken for a tag
        service: only this service, such as lambda or sqs
        tag: `key` or `key=value`; with a resource too, only those of that name
    """
    if "=" in resource and not resource.startswith("arn:") and not tag:
        resource, tag = "", resource
    if tag:
        return _tagged(look, tag, resource, service)
    if not resource:
        return _counted(look, service)
    items, caveat = find(look, resource, service)
    if not items:
        return Found(f"No resource matches {resource}.{caveat}", no_data=True)
    names = ", ".join(f"{item.name} ({item.service} {item.type})" for item in items[:MAX_LISTED])
    said = f"{count(len(items), 'resource')} called {resource}: {names}.{caveat}"
    return Found(said, [_listed(item) for item in items], console.resources(look.aws))


@evidence_tool("What is {resource}, how is it configured, and what happened to it?", hours=24)
def describe_resource(look: Look, resource: str, service: str = "") -> Found:
    """Configuration and state of one resource, and what its service reports about it.

    Lambda: versions, aliases, concurrency, triggers, lost events. ECS: deployments, stop reasons, memory limits. RDS:
    events, parameters, pending changes. SQS: backlog, dead letters. DynamoDB: capacity, throttles. Auto Scaling: failed
    launches. Load balancers: unhealthy targets. Step Functions: failures. API Gateway: stages, throttling. Stacks,
    CodeDeploy, NAT gateways, S3, SNS, Redshift, EC2, Airflow.

    Args:
        resource: name, fragment or ARN
        service: narrows the search, such as lambda, ecs or rds
    """
    items, caveat = find(look, resource, service)
    if not items:
        return Found(f"No resource matches {resource}.{caveat}", no_data=True)
    read = gather(
        {f"{i.service} {i.name}": partial(DESCRIBERS[i.service, i.type], look, i) for i in items[:MAX_DESCRIBED]}
    )
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
    said = f"The account holds {total} resources.{found.caveat}"
    return Found(said, [_listed(item) for item in listed], console.resources(look.aws))


def _tagged(look: Look, tag: str, resource: str, service: str) -> Found:
    key, _, value = tag.partition("=")
    chosen = {"Key": key, **({"Values": [value]} if value else {})}
    found = look.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", limit=MAX_TAGGED, TagFilters=[chosen]
    )
    arns = [entry["ResourceARN"] for entry in found]
    items = [Item(service_of_arn(arn), "resource", bare_name(arn), arn) for arn in arns]
    items = named([i for i in items if not service or i.service == (service_key(service) or service.lower())], resource)
    cut = f" Only the first {MAX_TAGGED:,} tagged resources were read." if len(found) >= MAX_TAGGED else ""
    if not items:
        narrowed = " ".join(word for word in (service, f"called {resource}" if resource else "") if word)
        return Found(f"No resource{f' {narrowed}' if narrowed else ''} is tagged {tag}.{cut}", no_data=True)
    counts = ", ".join(f"{n} {key}" for key, n in Counter(item.service for item in items).most_common())
    said = f"{count(len(items), 'resource')} tagged {tag}: {counts}.{cut}"
    return Found(said, [_listed(item) for item in items[:MAX_LISTED]], console.resources(look.aws))


TOOLS: tuple[BaseTool, ...] = (find_resources, describe_resource)
