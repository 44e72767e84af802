"""The IAM policy that `watchkeeper iam-policy` prints."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from tools.aws.iam import all_actions, policy


def allowed(document: dict[str, object]) -> set[str]:
    return {action for statement in document["Statement"] for action in statement["Action"]}  # type: ignore[attr-defined]


def test_it_allows_exactly_what_the_reads_need() -> None:
    assert allowed(policy()) == set(all_actions())


def test_no_action_has_a_wildcard() -> None:
    assert [action for action in allowed(policy()) if "*" in action or "?" in action] == []


def test_secrets_are_held_to_those_of_databases() -> None:
    extra = "arn:aws:secretsmanager:us-east-1:123456789012:secret:reporting-AbCdEf"
    (secrets,) = [s for s in policy(secrets=[extra])["Statement"] if s["Action"] == ["secretsmanager:GetSecretValue"]]
    assert extra in secrets["Resource"]
    assert "*" not in secrets["Resource"]


def test_roles_of_other_accounts_may_be_assumed_when_they_are_named() -> None:
    role = "arn:aws:iam::210987654321:role/watchkeeper-read"
    (assumes,) = [s for s in policy(roles=[role])["Statement"] if s["Action"] == ["sts:AssumeRole"]]
    assert assumes["Resource"] == [role]
    assert "sts:AssumeRole" not in allowed(policy())


def test_credentials_of_a_redshift_user_are_held_to_that_user() -> None:
    (users,) = [
        s for s in policy(redshift_user="reader")["Statement"] if "redshift:GetClusterCredentials" in s["Action"]
    ]
    assert "arn:aws:redshift:*:*:dbuser:*/reader" in users["Resource"]
    assert "*" not in users["Resource"]


def test_names_that_differ_from_the_operation_are_iams_own() -> None:
    actions = set(all_actions())
    assert {"airflow:InvokeRestApi", "budgets:ViewBudget", "s3:ListAllMyBuckets", "tag:GetResources"} <= actions
    assert not actions & {"s3:ListBuckets", "mwaa:InvokeRestApi", "s3:HeadObject", "elbv2:DescribeTargetHealth"}


def test_the_command_prints_the_policy_as_json() -> None:
    result = CliRunner().invoke(app, ["iam-policy", "--partition", "aws-cn"])
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert allowed(document) == set(all_actions())
    assert "arn:aws-cn:secretsmanager" in result.stdout


@pytest.mark.parametrize("arguments", [["--partition", "moon"], ["--secret", "my-password"], ["--role", "me"]])
def test_the_command_refuses_what_it_cannot_mean(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["iam-policy", *arguments])
    assert result.exit_code != 0
    assert arguments[1] in str(result.exception)
