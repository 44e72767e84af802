"""Budgets, anomalies and forecasts, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tests.tools.evidence.cost.examples import NAT_SPIKE, STEADY, line
from tools.evidence.cost.anomalies import cost_anomalies
from tools.evidence.cost.budgets import budget_status
from tools.evidence.cost.forecast import cost_forecast


def anomaly(number: str, **more: Any) -> dict[str, Any]:
    cause = {"service": "EC2 - Other", "usage_type": "NatGateway-Bytes", "linked_account_name": "prod"}
    return {"id": number, "from": "-4d", "dimension_value": "EC2 - Other", "root_causes": [cause], **more}


async def test_a_budget_says_which_alert_thresholds_it_has_passed(load: Load, call: Call):
    alerts = [
        {"type": "ACTUAL", "threshold": 50},
        {"type": "ACTUAL", "threshold": 99},
        {"type": "FORECASTED", "threshold": 100},
        {"type": "ACTUAL", "threshold": 500, "threshold_type": "ABSOLUTE_VALUE"},
    ]
    load(costs=STEADY, budgets=[{"name": "team", "limit_usd": 1500, "notifications": alerts}])
    (finding,) = (await call(budget_status)).findings
    assert finding.kind == "budget_exceeded"
    assert finding.attributes["thresholds"] == "$500 (actual), 50% (actual), 100% (forecasted)"
    assert "will be exceeded" in finding.statement


async def test_a_budget_without_alerts_and_one_that_holds_say_so(load: Load, call: Call):
    load(costs=STEADY, budgets=[{"name": "roomy", "limit_usd": 9000}])
    evidence = await call(budget_status)
    assert evidence.findings[0].kind == "cost_steady"
    assert "holds" in evidence.findings[0].statement
    assert "thresholds" not in evidence.findings[0].statement


async def test_budgets_and_their_alerts_are_read_over_all_pages(load: Load, call: Call):
    alert = [{"type": "ACTUAL", "threshold": 50}]
    budgets = [{"name": f"team-{n:03}", "limit_usd": 9000 + n} for n in range(150)]
    load(costs=STEADY, budgets=[*budgets, {"name": "zoo", "limit_usd": 1000, "notifications": alert}])
    evidence = await call(budget_status)
    assert evidence.summary.startswith("1 of 151 budgets exceeded")
    assert evidence.findings[0].resource == "zoo"
    assert "50% (actual)" in evidence.findings[0].statement


async def test_denied_alerts_leave_the_budget_and_name_the_permission(load: Load, call: Call):
    load(
        costs=STEADY,
        budgets=[{"name": "tight", "limit_usd": 900}],
        denied=[{"action": "budgets:DescribeBudgetNotificationsForAccount"}],
    )
    evidence = await call(budget_status)
    assert evidence.status is EvidenceStatus.ok
    assert evidence.findings[0].kind == "budget_exceeded"
    assert "Alert thresholds could not be read" in evidence.summary


async def test_another_accounts_budgets_are_not_ours(load: Load, call: Call):
    load(account_id="999999999999", budgets=[{"name": "theirs", "limit_usd": 1}])
    assert (await call(budget_status)).status is EvidenceStatus.no_data


async def test_an_anomaly_tells_its_causes_its_impact_and_that_it_lasts(load: Load, call: Call):
    load(costs=NAT_SPIKE, cost_anomalies=[anomaly("a1", score=0.9)])
    (found,) = (await call(cost_anomalies)).findings
    assert "since 2026-11-14" in found.statement
    assert "root cause NatGateway-Bytes in us-east-1 of prod ($" in found.statement
    assert found.attributes["region"] == "us-east-1"
    assert found.strength > 0.8


async def test_an_anomaly_that_somebody_dismissed_is_weak_and_says_who_called_it_planned(load: Load, call: Call):
    load(costs=NAT_SPIKE, cost_anomalies=[anomaly("a1", score=0.9, feedback="PLANNED_ACTIVITY")])
    (found,) = (await call(cost_anomalies)).findings
    assert "marked it as planned" in found.statement
    assert found.strength < 0.3


async def test_an_anomaly_outside_the_range_is_left_out(load: Load, call: Call):
    load(costs=NAT_SPIKE, cost_anomalies=[anomaly("a1", **{"from": "-20d", "to": "-18d"})])
    assert (await call(cost_anomalies, start="-7d")).status is EvidenceStatus.no_data
    (found,) = (await call(cost_anomalies)).findings
    assert "from 2026-10-29 to 2026-10-31" in found.statement


async def test_anomalies_are_read_over_all_pages(load: Load, call: Call):
    def short(number: int) -> dict[str, str]:
        days = 2 + number % 20
        return {"from": f"-{days}d", "to": f"-{days - 1}d23h"}

    load(costs=NAT_SPIKE, cost_anomalies=[anomaly(f"a{n}", **short(n)) for n in range(130)])
    assert "And 129 others." in (await call(cost_anomalies)).summary


async def test_the_forecast_has_an_interval_and_counts_every_day_once(load: Load, call: Call):
    load(costs=[line("AWS Lambda", "Request", 10, noise=0.2), line("Amazon Redshift", "Node", 90, noise=0.05)])
    (finding,) = (await call(cost_forecast)).findings
    low, current, high = (float(finding.attributes[name]) for name in ("low", "current", "high"))
    assert low < current < high
    assert current == pytest.approx(100 * 30, rel=0.05)
    assert "80% likely between" in finding.statement
    assert "up to 17 Nov" in finding.statement


async def test_one_services_forecast_leaves_the_others_out(load: Load, call: Call):
    load(costs=STEADY)
    (finding,) = (await call(cost_forecast, service="redshift")).findings
    assert float(finding.attributes["current"]) == pytest.approx(52 * 30, rel=0.05)
    assert (await call(cost_forecast, service="kinesis")).status is EvidenceStatus.no_data


async def test_without_history_there_is_no_forecast_but_what_was_spent(load: Load, call: Call):
    load(costs=[line("AWS Lambda", "Request", 0, {"from": "-25d", "to": "-24d", "add": 50}, noise=0)])
    evidence = await call(cost_forecast)
    assert "too little history" in evidence.summary
    assert "last month was $50.00" in evidence.summary


async def test_on_the_first_of_a_month_all_of_it_is_forecast(load: Load, call: Call):
    load(costs=STEADY)
    object.__setattr__(call, "now", datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    (finding,) = (await call(cost_forecast)).findings
    assert "has cost $0.00 this month so far" in finding.statement
    assert float(finding.attributes["current"]) == pytest.approx(61 * 31, rel=0.05)


async def test_amounts_of_china_are_in_yuan(load: Load, call: Call):
    load(region="cn-north-1", costs=STEADY)
    assert "CNY" in (await call(cost_forecast)).summary
