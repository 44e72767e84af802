"""DynamoDB tables: provisioned units, and on demand."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NAME = "sessions"
TABLE = {
    "name": NAME,
    "read_capacity": 100,
    "write_capacity": 80,
    "items": [{"pk": "1", "token": SECRET}],
    "tags": {"env": "prod"},
}
PARTS = {"resources": {"dynamodb_tables": [TABLE]}}
ON_DEMAND = {"resources": {"dynamodb_tables": [{**TABLE, "on_demand": True}]}}
TARGET = target("dynamodb", "table", NAME)


def _capacity(client: Client) -> Any:
    table = client("dynamodb").describe_table(TableName=NAME)["Table"]
    units = table["ProvisionedThroughput"]
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return mode, units["ReadCapacityUnits"], units["WriteCapacityUnits"]


CASES = (
    ActionCase(
        id="dynamodb_capacity",
        kind="dynamodb_capacity",
        target=TARGET,
        parameters={"write": 160},
        state=_capacity,
        denied="dynamodb:DescribeTable",
        parts=PARTS,
        wrong=({}, {"write": 0}, {"write": "many"}, {"mode": "on_demand", "read": 5}, {"mode": "free"}),
    ),
    ActionCase(
        id="dynamodb_capacity on demand",
        kind="dynamodb_capacity",
        target=TARGET,
        parameters={"mode": "on_demand"},
        state=_capacity,
        denied="cloudwatch:GetMetricData",
        parts=PARTS,
    ),
    ActionCase(
        id="dynamodb_capacity provisioned again",
        kind="dynamodb_capacity",
        target=TARGET,
        parameters={"read": 50, "write": 50},
        state=_capacity,
        denied="application-autoscaling:DescribeScalableTargets",
        parts=ON_DEMAND,
    ),
)
