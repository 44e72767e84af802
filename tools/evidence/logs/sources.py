"""Which log groups a resource writes to: by its configuration where that says so, else by their names.

search(look, "orders", "apigateway").groups
# {"/aws/apigateway/orders-access": "access log of orders, stage prod", "API-Gateway-Execution-Logs_a1b2c3/prod": ...}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from tools.evidence.base import Look
from tools.evidence.names import bare_name, matches, service_key
from tools.evidence.partial import explain

MAX_GROUPS_LISTED = 10_000
GROUPS_IN_A_PAGE = 1000
MAX_APIS = 500
MAX_CALLED = 10
"""Functions of one state machine whose logs are read."""
INFREQUENT = "INFREQUENT_ACCESS"

Found = Iterator[tuple[str, str]]
"""Log groups, each with what it is for."""
Finder = Callable[[Look, "Listing", str], Found]


class Listing:
    """The region's log groups by name with their class, listed once it is needed."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._classes: dict[str, str] | None = None
        self.cut = False

    @property
    def classes(self) -> dict[str, str]:
        if self._classes is None:
            self._classes = dict(self._listed())
        return self._classes

    def matching(self, fragment: str) -> list[str]:
        """Groups whose name holds the fragment in any case, the shortest first; failing that, all of its words."""
        wanted = fragment.lower().strip("*")
        hits = [name for name in self.classes if wanted in name.lower()]
        if not hits:
            words = [word for word in re.split(r"[^a-z0-9]+", wanted) if len(word) > 2]
            hits = [name for name in self.classes if words and all(word in name.lower() for word in words)]
        return sorted(hits, key=len)

    def below(self, prefix: str) -> list[str]:
        return [name for name in self.classes if name.startswith(prefix)]

    def _listed(self) -> Iterator[tuple[str, str]]:
        token: dict[str, str] = {}
        for _ in range(MAX_GROUPS_LISTED // GROUPS_IN_A_PAGE):
            page = self._look.call("logs", "list_log_groups", limit=GROUPS_IN_A_PAGE, **token)
            for group in page.get("logGroups", []):
                yield group["logGroupName"], group.get("logGroupClass", "STANDARD")
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}
        self.cut = True


@dataclass
class Search:
    """The log groups that were found, the likeliest first, each with what it is for; and where they were looked for."""

    groups: dict[str, str] = field(default_factory=dict[str, str])
    considered: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])

    @property
    def note(self) -> str:
        """Ends a summary: what could not be asked."""
        return f" Could not ask: {'; '.join(self.unread[:3])}." if self.unread else ""


def search(look: Look, resource: str = "", service: str = "", log_group: str = "") -> Search:
    """The log groups of a resource; all groups (of a service) when none is named."""
    listing, result = Listing(look), Search()
    name = log_group or bare_name(resource)
    if log_group:
        result.groups = dict.fromkeys(listing.matching(log_group), "named so")
        result.considered = ["names"]
    elif not name:
        result.groups = {group: "" for group in listing.classes if belongs_to_service(group, service)}
    else:
        for label, finder in _finders(service, name):
            result.considered.append(label)
            result.groups |= dict(_tolerant(finder, look, listing, name, result))
            if result.groups:
                break
        if not result.groups and "names" not in result.considered:
            result.groups = dict.fromkeys(listing.matching(name), "named so")
    if listing.cut:
        result.unread.append(f"log groups after the first {MAX_GROUPS_LISTED:,}")
    return result


def belongs_to_service(group: str, service: str) -> bool:
    marks = _SERVICE_MARKS.get(_key(service), ())
    return not marks or any(mark in group.lower() for mark in marks)


_SERVICE_MARKS: dict[str, tuple[str, ...]] = {
    "lambda": ("/aws/lambda/",),
    "ecs": ("ecs", "fargate"),
    "eks": ("/aws/eks/", "/aws/containerinsights/"),
    "rds": ("/aws/rds/",),
    "apigateway": ("api-gateway", "apigateway"),
    "mwaa": ("airflow",),
    "redshift": ("redshift",),
    "stepfunctions": ("/aws/vendedlogs/states", "states"),
    "codebuild": ("/aws/codebuild/",),
    "glue": ("/aws-glue/",),
    "dbt": ("dbt",),
}


def _key(service: str) -> str:
    return service_key(service) or service.strip().lower()


