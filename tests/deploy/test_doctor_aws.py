"""The doctor's look at AWS, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent.settings import AwsAccount, Settings
from deploy.doctor_aws import check_aws
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault

OTHER = AwsAccount(id="210987654321", name="data", external_id="x1")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedAccount]:
    with SimulatedAccount() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def checks(settings: Settings) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in check_aws(settings, "real")}


def test_another_account_that_can_be_read_is_said_to_be(account: SimulatedAccount) -> None:
    found = checks(Settings.read(aws_accounts=(OTHER,)))["AWS account data"]
    assert (found["status"], "role/watchkeeper-read in us-east-1" in found["message"]) == ("ok", True)


def test_a_role_that_cannot_be_assumed_says_what_to_trust(account: SimulatedAccount) -> None:
    account.put(Fault("sts:AssumeRole", code="AccessDenied", message="Not trusted.", status=403))
    found = checks(Settings.read(aws_accounts=(OTHER,)))["AWS account data"]
    assert found["status"] == "warn"
    assert "arn:aws:iam::210987654321:role/watchkeeper-read" in found["fix"]


def test_a_permission_that_is_missing_is_named(account: SimulatedAccount) -> None:
    account.put(Fault("rds:*", code="AccessDenied", status=403))
    found = checks(Settings.read())["AWS rds:DescribeDBInstances"]
    assert found["status"] == "warn"
    assert '"rds:DescribeDBInstances"' in found["fix"]


def test_an_airflow_that_is_not_there_is_said_to_be_missing(account: SimulatedAccount) -> None:
    found = checks(Settings.read(airflow_url=("analytics=http://127.0.0.1:9",)))["Airflow analytics"]
    assert found["status"] == "warn"
    assert "could not be reached" in found["message"]
    assert "WATCHKEEPER_AIRFLOW_URL" in found["fix"]
