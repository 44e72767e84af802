"""RDS instances: a parameter of their group, and reboots."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NAME, GROUP = "ledger-db", "ledger-db-params"
INSTANCE = {"name": NAME, "parameters": {"work_mem": "4096"}, "tags": {"env": "prod"}}
PARTS = {"resources": {"rds_instances": [INSTANCE], "secrets": [{"name": SECRET}]}}
TARGET = target("rds", "db", NAME)
TIMEOUT = "idle_in_transaction_session_timeout"
OTHER = {"group": "other-db-params"}


def _parameters(client: Client) -> Any:
    pages = client("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=GROUP)
    return [(each["ParameterName"], each.get("ParameterValue")) for page in pages for each in page["Parameters"]]


def _reboots(client: Client) -> Any:
    return len(client("rds").describe_events(SourceType="db-instance", SourceIdentifier=NAME)["Events"])


CASES = (
    ActionCase(
        id="rds_parameter",
        kind="rds_parameter",
        target=TARGET,
        parameters={"group": GROUP, "parameter": TIMEOUT, "value": "60000"},
        state=_parameters,
        denied="rds:DescribeDBParameters",
        parts=PARTS,
        wrong=(
            {"group": GROUP, "parameter": TIMEOUT},
            {"group": GROUP, "parameter": TIMEOUT, "value": "1", "reset": True},
            {"group": GROUP, "parameter": TIMEOUT, "value": 60000},
            {"group": "a/b", "parameter": TIMEOUT, "value": "1"},
        ),
        elsewhere=OTHER,
    ),
    ActionCase(
        id="rds_parameter from a value of one's own",
        kind="rds_parameter",
        target=TARGET,
        parameters={"group": GROUP, "parameter": "work_mem", "value": "8192"},
        state=_parameters,
        denied="rds:DescribeDBInstances",
        parts=PARTS,
        elsewhere=OTHER,
    ),
    ActionCase(
        id="rds_parameter reset",
        kind="rds_parameter",
        target=TARGET,
        parameters={"group": GROUP, "parameter": "work_mem", "reset": True},
        state=_parameters,
        denied="rds:DescribeDBParameters",
        parts=PARTS,
        elsewhere=OTHER,
    ),
    ActionCase(
        id="rds_reboot",
        kind="rds_reboot",
        target=TARGET,
        parameters={"failover": True},
        state=_reboots,
        denied="rds:DescribeDBInstances",
        parts=PARTS,
        wrong=({"failover": "perhaps"},),
        once=True,
    ),
)