def _finders(service: str, name: str) -> Sequence[tuple[str, Finder]]:
    """Where to look, in this order, until something is found: first where the service says, else by name."""
    if re.match(r"^(vpc|subnet|eni|nat)-[0-9a-f]{8,}$", name):
        return (_FINDERS["vpc"],)
    own = _FINDERS.get(_key(service))
    if own:
        return (own, _BY_NAME)
    return (_BY_NAME, *(_FINDERS[key] for key in ("lambda", "ecs", "apigateway", "stepfunctions", "codebuild", "sqs")))


def _tolerant(finder: Finder, look: Look, listing: Listing, name: str, result: Search) -> list[tuple[str, str]]:
    """What a finder found until something refused it; a denial is noted."""
    found: list[tuple[str, str]] = []
    try:
        found.extend(finder(look, listing, name))
    except ClientError as error:
        # That a thing of this name is unknown to one service is no gap: another finder may know it.
        reason = explain(error)
        if reason.startswith("denied"):
            result.unread.append(reason)
    except BotoCoreError as error:
        result.unread.append(explain(error))
    return found


def _by_name(look: Look, listing: Listing, name: str) -> Found:
    for group in listing.matching(name):
        yield group, "named so"


def _of_function(look: Look, listing: Listing, name: str) -> Found:
    function = look.call("lambda", "get_function_configuration", FunctionName=name)
    group = function.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function['FunctionName']}"
    if group in listing.classes:  # a function that never ran has none
        yield group, f"log of the function {function['FunctionName']}"


def _of_consumers(look: Look, listing: Listing, name: str) -> Found:
    """The logs of the functions that a queue or a stream triggers: it keeps none of its own."""
    for mapping in look.pages("lambda", "list_event_source_mappings", "EventSourceMappings", 1000):
        source = mapping.get("EventSourceArn", "")
        if source.endswith(f":{name}") or f"/{name}/" in source:
            for group, what in _of_function(look, listing, mapping["FunctionArn"]):
                yield group, f"{what}, which {name} triggers"


def _of_database(look: Look, listing: Listing, name: str) -> Found:
    """What RDS exports: an instance's logs, those of the cluster that it is in, or a cluster's."""
    for kind in ("instance", "cluster"):
        for group in listing.below(f"/aws/rds/{kind}/{name}/"):
            yield group, f"exported by the {kind} {name}"
    described = look.pages("rds", "describe_db_instances", "DBInstances", 1, DBInstanceIdentifier=name)
    cluster = described[0].get("DBClusterIdentifier", "") if described else ""
    for group in listing.below(f"/aws/rds/cluster/{cluster}/") if cluster else []:
        yield group, f"exported by its cluster {cluster}"


def _of_ecs_service(look: Look, listing: Listing, name: str) -> Found:
    """The awslogs groups of the task definition that a service (or a task definition of that name) runs."""
    for cluster in look.pages("ecs", "list_clusters", "clusterArns", 100):
        services = [s for s in look.pages("ecs", "list_services", "serviceArns", 1000, cluster=cluster) if name in s]
        if not services:
            continue
        for service in look.call("ecs", "describe_services", cluster=cluster, services=services[:5])["services"]:
            definition = look.call("ecs", "describe_task_definition", taskDefinition=service["taskDefinition"])
            for container in definition["taskDefinition"]["containerDefinitions"]:
                if group := container.get("logConfiguration", {}).get("options", {}).get("awslogs-group"):
                    yield group, f"container {container['name']} of {service['serviceName']}"


def _of_eks_cluster(look: Look, listing: Listing, name: str) -> Found:
    for group in listing.below(f"/aws/eks/{name}/"):
        yield group, f"control plane of {name}"
    for group in listing.below(f"/aws/containerinsights/{name}/"):
        yield group, f"containers of {name}"


def _of_api(look: Look, listing: Listing, name: str) -> Found:
    """Access logs go where each stage says; a REST API's execution logs to a group named for its id."""
    rest = look.pages("apigateway", "get_rest_apis", "items", MAX_APIS)
    for api in [api for api in rest if api["id"] == name or matches(api.get("name", ""), name) > 1]:
        for stage in look.call("apigateway", "get_stages", restApiId=api["id"]).get("item", []):
            about = f"of {api.get('name', api['id'])}, stage {stage['stageName']}"
            execution = f"API-Gateway-Execution-Logs_{api['id']}/{stage['stageName']}"
            if execution in listing.classes:
                yield execution, f"execution log {about}"
            if group := _group_of_arn(stage.get("accessLogSettings", {}).get("destinationArn", "")):
                yield group, f"access log {about}"
    for api in look.pages("apigatewayv2", "get_apis", "Items", MAX_APIS):
        if api["ApiId"] != name and matches(api.get("Name", ""), name) < 2:
            continue
        for stage in look.pages("apigatewayv2", "get_stages", "Items", 100, ApiId=api["ApiId"]):
            if group := _group_of_arn(stage.get("AccessLogSettings", {}).get("DestinationArn", "")):
                yield group, f"access log of {api['Name']}, stage {stage['StageName']}"


