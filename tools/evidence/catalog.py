"""Every evidence tool by name. A specialist's front matter picks from these."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core.tools import BaseTool

from tools.evidence import (
    airflow,
    airflow_runs,
    alarms,
    changes,
    cost,
    cost_drivers,
    database,
    dbt,
    health,
    log_queries,
    logs,
    metrics,
    redshift,
    s3_objects,
)
from tools.evidence.infra import loops, resources

MODULES = (
    *(cost, cost_drivers),
    *(metrics, alarms, resources, loops, changes, health),
    *(logs, log_queries),
    *(airflow, airflow_runs, s3_objects, redshift, dbt, database),
)

TOOLS: Mapping[str, BaseTool] = MappingProxyType({tool.name: tool for module in MODULES for tool in module.TOOLS})
