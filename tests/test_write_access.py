"""The pen is out of every model's reach, by how the house is built: who reads cannot even import what writes."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

import grimp
import pytest

from agent.ports import Deps
from agent.specialists import read_specialists
from tools.actions.executor_role import NEEDED
from tools.aws.iam import policy
from tools.evidence.catalog import TOOLS

ROOMS = ("agent", "tools", "graphs", "slack_app", "prompts", "deploy")
READERS = (
    "tools.evidence",
    "tools.detection",
    "tools.mcp_servers",
    "tools.llm",
    "graphs.specialists",
    "graphs.alert_analysis",
    "graphs.conversation",
    "graphs.detection",
)
"""All that runs with text of strangers in it: tools, models, and the graphs in which models choose."""
WRITERS = ("agent.ports.writing", "tools.actions", "tools.aws.writing", "tools.executor")
CLIENT_MAKERS = {
    "tools.aws.accounts",
    "tools.aws.descriptions",
    "tools.aws.session",
    "tools.aws.writing",
    "tools.stores.dynamodb.client",
}
LOOKS_OF_THE_EXECUTOR = {
    "airflow:InvokeRestApi",
    "lambda:GetFunctionConfiguration",
    "sqs:GetQueueAttributes",
    "states:DescribeExecution",
}
"""Reads that it makes itself; of Airflow's API readers are let through with GET only."""


@cache
def imports() -> grimp.ImportGraph:
    """With those that only type checkers follow."""
    return grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)


def direct_importers(module: str) -> set[str]:
    return set(imports().find_modules_that_directly_import(module))


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("reader", READERS)
def test_whoever_reads_cannot_reach_what_writes_over_any_chain_of_imports(reader: str, writer: str) -> None:
    assert imports().find_shortest_chain(reader, writer, as_packages=True) is None


def test_write_access_is_made_in_one_place_and_looked_at_by_the_doctor() -> None:
    assert direct_importers("tools.aws.writing") == {"slack_app.bootstrap", "deploy.doctor_executor"}


def test_only_actions_and_the_executor_know_write_sessions() -> None:
    known = direct_importers("agent.ports.writing") - {"tools.executor", "tools.aws.writing", "deploy.doctor_executor"}
    assert [module for module in known if not module.startswith("tools.actions.")] == []


def test_the_dependencies_that_tools_and_agents_see_hold_nothing_that_writes() -> None:
    assert imports().find_shortest_chain("agent.ports.deps", "agent.ports.writing") is None
    assert [each.name for each in fields(Deps) if "write" in str(each.type).lower()] == []


def test_all_tools_that_a_model_may_call_come_from_evidence() -> None:
    offered = {name for specialist in read_specialists() for name in specialist.tools}
    assert offered <= set(TOOLS)
    for tool in TOOLS.values():
        function: Any = getattr(tool, "func", None) or getattr(tool, "coroutine", None)
        assert function.__module__.startswith("tools.evidence.")


def test_aws_clients_are_made_in_few_places() -> None:
    """Each of them is locked to what it may do, or for Watchkeeper's own stores and secrets only."""
    makers = {module for module in direct_importers("boto3") if not module.startswith("deploy.local.")}
    assert makers == CLIENT_MAKERS


def test_nothing_that_changes_an_account_is_in_the_policy_of_the_reader() -> None:
    changes = {action for actions, _ in NEEDED.values() for action in actions}
    reads = {action for statement in policy("aws", [], [], "")["Statement"] for action in _listed(statement["Action"])}
    assert changes & reads == LOOKS_OF_THE_EXECUTOR


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