def _of_state_machine(look: Look, listing: Listing, name: str) -> Found:
    for machine in look.pages("stepfunctions", "list_state_machines", "stateMachines", 1000):
        if machine["name"] != name:
            continue
        described = look.call("stepfunctions", "describe_state_machine", stateMachineArn=machine["stateMachineArn"])
        for destination in described.get("loggingConfiguration", {}).get("destinations", []):
            if group := _group_of_arn(destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")):
                yield group, f"executions of the state machine {name}"
        for function in _called(json.loads(described["definition"]))[:MAX_CALLED]:
            for group, what in _of_function(look, listing, function):
                yield group, f"{what}, which {name} calls"


def _called(node: Any) -> list[str]:
    """The functions that a state machine's definition names, each once, in its order."""
    if isinstance(node, list):
        return list(dict.fromkeys(name for each in cast("list[Any]", node) for name in _called(each)))
    if not isinstance(node, dict):
        return []
    fields = cast("dict[str, Any]", node)
    named = [str(fields.get(key, "")) for key in ("Resource", "FunctionName")]
    own = [text for text in named if re.search(r":lambda:[^:]*:\d+:function:|^[\w-]+$", text)]
    return list(dict.fromkeys([*own, *_called(list(fields.values()))]))


def _of_build(look: Look, listing: Listing, name: str) -> Found:
    for project in look.call("codebuild", "batch_get_projects", names=[name]).get("projects", []):
        logs = project.get("logsConfig", {}).get("cloudWatchLogs", {})
        group = logs.get("groupName") or f"/aws/codebuild/{project['name']}"
        if logs.get("status") != "DISABLED" and group in listing.classes:
            yield group, f"builds of {project['name']}"


def _of_airflow(look: Look, listing: Listing, name: str) -> Found:
    environment = look.call("mwaa", "get_environment", Name=name)["Environment"]
    for kind, logging in environment.get("LoggingConfiguration", {}).items():
        group = _group_of_arn(logging.get("CloudWatchLogGroupArn", ""))
        if logging.get("Enabled") and group in listing.classes:
            yield group, f"{kind} of the environment {name}"


def _of_network(look: Look, listing: Listing, name: str) -> Found:
    """VPC flow logs of a VPC, subnet or network interface; of a NAT gateway those of its subnet and VPC."""
    wanted = [name]
    if name.startswith("nat-"):
        gateways = look.pages("ec2", "describe_nat_gateways", "NatGateways", 1, NatGatewayIds=[name])
        wanted += [gateway[key] for gateway in gateways for key in ("SubnetId", "VpcId") if gateway.get(key)]
    filters: list[dict[str, Any]] = [{"Name": "resource-id", "Values": wanted}]
    for log in look.pages("ec2", "describe_flow_logs", "FlowLogs", 1000, Filters=filters):
        if group := log.get("LogGroupName"):
            yield group, f"flow log of {log['ResourceId']}"


def _group_of_arn(arn: str) -> str:
    """The log group in an ARN; empty for a delivery stream's."""
    match = re.match(r"arn:[\w-]+:logs:[^:]*:\d*:log-group:([^:]+)", arn)
    return match[1] if match else ""


_BY_NAME: tuple[str, Finder] = ("names", _by_name)
_FINDERS: dict[str, tuple[str, Finder]] = {
    "lambda": ("the function's logging configuration", _of_function),
    "sqs": ("functions that it triggers", _of_consumers),
    "kinesis": ("functions that it triggers", _of_consumers),
    "rds": ("exported database logs", _of_database),
    "ecs": ("task definitions of ECS services", _of_ecs_service),
    "eks": ("EKS and Container Insights groups", _of_eks_cluster),
    "apigateway": ("stages of API Gateway", _of_api),
    "stepfunctions": ("state machines' logging configuration", _of_state_machine),
    "codebuild": ("CodeBuild projects", _of_build),
    "mwaa": ("the environment's logging configuration", _of_airflow),
    "nat": ("VPC flow logs", _of_network),
    "vpc": ("VPC flow logs", _of_network),
}
