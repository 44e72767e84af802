"""Instances as actions on them need them: whether Systems Manager reaches them, what they run, and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.errors import InputError
from agent.ports import AwsSession
from tools.actions.looking import tags_of

INSTANCE_ID = r"^(i|mi)-[0-9a-f]{8,17}$"
ONLINE = "Online"
OWN_TAGS = ("Name", "aws:")
"""What the tags begin with in which instances of one kind differ."""


@dataclass(frozen=True)
class Host:
    """`ping` is Systems Manager's word (`Online`, `ConnectionLost`), "" for an instance that it does not manage."""

    id: str
    platform: str = ""
    ping: str = ""
    state: str = ""
    tags: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        return f"{self.tags['Name']} ({self.id})" if self.tags.get("Name") else self.id


def read_hosts(aws: AwsSession, ids: Sequence[str]) -> list[Host]:
    """In the order of `ids`. InputError for one that nobody knows; ClientError for one that EC2 does not know."""
    filters = [{"Key": "InstanceIds", "Values": list(ids)}]
    pages = aws.client("ssm").get_paginator("describe_instance_information").paginate(Filters=filters)
    managed = {each["InstanceId"]: each for page in pages for each in page["InstanceInformationList"]}
    machines = _machines(aws, [each for each in ids if each.startswith("i-")])
    unknown = [each for each in ids if each not in managed and each not in machines]
    if unknown:
        raise InputError(f"There is no instance {unknown[0]}.")
    return [_host(each, managed.get(each, {}), machines.get(each, {})) for each in ids]


def unreachable(hosts: Sequence[Host]) -> tuple[str, ...]:
    """Why commands cannot be run on some of them."""
    return tuple(
        f"Systems Manager does not reach {host.name} ({host.ping or 'it is not a managed instance'})."
        for host in hosts
        if host.ping != ONLINE
    )


def unlike(hosts: Sequence[Host]) -> tuple[str, ...]:
    """Policies protect by the tags of one target: others must not hide behind it."""
    keys = {key for host in hosts for key in host.tags if not key.startswith(OWN_TAGS)}
    differing = sorted(key for key in keys if len({host.tags.get(key) for host in hosts}) > 1)
    if not differing:
        return ()
    return (f"Their tags differ ({', '.join(differing)}): order it for each apart.",)


def _machines(aws: AwsSession, ids: list[str]) -> dict[str, dict[str, Any]]:
    if not ids:
        return {}
    pages = aws.client("ec2").get_paginator("describe_instances").paginate(InstanceIds=ids)
    return {each["InstanceId"]: each for page in pages for part in page["Reservations"] for each in part["Instances"]}


def _host(name: str, managed: dict[str, Any], machine: dict[str, Any]) -> Host:
    return Host(
        id=name,
        platform=str(managed.get("PlatformType", "")),
        ping=str(managed.get("PingStatus", "")),
        state=str(machine.get("State", {}).get("Name", "")),
        tags=tags_of(machine.get("Tags", [])),
    )
