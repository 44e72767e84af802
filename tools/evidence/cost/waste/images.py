"""Old snapshots, and machine images that nothing starts from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from agent.figures import count
from tools.evidence.base import Look
from tools.evidence.cost import prices
from tools.evidence.cost.waste.items import MAX_LISTED, Checked, Waste, cut
from tools.evidence.partial import gather

OLD = timedelta(days=90)
GB = 1024**3
MANAGED = ("aws:backup:", "aws:dlm:", "dlm:managed")
"""Tags of snapshots that AWS Backup or a lifecycle policy made, and will delete when their time has come."""


def old_snapshots(look: Look) -> Checked:
    """Snapshots older than 90 days that no image is made of, as one sum: at most what they hold, since they share."""
    snapshots = _snapshots(look)
    in_images = {snapshot for image in _images(look) for snapshot in _snapshots_of(image)}
    own = [s for s in snapshots if s["SnapshotId"] not in in_images and not _managed(s)]
    old = [s for s in own if look.now - s["StartTime"] > OLD]
    caveat = cut(snapshots, MAX_LISTED, "snapshots")
    if not old:
        return Checked(len(snapshots), caveat=caveat)
    largest, oldest = max(old, key=_monthly), min(s["StartTime"] for s in old)
    words = f"{count(len(old), 'snapshot')} older than {OLD.days} days, the oldest of {oldest:%b %Y}, in no image"
    total = sum(_monthly(s) for s in old)
    waste = Waste(
        "ec2", "snapshot", largest["SnapshotId"], "old", words, total, certainty=0.7, several=len(old), at_most=True
    )
    return Checked(len(snapshots), [waste], caveat)


def unused_images(look: Look) -> Checked:
    """Own images older than 90 days from which no instance, template or Auto Scaling group starts."""
    images = _images(look)
    reads: dict[str, Callable[[], set[str]]] = {
        "instances": lambda: _of_instances(look),
        "launch templates": lambda: _of_templates(look),
        "launch configurations": lambda: _of_configurations(look),
    }
    read = gather(reads)
    if read.failures:  # an image is unused only if nothing uses it, so all of them must have been read
        return Checked(len(images), caveat=read.caveat)
    used = set[str]().union(*read.results.values())
    old = [i for i in images if i["ImageId"] not in used and look.now - _made(i) > OLD]
    sizes = {s["SnapshotId"]: s for s in _snapshots(look)} if old else {}
    caveat = cut(images, MAX_LISTED, "images")
    if not old:
        return Checked(len(images), caveat=caveat)

    def monthly(image: dict[str, Any]) -> float:
        return sum(_monthly(sizes[name]) for name in _snapshots_of(image) if name in sizes)

    largest = max(old, key=monthly)
    words = f"{count(len(old), 'image')} older than {OLD.days} days, used by nothing here, each with a snapshot"
    total = sum(monthly(image) for image in old)
    waste = Waste(
        "ec2", "image", largest["ImageId"], "unused", words, total, certainty=0.7, several=len(old), at_most=True
    )
    return Checked(len(images), [waste], caveat)


def _snapshots(look: Look) -> list[dict[str, Any]]:
    return look.pages("ec2", "describe_snapshots", "Snapshots", limit=MAX_LISTED, OwnerIds=["self"])


def _images(look: Look) -> list[dict[str, Any]]:
    return look.pages("ec2", "describe_images", "Images", limit=MAX_LISTED, Owners=["self"])


def _snapshots_of(image: dict[str, Any]) -> list[str]:
    devices = [mapping.get("Ebs", {}) for mapping in image.get("BlockDeviceMappings", [])]
    return [device["SnapshotId"] for device in devices if device.get("SnapshotId")]


def _managed(snapshot: dict[str, Any]) -> bool:
    return any(tag["Key"].startswith(MANAGED) for tag in snapshot.get("Tags", []))


def _monthly(snapshot: dict[str, Any]) -> float:
    """By its own full size where AWS tells it, else by its volume's."""
    size = snapshot.get("FullSnapshotSizeInBytes", 0) / GB or snapshot.get("VolumeSize", 0)
    return size * prices.SNAPSHOT_GB_MONTH.get(snapshot.get("StorageTier", "standard"), 0.05)


def _made(image: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(image["CreationDate"].replace("Z", "+00:00"))


def _of_instances(look: Look) -> set[str]:
    reservations = look.pages("ec2", "describe_instances", "Reservations", limit=MAX_LISTED)
    return {i["ImageId"] for reservation in reservations for i in reservation["Instances"]}


def _of_templates(look: Look) -> set[str]:
    versions = look.pages(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        limit=MAX_LISTED,
        Versions=["$Latest", "$Default"],
    )
    return {v["LaunchTemplateData"]["ImageId"] for v in versions if v["LaunchTemplateData"].get("ImageId")}


def _of_configurations(look: Look) -> set[str]:
    listed = look.pages("autoscaling", "describe_launch_configurations", "LaunchConfigurations", limit=MAX_LISTED)
    return {configuration["ImageId"] for configuration in listed}
