"""RDS parameters: those that exist, with values that they take, at once or with the next reboot."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.changes.conftest import Watcher

GROUP = {"DBParameterGroupName": "ledger-db-params"}


@pytest.fixture
def ledger(watch: Watcher) -> Watcher:
    watch.load("rds-idle-transactions")
    return watch


def change(name: str, value: str, method: str = "immediate") -> dict[str, Any]:
    return {**GROUP, "Parameters": [{"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}]}


def parameter(watch: Watcher, name: str) -> dict[str, Any]:
    found = watch.client("rds").describe_db_parameters(**GROUP)["Parameters"]
    return next(each for each in found if each["ParameterName"] == name)


def instance(watch: Watcher) -> dict[str, Any]:
    (found,) = watch.client("rds").describe_db_instances(DBInstanceIdentifier="ledger-db")["DBInstances"]
    return found


def shown(watch: Watcher, setting: str) -> str:
    """What the database itself says."""
    reply = watch.client("rds-data").execute_statement(
        resourceArn="arn:aws:rds:us-east-1:123456789012:db:ledger-db",
        secretArn="arn:aws:secretsmanager:us-east-1:123456789012:secret:any",
        database="ledger",
        sql=f"show {setting}",
    )
    return reply["records"][0][0]["stringValue"]


def test_a_dynamic_parameter_changes_at_once(ledger: Watcher) -> None:
    ledger.client("rds").modify_db_parameter_group(**change("work_mem", "65536"))

    assert (parameter(ledger, "work_mem")["ParameterValue"], parameter(ledger, "work_mem")["Source"]) == (
        "65536",
        "user",
    )
    assert instance(ledger)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"


def test_a_static_parameter_waits_for_a_reboot(ledger: Watcher) -> None:
    rds = ledger.client("rds")
    rds.modify_db_parameter_group(**change("max_connections", "300", "pending-reboot"))
    waiting = instance(ledger)["DBParameterGroups"][0]["ParameterApplyStatus"], shown(ledger, "max_connections")
    rebooted = rds.reboot_db_instance(DBInstanceIdentifier="ledger-db")["DBInstance"]["DBInstanceStatus"]
    during = instance(ledger)["DBInstanceStatus"]
    ledger.wait(minutes=1)

    assert waiting == ("pending-reboot", "150")
    assert (rebooted, during, instance(ledger)["DBInstanceStatus"]) == ("rebooting", "rebooting", "available")
    assert instance(ledger)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert shown(ledger, "max_connections") == "300"
    events = rds.describe_events(SourceIdentifier="ledger-db", SourceType="db-instance", Duration=5)["Events"]
    assert [event["Message"] for event in events] == ["DB instance shutdown", "DB instance restarted"]


def test_a_parameter_that_is_reset_has_its_default_again(ledger: Watcher) -> None:
    named = [{"ParameterName": "idle_in_transaction_session_timeout", "ApplyMethod": "immediate"}]
    rds = ledger.client("rds")
    rds.modify_db_parameter_group(**change("idle_in_transaction_session_timeout", "60000"))
    rds.reset_db_parameter_group(**GROUP, ResetAllParameters=False, Parameters=named)

    assert parameter(ledger, "idle_in_transaction_session_timeout")["Source"] == "system"
    assert parameter(ledger, "max_connections")["ParameterValue"] == "150"


@pytest.mark.parametrize(
    ("name", "value", "method", "said"),
    [
        ("max_conections", "300", "pending-reboot", "Could not find parameter with name: max_conections"),
        ("max_connections", "many", "pending-reboot", "outside of range: 6-262143"),
        ("max_connections", "5", "pending-reboot", "outside of range: 6-262143"),
        ("log_min_duration_statement", "-2", "immediate", "outside of range"),
        ("autovacuum", "2", "immediate", "outside of range: 0,1"),
        ("max_connections", "300", "immediate", "cannot use immediate apply method for static parameter"),
    ],
)
def test_what_rds_refuses(ledger: Watcher, name: str, value: str, method: str, said: str) -> None:
    with pytest.raises(ClientError, match=said):
        ledger.client("rds").modify_db_parameter_group(**change(name, value, method))

    assert parameter(ledger, "max_connections")["ParameterValue"] == "150"


def test_groups_and_instances_must_exist_and_be_available(ledger: Watcher) -> None:
    rds = ledger.client("rds")
    with pytest.raises(ClientError, match="DBParameterGroupNotFound"):
        rds.modify_db_parameter_group(**{**change("work_mem", "65536"), "DBParameterGroupName": "nothing"})
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        rds.reboot_db_instance(DBInstanceIdentifier="nothing")
    rds.reboot_db_instance(DBInstanceIdentifier="ledger-db")
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        rds.reboot_db_instance(DBInstanceIdentifier="ledger-db")
    ledger.load("rds-pending-reboot")
    with pytest.raises(ClientError, match="not configured for Multi-AZ"):
        rds.reboot_db_instance(DBInstanceIdentifier="pricing-db", ForceFailover=True)
