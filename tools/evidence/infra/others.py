"""Buckets, instances, Auto Scaling groups, Airflow environments and state machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.figures import count
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, recent_strength, state_finding
from tools.evidence.names import bare_name
from tools.evidence.partial import gather

TARGETS = (
    ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "TopicArn"),
)


def notifications(look: Look, bucket: str) -> list[tuple[str, str, str]]:
    """What a bucket notifies: (ARN of function, queue or topic, key prefix, event)."""
    reply = look.call("s3", "get_bucket_notification_configuration", Bucket=bucket)
    return [
        (entry[arn], _prefix(entry), ", ".join(entry["Events"]))
        for kind, arn in TARGETS
        for entry in reply.get(kind, [])
    ]


def _prefix(entry: dict[str, Any]) -> str:
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return next((rule["Value"] for rule in rules if rule["Name"].lower() == "prefix"), "")


def describe_bucket(look: Look, item: Item) -> Described:
    reads: dict[str, Callable[[], Any]] = {
        "notifications": lambda: notifications(look, item.name),
        "versioning": lambda: look.call("s3", "get_bucket_versioning", Bucket=item.name).get("Status", "off"),
    }
    read = gather(reads)
    notified = [
        f"{bare_name(arn)} on {event}{f' under {prefix}' if prefix else ''}"
        for arn, prefix, event in read.results.get("notifications", [])
    ]
    facts = {"notifies": notified or "nothing", "versioning": read.results.get("versioning")}
    return Described([state_finding(item, facts)], console.s3_bucket(look.aws, item.name), read.caveat)


def describe_instance(look: Look, item: Item) -> Described:
    raw = item.raw
    facts = {
        "name": item.handle,
        "instance_type": raw.get("InstanceType"),
        "state": raw.get("State", {}).get("Name"),
        "state_reason": raw.get("StateReason", {}).get("Message"),
        "launched": raw.get("LaunchTime"),
        "subnet": raw.get("SubnetId"),
    }
    return Described([state_finding(item, facts)], console.ec2_instance(look.aws, item.name))


def describe_group(look: Look, item: Item) -> Described:
    raw = item.raw
    facts = {
        "minimum": raw.get("MinSize"),
        "maximum": raw.get("MaxSize"),
        "desired": raw.get("DesiredCapacity"),
        "instances": len(raw.get("Instances", [])),
        "unhealthy": sum(i.get("HealthStatus") != "Healthy" for i in raw.get("Instances", [])) or "",
    }
    read = gather({"activities": lambda: _activities(look, item.name)})
    failed = [a for a in read.results.get("activities", []) if a.get("StatusCode") == "Failed"]
    findings = [state_finding(item, facts)]
    for activity in failed[:3]:
        message = " ".join(activity.get("StatusMessage", activity.get("Description", "")).split())[:200]
        when = clock_time(activity["StartTime"], look.now)
        findings.append(
            Finding(
                kind="service_event",
                statement=f"Auto Scaling of {item.name} failed at {when}: {message}",
                strength=recent_strength(activity["StartTime"], look.now),
                at=activity["StartTime"],
                resource=item.name,
                attributes={"message": message, "service": "autoscaling"},
            )
        )
    return Described(findings, console.auto_scaling_group(look.aws, item.name), read.caveat)


def _activities(look: Look, name: str) -> list[dict[str, Any]]:
    return look.pages("autoscaling", "describe_scaling_activities", "Activities", limit=50, AutoScalingGroupName=name)


def describe_environment(look: Look, item: Item) -> Described:
    raw = look.call("mwaa", "get_environment", Name=item.name)["Environment"]
    facts = {
        "status": raw.get("Status"),
        "airflow_version": raw.get("AirflowVersion"),
        "class": raw.get("EnvironmentClass"),
        "workers": f"{raw.get('MinWorkers', '?')} to {raw.get('MaxWorkers', '?')}",
        "dags_from": raw.get("SourceBucketArn"),
        "last_update": raw.get("LastUpdate", {}).get("Status"),
    }
    return Described([state_finding(item, facts)], console.mwaa_environment(look.aws, item.name))


def describe_state_machine(look: Look, item: Item) -> Described:
    failed = look.pages(
        "stepfunctions", "list_executions", "executions", limit=100, stateMachineArn=item.handle, statusFilter="FAILED"
    )
    recent = [execution for execution in failed if execution["stopDate"] >= look.window.start]
    findings = [state_finding(item, {"kind": item.raw.get("type"), "failed_executions": len(recent)})]
    if recent:
        first = min(execution["stopDate"] for execution in recent)
        failures = count(len(recent), "execution")
        findings.append(
            Finding(
                kind="service_event",
                statement=f"{failures} of {item.name} failed since {clock_time(first, look.now)}.",
                strength=min(0.5 + 0.05 * len(recent), 0.9),
                at=first,
                resource=item.name,
                attributes={"message": f"{len(recent)} executions failed", "service": "stepfunctions"},
            )
        )
    return Described(findings, console.state_machine(look.aws, item.handle))
