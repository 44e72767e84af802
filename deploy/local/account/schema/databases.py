"""RDS instances, Redshift clusters and secrets as a scenario describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from deploy.local.account.schema.base import Entry, Length, Offset


class RdsEvent(Entry):
    at: Offset
    message: str
    categories: tuple[str, ...] = ()


class LoadChange(Entry):
    """The load from `from` to `to` (open-ended when absent), in average active sessions."""

    start: Offset = Field(alias="from")
    end: Offset | None = Field(default=None, alias="to")
    load: float


class LoadPart(Entry):
    """One statement in one wait, as Performance Insights counts it."""

    sql: str
    wait: str = "CPU"
    """CPU, or an event such as Lock:transactionid or IO:DataFileRead."""
    user: str = "app"
    host: str = "10.0.1.10"
    load: float
    """Average active sessions at any time that no change covers."""
    changes: tuple[LoadChange, ...] = ()


class Performance(Entry):
    """Performance Insights of an instance that has it switched on."""

    retention: Length = timedelta(days=7)
    parts: tuple[LoadPart, ...] = ()


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
    parameters_status: Literal["in-sync", "pending-reboot", "applying"] = "in-sync"
    in_effect: Mapping[str, str] = {}
    """Values that hold until the next reboot, whatever the parameter group says by now."""
    rebooted: tuple[Offset, ...] = ()
    pending: Mapping[str, str | int | bool] = {}
    """Modifications that wait for the maintenance window: {DBInstanceClass: db.r6g.xlarge}."""
    status: str = "available"
    max_storage_gb: int | None = None
    """Up to where storage scales by itself."""
    performance: Performance | None = None
    """Performance Insights is off when absent."""
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
