"""ECS: tasks that stopped, services that cannot be placed or are steady again, deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.models import Alert, AlertStatus, Severity
from agent.sources.aws import arns
from agent.sources.aws.events import is_from, listed, system
from agent.sources.aws.notice import Notice
from agent.sources.aws.severities import outcome
from agent.sources.fields import mapping_at, parts_at, text_at
from agent.sources.moments import moment

_ON_PURPOSE = ("ServiceSchedulerInitiated", "UserInitiated")
_LEVELS = {"ERROR": Severity.error, "WARN": Severity.warning}


def matches(notice: Notice) -> bool:
    return is_from(notice, "aws.ecs", "ECS Task State") or is_from(notice, "aws.ecs", "ECS Service") or _deploys(notice)


def parse(notice: Notice) -> list[Alert]:
    if is_from(notice, "aws.ecs", "ECS Task State"):
        return [_task(notice)]
    return [_service(notice)]


def _deploys(notice: Notice) -> bool:
    return is_from(notice, "aws.ecs", "ECS Deployment")


def _task(notice: Notice) -> Alert:
    """A task of a service is about the service: the next task that dies is the same trouble with another id."""
    event, detail = notice.event, mapping_at(notice.event, "detail")
    cluster = arns.resource(text_at(detail, "clusterArn"))
    group = text_at(detail, "group").partition(":")
    service = group[2] if group[0] == "service" else ""
    region, account = text_at(event, "region"), text_at(event, "account")
    arn = arns.derived("servicename", service, region, account, {"clustername": cluster.id}) if service else ""
    resource = arns.resource(arn or text_at(detail, "taskArn"), region=region, account=account, service="ecs")
    stopped = text_at(detail, "lastStatus") == "STOPPED"
    failed = stopped and _failed(detail)
    name = service or group[2] or resource.id
    return notice.alert(
        "ecs",
        f"ECS task of {name} {_end(detail) if failed else text_at(detail, 'lastStatus').lower() or 'changed'}",
        ("service", cluster.id, name, account, region, *(() if failed else ("in progress",))),
        [text_at(detail, "stoppedReason"), *_containers(detail)],
        external_id=arn or text_at(detail, "taskDefinitionArn"),
        status=AlertStatus.firing,
        severity=Severity.error if failed else Severity.info,
        resource=resource,
        system=system(account, name=cluster.id),
        value=next((text_at(container, "exitCode") for container in parts_at(detail, "containers")), ""),
        started_at=moment(text_at(detail, "stoppedAt", "stoppingAt", "startedAt")),
        labels={
            "cluster": cluster.id,
            "group": text_at(detail, "group"),
            "stop_code": text_at(detail, "stopCode"),
            "task": text_at(detail, "taskArn"),
            "task_definition": text_at(detail, "taskDefinitionArn"),
        },
        links=(_page(region, cluster.id, service),),
    )


def _failed(detail: Mapping[str, Any]) -> bool:
    """Any container with an exit code other than 0, or no start at all; not what the scheduler or a person stopped."""
    if text_at(detail, "stopCode") in _ON_PURPOSE:
        return "health check" in text_at(detail, "stoppedReason").lower()
    codes = [text_at(container, "exitCode") for container in parts_at(detail, "containers")]
    return text_at(detail, "stopCode") == "TaskFailedToStart" or not codes or any(code != "0" for code in codes)


def _end(detail: Mapping[str, Any]) -> str:
    """The first container's end says more than `Essential container in task exited`."""
    told = next((line.partition(": ")[2] for line in _containers(detail)), text_at(detail, "stoppedReason"))
    return f"failed: {told}" if told else "failed"


def _containers(detail: Mapping[str, Any]) -> Iterator[str]:
    for container in parts_at(detail, "containers"):
        code, reason = text_at(container, "exitCode"), text_at(container, "reason")
        if code or reason:
            told = ", ".join(part for part in (f"exit code {code}" if code else "", reason) if part)
            yield f"Container {text_at(container, 'name') or 'without a name'}: {told}"


def _service(notice: Notice) -> Alert:
    """`SERVICE_STEADY_STATE` ends what its failed tasks began; a deployment ends its own failure."""
    event, detail = notice.event, mapping_at(notice.event, "detail")
    region, account = text_at(event, "region"), text_at(event, "account")
    arn = next(iter(listed(event)), "")
    resource = arns.resource(arn, region=region, account=account, service="ecs")
    cluster = arns.resource(text_at(detail, "clusterArn")).id or arn.rpartition(":service/")[2].partition("/")[0]
    name, deploys = text_at(detail, "eventName"), _deploys(notice)
    over = name.endswith("STEADY_STATE") or outcome(name).status is AlertStatus.resolved
    bad = text_at(detail, "eventType") in _LEVELS
    about = "deployment" if deploys else "service"
    return notice.alert(
        "ecs",
        f"ECS {about} of {resource.id or 'a service'}: {name.removeprefix('SERVICE_').replace('_', ' ').lower()}",
        (about, cluster, resource.id, account, region, *(() if over or bad else ("in progress",))),
        (text_at(detail, "reason"),),
        external_id=arn,
        status=AlertStatus.resolved if over and not bad else AlertStatus.firing,
        severity=_LEVELS.get(text_at(detail, "eventType"), Severity.info),
        resource=resource,
        system=system(account, name=cluster),
        started_at=moment(text_at(detail, "updatedAt", "createdAt")),
        labels={"cluster": cluster, "event": name, "deployment": text_at(detail, "deploymentId")},
        links=(_page(region, cluster, resource.id),),
    )


def _page(region: str, cluster: str, service: str) -> str:
    path = f"ecs/v2/clusters/{arns.quoted(cluster)}/services/{arns.quoted(service)}?region={region}"
    return arns.console(region, path) if cluster and service else ""
