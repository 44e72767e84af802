"""Instances that do nothing, and volumes that nothing uses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.figures import count
from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import (
    MAX_LISTED,
    MAX_MEASURED,
    Checked,
    Measure,
    Waste,
    cut,
    days_of,
    named,
    settled,
)

IDLE_CPU_PERCENT = 3.0
STOPPED_FOR = timedelta(days=7)
_CPU = Measure("ec2", "AWS/EC2", "InstanceId", "CPUUtilization", "Average", timedelta(hours=1))
_STOPPED_AT = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


def unattached_volumes(look: Look) -> Checked:
    """EBS volumes that belong to no instance for longer than a day."""
    volumes = look.pages("ec2", "describe_volumes", "Volumes", limit=MAX_LISTED)
    loose = [v for v in volumes if v["State"] == "available" and look.now - v["CreateTime"] > timedelta(days=1)]
    return Checked(len(volumes), [_unattached(v) for v in loose], cut(volumes, MAX_LISTED, "volumes"))


def _unattached(volume: dict[str, Any]) -> Waste:
    name = named(volume, volume["VolumeId"])
    size = f"{volume['Size']} GB {volume['VolumeType']}"
    words = f"Volume {name}, {size} of {volume['CreateTime']:%b %Y}, is attached to nothing"
    return Waste("ec2", "volume", volume["VolumeId"], "unattached", words, _price(volume))


def stopped_instances(look: Look) -> Checked:
    """Instances that have been stopped for a week: they cost nothing, their volumes go on costing."""
    instances = _instances(look)
    stopped = [i for i in instances if i["State"]["Name"] == "stopped"]
    long = [i for i in stopped if _stopped_for(look, i) >= STOPPED_FOR]
    attached = {m["Ebs"]["VolumeId"]: i for i in long for m in i.get("BlockDeviceMappings", []) if "Ebs" in m}
    if not attached:
        return Checked(len(stopped))
    volumes = [
        v for v in look.pages("ec2", "describe_volumes", "Volumes", limit=MAX_LISTED) if v["VolumeId"] in attached
    ]
    wastes: list[Waste] = []
    for instance in long:
        own = [v for v in volumes if attached[v["VolumeId"]] is instance]
        size, known = sum(v["Size"] for v in own), [price for v in own if (price := _price(v)) is not None]
        days = _stopped_for(look, instance).days
        words = (
            f"Instance {named(instance, instance['InstanceId'])} has been stopped for {days} days and keeps "
            f"{count(len(own), 'volume')} of {size} GB"
        )
        if own:
            wastes.append(Waste("ec2", "instance", instance["InstanceId"], "stopped", words, sum(known), certainty=0.9))
    return Checked(len(stopped), wastes, cut(instances, MAX_LISTED, "instances"))


def idle_instances(look: Look) -> Checked:
    """Running instances whose CPU never reached 3% in any hour of the window."""
    instances = _instances(look)
    running = [i for i in instances if i["State"]["Name"] == "running" and settled(look, i["LaunchTime"])]
    measured = running[:MAX_MEASURED]
    cpu = _CPU.of(look, [i["InstanceId"] for i in measured])
    wastes: list[Waste] = []
    for instance in measured:
        values = cpu[instance["InstanceId"]]
        if values and max(values) < IDLE_CPU_PERCENT:
            words = (
                f"Instance {named(instance, instance['InstanceId'])}, {instance['InstanceType']}, used at most "
                f"{max(values):.1f}% CPU in any hour of {days_of(look)} days"
            )
            monthly = prices.instance_month(instance["InstanceType"])
            wastes.append(Waste("ec2", "instance", instance["InstanceId"], "idle", words, monthly, certainty=0.9))
    return Checked(len(running), wastes, cut(running, MAX_MEASURED, "running instances"))


def _instances(look: Look) -> list[dict[str, Any]]:
    reservations = look.pages("ec2", "describe_instances", "Reservations", limit=MAX_LISTED)
    return [instance for reservation in reservations for instance in reservation["Instances"]]


def _stopped_for(look: Look, instance: dict[str, Any]) -> timedelta:
    """Since the stop that the instance's state tells of; nothing when it does not tell."""
    told = _STOPPED_AT.search(instance.get("StateTransitionReason", ""))
    at = datetime.strptime(told[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if told else look.now
    return look.now - at


def _price(volume: dict[str, Any]) -> float | None:
    return prices.volume_month(volume["VolumeType"], volume["Size"], volume.get("Iops", 0), volume.get("Throughput", 0))
