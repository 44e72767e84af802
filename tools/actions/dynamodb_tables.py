"""What a DynamoDB table may be read and written, what Auto Scaling lets it, and what on-demand would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.ports import AwsSession
from tools.actions.kind import Order
from tools.actions.looking import tags_of

READ, WRITE = "ReadCapacityUnits", "WriteCapacityUnits"
ON_DEMAND = "PAY_PER_REQUEST"
PROVISIONED = "PROVISIONED"
ON_DEMAND_USD = {READ: 0.125e-6, WRITE: 0.625e-6}
"""For a request unit, at the us-east-1 list price (DynamoDB's price page since November 2024)."""
DAYS_A_MONTH = 730 / 24
_DIMENSIONS = {"dynamodb:table:ReadCapacityUnits": READ, "dynamodb:table:WriteCapacityUnits": WRITE}


@dataclass(frozen=True)
class Table:
    """As DescribeTable shows it, with the bounds (least, most) that Auto Scaling has by unit."""

    raw: dict[str, Any]
    bounds: Mapping[str, tuple[int, int]]
    tags: dict[str, str]

    @property
    def on_demand(self) -> bool:
        return self.state()["mode"] == ON_DEMAND

    @property
    def indexes(self) -> int:
        return len(self.raw.get("GlobalSecondaryIndexes", []))

    @property
    def switched(self) -> datetime | None:
        """When it last became an on-demand table."""
        when: datetime | None = self.raw.get("BillingModeSummary", {}).get("LastUpdateToPayPerRequestDateTime")
        return when

    def state(self) -> dict[str, Any]:
        return state_of(self.raw)


def read_table(order: Order[Any], aws: AwsSession) -> Table:
    raw = describe(order, aws)
    resource = f"table/{order.target.id}"
    scaling = aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="dynamodb", ResourceIds=[resource]
    )
    bounds = {
        _DIMENSIONS[each["ScalableDimension"]]: (int(each["MinCapacity"]), int(each["MaxCapacity"]))
        for each in scaling["ScalableTargets"]
        if each["ScalableDimension"] in _DIMENSIONS
    }
    pages = aws.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=raw["TableArn"])
    return Table(raw, bounds, tags_of(tag for page in pages for tag in page["Tags"]))


def describe(order: Order[Any], aws: AwsSession) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("dynamodb").describe_table(TableName=order.target.id)["Table"]
    return found


def state_of(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`{"mode": "PROVISIONED", "read": 100, "write": 50}`; an on-demand table has 0 of both."""
    mode = raw.get("BillingModeSummary", {}).get("BillingMode", PROVISIONED)
    units = {} if mode == ON_DEMAND else raw.get("ProvisionedThroughput", {})
    return {"mode": mode, "read": int(units.get(READ, 0)), "write": int(units.get(WRITE, 0))}


def on_demand_month(order: Order[Any], aws: AwsSession, now: datetime) -> float:
    """What the last day's use would cost by request for a month, in USD. Throttled requests are not in it."""
    dimensions = [{"Name": "TableName", "Value": order.target.id}]
    queries = [
        {
            "Id": unit.lower(),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/DynamoDB",
                    "MetricName": f"Consumed{unit}",
                    "Dimensions": dimensions,
                },
                "Period": 3600,
                "Stat": "Sum",
            },
        }
        for unit in ON_DEMAND_USD
    ]
    reply = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - timedelta(days=1), EndTime=now
    )
    used = {each["Id"]: sum(each["Values"]) for each in reply["MetricDataResults"]}
    return DAYS_A_MONTH * sum(used.get(unit.lower(), 0.0) * usd for unit, usd in ON_DEMAND_USD.items())
