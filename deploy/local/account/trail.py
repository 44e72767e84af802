"""CloudTrail's record of the calls that change the account, by whoever made them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from moto.core.utils import get_service_model

from deploy.local.account.iam.sessions import signer_of
from deploy.local.account.request import AwsError, Request
from deploy.local.account.schema.changes import TrailEvent, TrailResource
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import resource_id

_CHANGES = re.compile(
    r"^(Add|Associate|Attach|Cancel|Create|Delete|Deregister|Detach|Disable|Disassociate|Enable|Execute|Modify|Purge|Put"
    r"|Reboot|Redrive|Register|Remove|Reset|Restore|Resume|Run|Send|Set|Start|Stop|Suspend|Tag|Terminate|Untag|Update)"
)
_DATA = re.compile(
    r"^(cloudwatch:PutMetricData|dynamodb:(Put|Delete|Update)Item|dynamodb:Execute.*|events:PutEvents|lambda:Invoke.*"
    r"|logs:(Put|Start|Stop).*|rds-data:.*|redshift-data:.*|s3:.*Object.*|s3:.*Part.*|s3:.*MultipartUpload|sqs:.*Message"
    r"|sqs:.*MessageBatch|sqs:ChangeMessageVisibility.*|xray:.*|sts:.*|ce:.*)$"
)
"""Traffic, and work on the data, that a trail of management events does not record."""

_VERSIONED = {
    "CreateAlias": "CreateAlias20150331",
    "CreateFunction": "CreateFunction20150331",
    "DeleteFunctionConcurrency": "DeleteFunctionConcurrency20171031",
    "PublishVersion": "PublishVersion20150331",
    "PutFunctionConcurrency": "PutFunctionConcurrency20171031",
    "UpdateAlias": "UpdateAlias20150331",
    "UpdateFunctionCode": "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
}
"""Lambda's operations as CloudTrail names them."""

_RESOURCES = {
    "AutoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
    "DBInstanceIdentifier": "AWS::RDS::DBInstance",
    "DBParameterGroupName": "AWS::RDS::DBParameterGroup",
    "FunctionName": "AWS::Lambda::Function",
    "QueueUrl": "AWS::SQS::Queue",
    "SourceArn": "AWS::SQS::Queue",
    "TableName": "AWS::DynamoDB::Table",
    "executionArn": "AWS::StepFunctions::Execution",
    "service": "AWS::ECS::Service",
    "stateMachineArn": "AWS::StepFunctions::StateMachine",
}
_USER_AGENT = "Boto3/1.44 Botocore/1.44"


def is_change(request: Request) -> bool:
    """Whether CloudTrail records this call as a change."""
    if request.service == "mwaa" and request.operation == "InvokeRestApi":
        return request.params.get("Method") != "GET"
    name = f"{request.service}:{request.operation}"
    return bool(_CHANGES.match(request.operation)) and not _DATA.match(name)


def record(account: Account, request: Request, error: AwsError | None = None) -> None:
    """Add the call to the trail of the scenario whose resource it names."""
    owner = owner_of(account, request)
    if owner is None or not is_change(request):
        return
    who = signer_of(account, request)
    event = TrailEvent(
        at=account.now() - owner.now,
        event=_VERSIONED.get(request.operation, request.operation),
        source=_source(request.service),
        user=who.session,
        role=who.role,
        resources=tuple(_resources(request.params)),
        request=_written(request.params),
        error_code=error.code if error else None,
        error_message=error.message if error else None,
        source_ip="203.0.113.40",
        user_agent=_USER_AGENT,
    )
    account.amend(owner.scenario.name, lambda told: told.model_copy(update={"cloudtrail": (*told.cloudtrail, event)}))


def owner_of(account: Account, request: Request) -> Loaded | None:
    """The scenario that has a resource named in the request; the first one of the region when none has."""
    candidates = account.loaded(request.region)
    words = set(_words(request.params))
    return next((each for each in candidates if words & _names(each)), candidates[0] if candidates else None)


def _names(loaded: Loaded) -> set[str]:
    scenario = loaded.scenario
    names = {each.name for each in scenario.mwaa} | {
        resource_id("instance", each.name) for each in scenario.ssm.instances
    }
    for kind in type(scenario.resources).model_fields:
        names |= {
            getattr(each, "name", "") or getattr(each, "family", "") for each in getattr(scenario.resources, kind)
        }
    for cluster in scenario.resources.ecs_clusters:
        names |= {service.name for service in cluster.services}
    names |= {each.parameter_group or f"{each.name}-params" for each in scenario.resources.rds_instances}
    names |= {each.name for each in scenario.ssm.documents}
    return names - {""}


def _words(value: Any) -> Iterator[str]:
    """Every part of every string in a request, between colons and slashes."""
    if isinstance(value, str):
        yield value
        yield from re.split(r"[:/]", value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)


def _resources(params: Mapping[str, Any]) -> Iterator[TrailResource]:
    for parameter, kind in _RESOURCES.items():
        if isinstance(params.get(parameter), str):
            yield TrailResource(type=kind, name=re.split(r"[:/]", params[parameter])[-1])


def _written(value: Any) -> Any:
    """Parameters as CloudTrail writes them: names begin with a small letter, and what is binary is left out."""
    if isinstance(value, Mapping):
        pairs = ((key, each) for key, each in value.items() if not isinstance(each, bytes))
        return {f"{str(key)[0].lower()}{str(key)[1:]}" if key else key: _written(each) for key, each in pairs}
    if isinstance(value, list):
        return [_written(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


@cache
def _source(service: str) -> str:
    if service == "mwaa":
        return "airflow.amazonaws.com"
    model: Any = get_service_model(service)
    return f"{model.endpoint_prefix.rpartition('.')[2]}.amazonaws.com"
