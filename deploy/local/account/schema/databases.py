"""RDS instances, Redshift clusters and secrets as a scenario describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic import Field

from deploy.local.account.schema.base import Entry, Offset


class RdsEvent(Entry):
    at: Offset
    message: str
    categories: tuple[str, ...] = ()


class RdsInstance(Entry):
    name: str
    instance_class: str = "db.r6g.large"
    engine: str = "postgres"
    engine_version: str = "16.4"
    cluster: str | None = None
    """Of an Aurora instance: the cluster it belongs to, made along with it."""
    storage_gb: int = 100
    storage_type: str = "gp3"
    multi_az: bool = True
    public: bool = False
    database: str = "app"
    user: str = "app"
    parameters: Mapping[str, str] = {}
    """Of the instance's own parameter group: {max_connections: "100"}."""
    parameter_group: str | None = None
    """Named <instance>-params when absent."""
    events: tuple[RdsEvent, ...] = ()
    created: Offset = timedelta(days=-400)
    tags: Mapping[str, str] = {}


class RedshiftCluster(Entry):
    name: str
    node_type: str = "ra3.xlplus"
    nodes: int = 2
    database: str = "analytics"
    user: str = "admin"
    tags: Mapping[str, str] = {}


class Secret(Entry):
    name: str
    description: str = ""
    keys: tuple[str, ...] = Field(default=("username", "password"))
    """Names of the fields; the values are made up at load time."""
    tags: Mapping[str, str] = {}
