"""Every evidence tool by name. A specialist's front matter picks from these."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core.tools import BaseTool

from tools.evidence.airflow import history, overview, runs, upstream, waiting
from tools.evidence.cost import anomalies, breakdown, budgets, drivers, forecast, idle
from tools.evidence.databases import activity, dbt, performance, statements, workload
from tools.evidence.infra import (
    changes,
    health,
    listing,
    loops,
    quotas,
    resources,
    rollouts,
    security,
    stacks,
    targets,
    workflows,
)
from tools.evidence.logs import errors, queries, traces, unified_log
from tools.evidence.metrics import alarms, metrics
from tools.evidence.s3 import objects

MODULES = (
    *(breakdown, drivers, budgets, anomalies, forecast, idle),
    *(metrics, alarms, resources, loops, changes, health, security, performance, quotas),
    *(targets, workflows, stacks, rollouts, listing),
    *(errors, queries, traces, unified_log),
    *(overview, runs, waiting, upstream, history, objects),
    *(statements, workload, dbt, activity),
)

TOOLS: Mapping[str, BaseTool] = MappingProxyType({tool.name: tool for module in MODULES for tool in module.TOOLS})
