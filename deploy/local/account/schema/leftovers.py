"""What an account gathers over the years: volumes, snapshots, machine images and addresses beside what runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from deploy.local.account.schema.base import Entry, Offset


class EbsVolume(Entry):
    """A volume of its own; instances have their root volumes anyway."""

    name: str
    size_gb: int
    type: str = "gp3"
    iops: int | None = None
    throughput: int | None = None
    attached_to: str | None = None
    """The name of an instance; attached to nothing when absent."""
    created: Offset = timedelta(days=-200)
    tags: Mapping[str, str] = {}


class Snapshot(Entry):
    name: str
    size_gb: int
    created: Offset = timedelta(days=-400)
    count: int = 1
    """So many alike, a week apart, back from `created`."""
    tags: Mapping[str, str] = {}


class MachineImage(Entry):
    """An image with the snapshot that it is made of."""

    name: str
    size_gb: int = 30
    created: Offset = timedelta(days=-300)
    used_by_template: bool = False
    """Whether a launch template starts instances from it."""


class ElasticIp(Entry):
    name: str
    instance: str | None = None
    """What it is associated with; nothing when absent."""
