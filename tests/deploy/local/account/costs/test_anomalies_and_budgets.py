"""Anomalies and budgets are computed from the same bill."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from tests.deploy.local.account.conftest import NOW

NAT = "EC2 - Other"
PARTS: dict[str, Any] = {
    "costs": [
        {
            "service": NAT,
            "usage_type": "USE1-NatGateway-Bytes",
            "daily_usd": 20,
            "noise": 0,
            "events": [{"from": "-3d", "set": 200}],
            "tags": {"team": "data"},
        },
        {"service": NAT, "usage_type": "USE1-EBS:VolumeUsage.gp3", "daily_usd": 5, "noise": 0},
        {"service": "AWS Lambda", "usage_type": "USE1-Request", "daily_usd": 3, "noise": 0},
    ],
    "cost_anomalies": [
        {
            "id": "a-nat",
            "from": "-3d",
            "dimension_value": NAT,
            "root_causes": [{"service": NAT, "usage_type": "USE1-NatGateway-Bytes"}],
        },
        {"id": "a-old", "from": "-40d", "to": "-38d", "dimension_value": "AWS Lambda", "feedback": "NO"},
    ],
    "budgets": [
        {
            "name": "network",
            "limit_usd": 400,
            "services": [NAT],
            "notifications": [
                {"type": "ACTUAL", "threshold": 80, "subscribers": ["oncall@example.com"]},
                {"type": "FORECASTED", "threshold": 100, "subscribers": ["arn:aws:sns:us-east-1:123456789012:costs"]},
                {"type": "ACTUAL", "threshold": 5000, "threshold_type": "ABSOLUTE_VALUE"},
            ],
        },
        {"name": "data-team", "limit_usd": 1000, "time_unit": "QUARTERLY", "tags": {"team": "data"}},
    ],
}
ACCOUNT = "123456789012"


def day(offset: int) -> str:
    return (NOW + timedelta(days=offset)).date().isoformat()


@pytest.fixture
def ce(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(**PARTS)
    return client("ce")


@pytest.fixture
def budgets(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(**PARTS)
    return client("budgets")


def anomalies(ce: Any, **query: Any) -> list[dict[str, Any]]:
    query.setdefault("DateInterval", {"StartDate": day(-60), "EndDate": day(0)})
    return ce.get_anomalies(**query)["Anomalies"]


def test_the_impact_is_what_was_spent_beyond_the_expected(ce: Any) -> None:
    [found] = anomalies(ce, DateInterval={"StartDate": day(-7)})
    hours = 3 * 24 - 6  # since three days ago, up to what is billed
    assert found["Impact"]["TotalActualSpend"] == pytest.approx(205 * hours / 24, rel=0.01)
    assert found["Impact"]["TotalExpectedSpend"] == pytest.approx(25 * hours / 24, rel=0.01)
    assert found["Impact"]["TotalImpact"] == pytest.approx(180 * hours / 24, rel=0.01)
    assert found["Impact"]["MaxImpact"] == pytest.approx(180)
    [cause] = found["RootCauses"]
    assert cause["UsageType"] == "USE1-NatGateway-Bytes"
    assert cause["Impact"]["Contribution"] == found["Impact"]["TotalImpact"]
    assert found["AnomalyStartDate"].startswith(day(-3))
    assert found["AnomalyEndDate"].startswith(day(0))


def test_dates_impact_feedback_and_monitor_leave_out_the_rest(ce: Any) -> None:
    def ids(**query: Any) -> list[str]:
        return [each["AnomalyId"] for each in anomalies(ce, **query)]

    assert ids() == ["a-nat", "a-old"]
    assert ids(DateInterval={"StartDate": day(-50), "EndDate": day(-20)}) == ["a-old"]
    assert ids(TotalImpact={"NumericOperator": "GREATER_THAN", "StartValue": 100}) == ["a-nat"]
    assert ids(Feedback="NO") == ["a-old"]
    [monitor] = ce.get_anomaly_monitors()["AnomalyMonitors"]
    assert ids(MonitorArn=monitor["MonitorArn"]) == ["a-nat", "a-old"]
    assert ids(MonitorArn=monitor["MonitorArn"] + "0") == []
    with pytest.raises(ClientError) as caught:
        ce.get_anomaly_monitors(MonitorArnList=["arn:aws:ce::1:anomalymonitor/none"])
    assert caught.value.response["Error"]["Code"] == "UnknownMonitorException"


def test_a_budget_holds_what_was_spent_and_what_it_will_come_to(budgets: Any) -> None:
    found = {each["BudgetName"]: each for each in budgets.describe_budgets(AccountId=ACCOUNT)["Budgets"]}
    spend = found["network"]["CalculatedSpend"]
    # 1 November 00:00 to the 4th 09:00; the NAT gateway cost 200 a day since the 1st at 15:00
    expected = 25 * 15 / 24 + 205 * (9 + 24 + 24 + 9) / 24
    assert float(spend["ActualSpend"]["Amount"]) == pytest.approx(expected, rel=0.01)
    assert float(spend["ForecastedSpend"]["Amount"]) > 1.5 * expected
    assert found["network"]["CostFilters"] == {"Service": [NAT]}
    assert found["data-team"]["CostFilters"] == {"TagKeyValue": ["user:team$data"]}
    quarter = float(found["data-team"]["CalculatedSpend"]["ActualSpend"]["Amount"])
    assert quarter == pytest.approx(31 * 20 + expected - 5 * 81 / 24, rel=0.01)


def test_notifications_are_in_alarm_when_exceeded(budgets: Any) -> None:
    query = {"AccountId": ACCOUNT, "BudgetName": "network"}
    notifications = budgets.describe_notifications_for_budget(**query)["Notifications"]
    assert [each["NotificationState"] for each in notifications] == ["ALARM", "ALARM", "OK"]
    subscribers = budgets.describe_subscribers_for_notification(**query, Notification=notifications[1])["Subscribers"]
    assert subscribers == [{"SubscriptionType": "SNS", "Address": "arn:aws:sns:us-east-1:123456789012:costs"}]


def test_the_notifications_of_all_budgets_come_at_once(budgets: Any) -> None:
    listed = budgets.describe_budget_notifications_for_account(AccountId=ACCOUNT)["BudgetNotificationsForAccount"]
    assert [each["BudgetName"] for each in listed] == ["network"]  # the other notifies nobody
    assert [each["NotificationState"] for each in listed[0]["Notifications"]] == ["ALARM", "ALARM", "OK"]
    others = budgets.describe_budget_notifications_for_account(AccountId="999999999999")
    assert others.get("BudgetNotificationsForAccount", []) == []


def test_the_performance_history_has_every_month(budgets: Any) -> None:
    history = budgets.describe_budget_performance_history(
        AccountId=ACCOUNT,
        BudgetName="network",
        TimePeriod={"Start": datetime(2026, 9, 1, tzinfo=UTC), "End": datetime(2026, 11, 30, tzinfo=UTC)},
    )["BudgetPerformanceHistory"]["BudgetedAndActualAmountsList"]
    assert [float(each["ActualAmount"]["Amount"]) for each in history[1:]] == pytest.approx([31 * 25, 30 * 25])


def test_unknown_budgets_and_accounts_have_nothing(budgets: Any) -> None:
    with pytest.raises(ClientError) as caught:
        budgets.describe_budget(AccountId=ACCOUNT, BudgetName="nope")
    assert caught.value.response["Error"]["Code"] == "NotFoundException"
    assert budgets.describe_budgets(AccountId="999999999999").get("Budgets", []) == []
