"""Parameter groups of RDS instances and Aurora clusters: who uses one, and what a parameter is in it and may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from agent.errors import InputError
from agent.ports import AwsSession
from tools.actions.looking import tags_of

Of = Literal["instance", "cluster"]
_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})-({_NUMBER})")


@dataclass(frozen=True)
class User:
    """An instance or a cluster, and the groups that its parameters come from."""

    name: str
    groups: tuple[str, ...]
    instances: tuple[str, ...]
    tags: dict[str, str]


def users(aws: AwsSession, of: Of) -> list[User]:
    """All of the account's instances, or clusters, in the region."""
    client = aws.client("rds")
    if of == "cluster":
        pages = client.get_paginator("describe_db_clusters").paginate()
        return [_cluster(each) for page in pages for each in page["DBClusters"]]
    pages = client.get_paginator("describe_db_instances").paginate()
    return [_instance(each) for page in pages for each in page["DBInstances"]]


def parameter(aws: AwsSession, of: Of, group: str, name: str) -> dict[str, Any]:
    """As RDS describes it. InputError when the group's engine does not know it."""
    client = aws.client("rds")
    if of == "cluster":
        pages = client.get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName=group)
    else:
        pages = client.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    for page in pages:
        for each in page["Parameters"]:
            if each["ParameterName"] == name:
                return each
    raise InputError(f"The parameter group {group} knows no parameter {name}.")


def takes(allowed: str, value: str) -> bool:
    """Whether a value is among the allowed ones as RDS writes them: `6-262143`, `0,1`, `on,off`; "" allows any.

    A formula, such as `{DBInstanceClassMemory/9531392}`, is worked out by RDS. A list is made of allowed ones.
    """
    if not allowed or "{" in value:
        return True
    choices = [each.strip() for each in allowed.split(",")]
    return all(any(_fits(choice, each.strip()) for choice in choices) for each in value.split(","))


def _fits(choice: str, value: str) -> bool:
    bounds = _RANGE.fullmatch(choice)
    if bounds and re.fullmatch(_NUMBER, value):
        return float(bounds[1]) <= float(value) <= float(bounds[2])
    return value == choice


def _instance(raw: dict[str, Any]) -> User:
    name = str(raw["DBInstanceIdentifier"])
    groups = tuple(str(each["DBParameterGroupName"]) for each in raw.get("DBParameterGroups", []))
    return User(name, groups, (name,), tags_of(raw.get("TagList", [])))


def _cluster(raw: dict[str, Any]) -> User:
    members = tuple(str(each["DBInstanceIdentifier"]) for each in raw.get("DBClusterMembers", []))
    groups = (str(raw["DBClusterParameterGroup"]),) if raw.get("DBClusterParameterGroup") else ()
    return User(str(raw["DBClusterIdentifier"]), groups, members, tags_of(raw.get("TagList", [])))
