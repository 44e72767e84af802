"""DynamoDB: one step of units at a time, within Auto Scaling's bounds; on demand with its price."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UncertainEffect
from tests.tools.actions.account import Bench
from tools.actions.catalog import ACTIONS

NAME = "sessions"


def load(bench: Bench, metrics: list[dict[str, Any]] | None = None, **table: Any) -> None:
    told = {"name": NAME, "read_capacity": 100, "write_capacity": 80, **table}
    bench.load(resources={"dynamodb_tables": [told]}, metrics=metrics or [])


def capacity(bench: Bench, **parameters: Any) -> Any:
    return bench.preview("dynamodb_capacity", NAME, **parameters)


@pytest.mark.parametrize("write", [40, 79, 81, 160])
def test_one_step_is_at_most_double_or_half(bench: Bench, write: int) -> None:
    load(bench)
    assert capacity(bench, write=write).problems == ()


@pytest.mark.parametrize("write", [39, 161, 40_000])
def test_a_leap_is_refused(bench: Bench, write: int) -> None:
    load(bench)
    assert "one step" in capacity(bench, write=write).problems[0]


def test_units_that_are_not_named_stay_and_what_a_month_costs_is_said(bench: Bench) -> None:
    """80 more write units: 730 x 80 x 0.00065 USD."""
    load(bench)
    preview = capacity(bench, write=160)
    assert preview.after == {"mode": "PROVISIONED", "read": 100, "write": 160}
    assert preview.usd_month == pytest.approx(37.96)
    assert preview.cost == "about 38 USD a month more at the us-east-1 list price"


def test_fewer_units_are_cheaper_and_decreases_are_counted_by_dynamodb(bench: Bench) -> None:
    load(bench)
    preview = capacity(bench, read=50)
    assert preview.usd_month < 0
    assert "decreases" in preview.warnings[0]


def test_on_demand_is_estimated_from_the_last_day(bench: Bench) -> None:
    """600 write units a minute are 864,000 a day; 730/24 days of them cost 0.625 USD a million: 16.4 USD."""
    consumed = {"namespace": "AWS/DynamoDB", "dimensions": {"TableName": NAME}, "statistic_kind": "count", "noise": 0}
    load(bench, [{**consumed, "name": "ConsumedWriteCapacityUnits", "baseline": 600}])
    preview = capacity(bench, mode="on_demand")
    provisioned = 730 * (80 * 0.00065 + 100 * 0.00013)
    assert preview.problems == ()
    assert preview.usd_month == pytest.approx(16.43 - provisioned, abs=0.5)
    assert "last 24 hours" in preview.cost
    assert "4 times in 24 hours" in preview.warnings[0]


def test_auto_scalings_bounds_hold(bench: Bench) -> None:
    load(bench, write_autoscaling={"minimum": 60, "maximum": 120})
    assert "between 60 and 120" in " ".join(capacity(bench, write=160).problems)
    assert capacity(bench, write=120).problems == ()
    assert "may set other units" in " ".join(capacity(bench, write=120).warnings)
    assert capacity(bench, read=200).problems == ()


def test_a_table_on_demand_needs_both_units_to_go_back(bench: Bench) -> None:
    load(bench, on_demand=True)
    assert "both" in capacity(bench, read=10).problems[0]
    assert capacity(bench, read=10, write=10).problems == ()
    assert "already" in capacity(bench, mode="on_demand").problems[0]


def test_a_table_with_indexes_cannot_be_led_back_from_on_demand(bench: Bench) -> None:
    load(bench, indexes=[{"name": "by-user", "hash_key": "user"}])
    preview = capacity(bench, mode="on_demand")
    assert "indexes" in " ".join(preview.warnings)
    result = bench.execute("dynamodb_capacity", NAME, mode="on_demand")
    kind = ACTIONS["dynamodb_capacity"]
    assert kind.undo(bench.order("dynamodb_capacity", NAME, {"mode": "on_demand"}), result) is None


def test_other_units_meanwhile_leave_it_in_doubt(bench: Bench) -> None:
    load(bench)
    seen = capacity(bench, write=160)
    units = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 90}
    bench.person("dynamodb").update_table(TableName=NAME, ProvisionedThroughput=units)
    with pytest.raises(UncertainEffect, match="90 write units"):
        bench.find("dynamodb_capacity", NAME, seen=seen, write=160)
