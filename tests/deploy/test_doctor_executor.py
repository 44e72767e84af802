"""What the doctor says of changes, with a real STS in the simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import AwsAccount, Settings
from deploy.doctor_executor import check_executor
from deploy.local.account import SimulatedAccount, load_scenario


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount() as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment(read_only=True).items():
            environment.setenv(name, value)
        running.load(load_scenario("lambda-errors-after-deploy"))
        yield running


def test_without_a_role_nothing_can_be_changed() -> None:
    (check,) = check_executor(Settings.read(), "real")
    assert (check["status"], check["message"]) == ("ok", "no role: nothing can be changed in AWS")
    assert "WATCHKEEPER_EXECUTOR_ROLE_ARN" in check["fix"]


def test_a_role_that_can_be_assumed_is_named(account: SimulatedAccount) -> None:
    (check,) = check_executor(Settings.read(executor_role_arn=account.executor_role_arn), "real")
    assert check["status"] == "ok"
    assert "assumed-role/watchkeeper-executor/doctor" in check["message"]


def test_a_role_that_cannot_be_assumed_fails_with_what_to_do(account: SimulatedAccount) -> None:
    wrong = account.executor_role_arn + "-gone"
    (check,) = check_executor(Settings.read(executor_role_arn=wrong), "real")
    assert check["status"] == "fail"
    assert wrong in check["message"]
    assert "trust policy" in check["fix"]


def test_each_account_with_a_role_is_tried(account: SimulatedAccount) -> None:
    there = AwsAccount(id="210987654321", name="data", executor_role=account.executor_role_arn)
    only_read = AwsAccount(id="333333333333")
    checks = list(check_executor(Settings.read(aws_accounts=(there, only_read)), "real"))
    assert [(check["name"], check["status"]) for check in checks] == [("Executor in data", "ok")]


def test_a_real_role_is_not_tried_in_the_simulated_account() -> None:
    settings = Settings.read(executor_role_arn="arn:aws:iam::123456789012:role/watchkeeper-executor")
    (check,) = check_executor(settings, "simulated")
    assert "--aws real" in check["fix"]


def test_a_broken_event_catalogue_fails(tmp_path: Path) -> None:
    file = tmp_path / "events.yaml"
    file.write_text("[{source: aws.health, detail_type: x, means: y}]")
    check = next(iter(check_executor(Settings.read(event_catalogue=file), "simulated")))
    assert (check["name"], check["status"]) == ("Events", "fail")
