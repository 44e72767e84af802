"""Every evidence tool by name. A specialist's front matter picks from these."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core.tools import BaseTool

from tools.evidence import (
    airflow,
    airflow_history,
    airflow_runs,
    airflow_upstream,
    airflow_waiting,
    alarms,
    changes,
    database,
    dbt,
    health,
    log_queries,
    logs,
    metrics,
    performance,
    quotas,
    redshift,
    redshift_workload,
    s3_objects,
    security,
    traces,
    unified_log,
)
from tools.evidence.cost import anomalies, breakdown, budgets, drivers, forecast, idle
from tools.evidence.infra import loops, resources, rollouts, stacks, targets, workflows

MODULES = (
    *(breakdown, drivers, budgets, anomalies, forecast, idle),
    *(metrics, alarms, resources, loops, changes, health, security, performance, quotas),
    *(targets, workflows, stacks, rollouts),
    *(logs, log_queries, traces, unified_log),
    *(airflow, airflow_runs, airflow_waiting, airflow_upstream, airflow_history, s3_objects),
    *(redshift, redshift_workload, dbt, database),
)

TOOLS: Mapping[str, BaseTool] = MappingProxyType({tool.name: tool for module in MODULES for tool in module.TOOLS})
