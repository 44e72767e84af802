"""The ARNs that a request is about, as IAM compares them with the resources of a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.account.request import Request

Arns = list[str]
"""Each must be allowed. An entry may be several forms of the same resource, joined by a blank: one of them will do."""
_Params = Mapping[str, Any]


def resources_of(request: Request, account_id: str) -> Arns:
    """What the call acts on; `*` alone where the action knows no resource, or the simulated account none of it."""
    find = _SERVICES.get(request.service)
    found = find(request.params, f"{request.region}:{account_id}", request.operation) if find else []
    return found or ["*"]


def _lambda(params: _Params, where: str, operation: str) -> Arns:
    name = params.get("FunctionName", "")
    if not name:
        return []
    name = name.partition(":function:")[2] if ":function:" in name else name
    qualifier = params.get("Qualifier")
    function, _, embedded = name.partition(":")
    last = qualifier or embedded
    return [f"arn:aws:lambda:{where}:function:{function}" + (f":{last}" if last and operation == "Invoke" else "")]


def _ecs(params: _Params, where: str, operation: str) -> Arns:
    cluster = str(params.get("cluster", "default")).rpartition("/")[2]
    services = [params["service"]] if params.get("service") else params.get("services", [])
    if services:
        return [f"arn:aws:ecs:{where}:service/{cluster}/{each.rpartition('/')[2]}" for each in services]
    return [f"arn:aws:ecs:{where}:cluster/{cluster}"] if "cluster" in params else []


def _autoscaling(params: _Params, where: str, operation: str) -> Arns:
    name = params.get("AutoScalingGroupName")
    return [f"arn:aws:autoscaling:{where}:autoScalingGroup:*:autoScalingGroupName/{name}"] if name else []


def _rds(params: _Params, where: str, operation: str) -> Arns:
    kinds = {
        "DBInstanceIdentifier": "db",
        "DBParameterGroupName": "pg",
        "DBClusterIdentifier": "cluster",
        "DBClusterParameterGroupName": "cluster-pg",
    }
    return [f"arn:aws:rds:{where}:{kind}:{params[name]}" for name, kind in kinds.items() if params.get(name)]


def _dynamodb(params: _Params, where: str, operation: str) -> Arns:
    name = str(params.get("TableName", "")).rpartition("/")[2]
    return [f"arn:aws:dynamodb:{where}:table/{name}"] if name else []


def _sqs(params: _Params, where: str, operation: str) -> Arns:
    if params.get("SourceArn"):
        return [params["SourceArn"]]
    name = str(params.get("QueueUrl", "")).rpartition("/")[2] or params.get("QueueName", "")
    return [f"arn:aws:sqs:{where}:{name}"] if name else []


def _events(params: _Params, where: str, operation: str) -> Arns:
    names = {str(each.get("EventBusName", "default")).rpartition("/")[2] for each in params.get("Entries", [])}
    return [f"arn:aws:events:{where}:event-bus/{name}" for name in sorted(names)]


def _states(params: _Params, where: str, operation: str) -> Arns:
    return [params[name] for name in ("executionArn", "stateMachineArn") if params.get(name)]


def _mwaa(params: _Params, where: str, operation: str) -> Arns:
    if operation != "InvokeRestApi":
        return [f"arn:aws:airflow:{where}:environment/{params['Name']}"] if params.get("Name") else []
    roles = ("Op", "User", "Viewer", "Admin", "Public")
    return [" ".join(f"arn:aws:airflow:{where}:role/{params['Name']}/{role}" for role in roles)]


def _ssm(params: _Params, where: str, operation: str) -> Arns:
    region = where.partition(":")[0]
    name = str(params.get("DocumentName", "")).rpartition("/")[2]
    found: Arns = []
    if name and operation == "StartAutomationExecution":
        version = params.get("DocumentVersion", "$DEFAULT")
        kinds = (f"automation-definition/{name}:{version}", f"document/{name}")
        found.append(" ".join(f"arn:aws:ssm:{place}:{kind}" for kind in kinds for place in (where, f"{region}:")))
    elif name:
        found.append(f"arn:aws:ssm:{where}:document/{name} arn:aws:ssm:{region}::document/{name}")
    if operation == "SendCommand":
        found += [f"arn:aws:ec2:{where}:instance/{each}" for each in params.get("InstanceIds", [])]
        if params.get("Targets"):
            found.append(f"arn:aws:ec2:{where}:instance/*")
    if params.get("AutomationExecutionId"):
        found.append(f"arn:aws:ssm:{where}:automation-execution/{params['AutomationExecutionId']}")
    return found


def _s3(params: _Params, where: str, operation: str) -> Arns:
    if not params.get("Bucket"):
        return []
    return [f"arn:aws:s3:::{params['Bucket']}" + (f"/{params['Key']}" if params.get("Key") else "")]


def _logs(params: _Params, where: str, operation: str) -> Arns:
    name = params.get("logGroupName")
    return [f"arn:aws:logs:{where}:log-group:{name}"] if name else []


_SERVICES: dict[str, Callable[[_Params, str, str], Arns]] = {
    "autoscaling": _autoscaling,
    "dynamodb": _dynamodb,
    "ecs": _ecs,
    "events": _events,
    "lambda": _lambda,
    "logs": _logs,
    "mwaa": _mwaa,
    "rds": _rds,
    "s3": _s3,
    "sqs": _sqs,
    "ssm": _ssm,
    "stepfunctions": _states,
}
