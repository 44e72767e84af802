"""What the rules on board make of alerts that no rule of the user's takes."""

from __future__ import annotations

from typing import Any

import pytest

from agent.alert_rules import read_rules
from agent.alert_rules.budgets import percent_used
from tests.agent.alert_rules.examples import NOON, alert

BUDGET = "Budgeted Amount: $200.00\nAlert Type: ACTUAL\nAlert Threshold: > $100.00\nACTUAL Amount: ${}"


@pytest.mark.parametrize(
    ("fields", "treatment"),
    [
        ({"severity": "critical"}, "analyse"),
        ({"severity": "error"}, "analyse"),
        ({"severity": "warning"}, "pass"),
        ({"severity": "info"}, "pass"),
        ({"severity": "error", "status": "resolved"}, "digest"),
        ({"severity": "warning", "source": "cloudwatch"}, "analyse"),
        ({"severity": "warning", "source": "watchkeeper"}, "analyse"),
        ({"severity": "warning", "source": "health"}, "analyse"),
        ({"severity": "info", "source": "health"}, "pass"),
        ({"severity": "warning", "source": "guardduty"}, "analyse"),
        ({"severity": "info", "source": "Security Hub"}, "digest"),
        ({"severity": "warning", "resource": {"service": "glue", "id": "nightly"}}, "analyse"),
        ({"severity": "info", "resource": {"service": "backup", "id": "nightly"}}, "pass"),
        ({"severity": "warning", "source": "airflow"}, "analyse"),
        ({"severity": "warning", "title": "AWS Budgets: team", "description": BUDGET.format("150.00")}, "pass"),
        ({"severity": "warning", "title": "AWS Budgets: team", "description": BUDGET.format("160.00")}, "analyse"),
        ({"severity": "info", "title": "Budget team", "labels": {"percent_used": "84"}}, "analyse"),
        ({"severity": "warning", "title": "AWS Budgets: team has exceeded your alert threshold"}, "analyse"),
        ({"title": "[FIRING:1] Watchdog"}, "drop"),
        ({"title": "Heartbeat OK"}, "drop"),
        ({"title": "prometheus is still alive"}, "drop"),
        ({"title": "Heartbeat of backup-agent is missing", "severity": "error"}, "analyse"),
        ({"title": "kernel watchdog: BUG: soft lockup", "severity": "critical"}, "analyse"),
    ],
)
def test_a_tired_engineer_is_told_what_matters(fields: dict[str, Any], treatment: str) -> None:
    assert read_rules(None).decide(alert(**fields), "alerts", NOON).treatment == treatment


def test_a_heartbeat_has_a_topic_of_its_own() -> None:
    assert read_rules(None).decide(alert("Heartbeat"), "", NOON).topic == "heartbeat"


@pytest.mark.parametrize(
    ("fields", "percent"),
    [
        ({"labels": {"percent_used": "83.5"}}, 83.5),
        ({"labels": {"budget_amount": "$1,000.00"}, "value": "$850"}, 85),
        ({"description": BUDGET.format("1,234.00")}, 617),
        ({"description": "Budget team is at 91% (80 % was the threshold)."}, 91),
        ({"description": "Spending goes up."}, None),
    ],
)
def test_how_much_of_a_budget_is_used_is_read_from_what_the_alert_says(
    fields: dict[str, Any], percent: float | None
) -> None:
    assert percent_used(alert("Budget team", **fields)) == percent
    assert percent_used(alert("CPU at 99%")) is None
