"""Buckets, instances and Airflow environments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.evidence import console
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item
from tools.evidence.infra.state import Described, state_finding
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
