"""Cost Explorer answers from the request: dates, filters, groups, granularity, pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from tests.deploy.local.account.conftest import NOW, Clock

LAMBDA, EC2 = "AWS Lambda", "Amazon Elastic Compute Cloud - Compute"
COSTS = [
    {
        "service": LAMBDA,
        "usage_type": "USE1-Lambda-GB-Second",
        "operation": "Invoke",
        "daily_usd": 10,
        "noise": 0.02,
        "tags": {"team": "media"},
        "resource_id": "arn:aws:lambda:us-east-1:123456789012:function:thumbnails",
        "usage_per_day": {"amount": 600_000, "unit": "Lambda-GB-Second"},
        "events": [{"from": "-2d", "multiply": 20}],
    },
    {"service": LAMBDA, "usage_type": "USE1-Request", "daily_usd": 2, "noise": 0, "tags": {"team": "media"}},
    {
        "service": EC2,
        "usage_type": "USE1-BoxUsage:m6i.large",
        "daily_usd": 100,
        "noise": 0,
        "weekend": 0.5,
        "tags": {"team": "shop"},
    },
    {"service": "AmazonCloudWatch", "usage_type": "EUW1-Alarms", "region": "eu-west-1", "daily_usd": 1, "noise": 0},
]
TODAY = NOW.date()


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


@pytest.fixture
def ce(load: Callable[..., Scenario], client: Callable[..., Any]) -> Any:
    load(costs=COSTS)
    return client("ce")


def costs(ce: Any, first: str, last: str, granularity: str = "DAILY", **more: Any) -> list[dict[str, Any]]:
    period = {"Start": first, "End": last}
    more.setdefault("Metrics", ["UnblendedCost"])
    return ce.get_cost_and_usage(TimePeriod=period, Granularity=granularity, **more)["ResultsByTime"]


def amounts(results: list[dict[str, Any]]) -> list[float]:
    return [float(result["Total"]["UnblendedCost"]["Amount"]) for result in results]


def by_key(result: dict[str, Any], metric: str = "UnblendedCost") -> dict[str, float]:
    return {"/".join(group["Keys"]): float(group["Metrics"][metric]["Amount"]) for group in result["Groups"]}


def service(*names: str) -> dict[str, Any]:
    return {"Dimensions": {"Key": "SERVICE", "Values": list(names)}}


def test_each_day_has_its_own_amount_and_the_end_is_excluded(ce: Any) -> None:
    results = costs(ce, day(-9), day(-6), Filter=service(EC2))
    assert [result["TimePeriod"]["Start"] for result in results] == [day(-9), day(-8), day(-7)]
    assert amounts(results) == [100, 100, 100]
    assert amounts(costs(ce, day(-4), day(-2), Filter=service(EC2))) == [50, 50]  # a weekend


def test_the_spike_shows_on_its_days_only(ce: Any) -> None:
    found = amounts(costs(ce, day(-5), day(0), Filter=service(LAMBDA)))
    assert found[:3] == pytest.approx([12, 12, 12], rel=0.1)
    assert found[3] == pytest.approx(12 + 190 * 9 / 24, rel=0.15)  # from 15:00 on
    assert found[4] == pytest.approx(202, rel=0.1)


def test_today_is_billed_up_to_a_few_hours_ago_and_estimated(ce: Any) -> None:
    [today] = costs(ce, day(0), day(1), Filter=service(EC2))
    assert amounts([today]) == pytest.approx([100 * 9 / 24])
    assert today["Estimated"]
    assert amounts(costs(ce, day(1), day(3), Filter=service(EC2))) == [0, 0]


def test_months_are_summed_and_old_ones_are_final(ce: Any) -> None:
    results = costs(ce, "2026-09-15", "2026-11-01", "MONTHLY", Filter=service("AmazonCloudWatch"))
    assert amounts(results) == pytest.approx([16, 31])
    assert [result["Estimated"] for result in results] == [False, True]
    assert results[0]["TimePeriod"] == {"Start": "2026-09-15", "End": "2026-10-01"}


def test_hours_are_given_for_the_last_two_weeks(ce: Any) -> None:
    start, end = f"{day(-2)}T13:00:00Z", f"{day(-2)}T17:00:00Z"
    found = amounts(costs(ce, start, end, "HOURLY", Filter=service(LAMBDA)))
    assert len(found) == 4
    assert found[2] > 10 * found[1]
    with pytest.raises(ClientError, match="14 days"):
        costs(ce, day(-20), day(-19), "HOURLY")


def test_groups_by_one_or_two_keys(ce: Any) -> None:
    dimension = [{"Type": "DIMENSION", "Key": "SERVICE"}]
    [result] = costs(ce, day(-8), day(-7), GroupBy=dimension)
    assert result["Total"] == {}
    assert by_key(result) == pytest.approx({LAMBDA: 12, EC2: 100, "AmazonCloudWatch": 1}, rel=0.05)
    [result] = costs(ce, day(-8), day(-7), GroupBy=[*dimension, {"Type": "TAG", "Key": "team"}])
    assert set(by_key(result)) == {f"{LAMBDA}/team$media", f"{EC2}/team$shop", "AmazonCloudWatch/team$"}
    [result] = costs(ce, day(-8), day(-7), GroupBy=[{"Type": "DIMENSION", "Key": "INSTANCE_TYPE"}])
    assert set(by_key(result)) == {"m6i.large", "NoInstanceType"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (service(EC2), 100),
        ({"Not": service(EC2, LAMBDA)}, 1),
        ({"Tags": {"Key": "team", "Values": ["shop"]}}, 100),
        ({"Tags": {"Key": "team", "MatchOptions": ["ABSENT"]}}, 1),
        ({"And": [service(LAMBDA), {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["USE1-Request"]}}]}, 2),
        ({"Or": [service(EC2), {"Dimensions": {"Key": "REGION", "Values": ["eu-west-1"]}}]}, 101),
        ({"Dimensions": {"Key": "USAGE_TYPE", "Values": ["Request"], "MatchOptions": ["ENDS_WITH"]}}, 2),
        (service("aws lambda"), 0),
        ({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["999999999999"]}}, 0),
    ],
)
def test_filters_leave_out_the_rest(ce: Any, expression: dict[str, Any], expected: float) -> None:
    assert amounts(costs(ce, day(-8), day(-7), Filter=expression)) == pytest.approx([expected])


def test_usage_follows_the_cost(ce: Any) -> None:
    quantity = {"Metrics": ["UsageQuantity", "UNBLENDED_COST"]}
    usage = {"Dimensions": {"Key": "USAGE_TYPE", "Values": ["USE1-Lambda-GB-Second"]}}
    [before], [after] = (costs(ce, day(at), day(at + 1), Filter=usage, **quantity) for at in (-5, -1))
    assert before["Total"]["UsageQuantity"]["Unit"] == "Lambda-GB-Second"
    assert float(before["Total"]["UsageQuantity"]["Amount"]) == pytest.approx(600_000, rel=0.1)
    assert float(after["Total"]["UsageQuantity"]["Amount"]) == pytest.approx(12_000_000, rel=0.1)


def test_resources_are_named_for_the_last_two_weeks(ce: Any) -> None:
    query: dict[str, Any] = {
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "Filter": service(LAMBDA),
        "GroupBy": [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}],
    }
    [result] = ce.get_cost_and_usage_with_resources(TimePeriod={"Start": day(-1), "End": day(0)}, **query)[
        "ResultsByTime"
    ]
    assert max(by_key(result), key=by_key(result).__getitem__).endswith("function:thumbnails")
    with pytest.raises(ClientError) as caught:
        ce.get_cost_and_usage_with_resources(TimePeriod={"Start": day(-30), "End": day(-29)}, **query)
    assert caught.value.response["Error"]["Code"] == "DataUnavailableException"
    with pytest.raises(ClientError, match="RESOURCE_ID"):
        costs(ce, day(-1), day(0), GroupBy=query["GroupBy"])


def test_a_year_comes_in_pages_that_together_are_whole(ce: Any) -> None:
    request = {"TimePeriod": {"Start": day(-300), "End": day(0)}, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        reply = ce.get_cost_and_usage(**request, **token)
        seen += [result["TimePeriod"]["Start"] for result in reply["ResultsByTime"]]
        if "NextPageToken" not in reply:
            break
        token = {"NextPageToken": reply["NextPageToken"]}
    assert seen == [day(at) for at in range(-300, 0)]
    with pytest.raises(ClientError) as caught:
        ce.get_cost_and_usage(**request, NextPageToken="rubbish")
    assert caught.value.response["Error"]["Code"] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"TimePeriod": {"Start": "2026-11-02", "End": "2026-11-02"}},
        {"TimePeriod": {"Start": "02.11.2026", "End": "2026-11-03"}},
        {"TimePeriod": {"Start": "2024-11-02", "End": "2026-11-03"}},
        {"TimePeriod": {"Start": "2026-11-02", "End": "2027-02-01"}},
        {"Metrics": ["Money"]},
        {"GroupBy": [{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "REGION", "OPERATION")]},
        {"GroupBy": [{"Type": "DIMENSION", "Key": "TENANCY"}]},
        {"Filter": {"And": [service(EC2)], "Or": [service(EC2)]}},
    ],
)
def test_a_wrong_request_is_refused(ce: Any, wrong: dict[str, Any]) -> None:
    request: dict[str, Any] = {
        "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-03"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
    }
    with pytest.raises(ClientError) as caught:
        ce.get_cost_and_usage(**{**request, **wrong})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_forecast_follows_the_last_weeks(ce: Any) -> None:
    period = {"Start": "2026-11-04", "End": "2026-12-01"}
    request = {"TimePeriod": period, "Metric": "UNBLENDED_COST", "Granularity": "DAILY", "Filter": service(EC2)}
    forecast = ce.get_cost_forecast(**request, PredictionIntervalLevel=80)
    days = forecast["ForecastResultsByTime"]
    assert len(days) == 27
    assert float(days[0]["MeanValue"]) == pytest.approx(100)
    assert float(days[3]["MeanValue"]) == pytest.approx(50)  # Saturday
    assert float(forecast["Total"]["Amount"]) == pytest.approx(19 * 100 + 8 * 50)
    spiky = ce.get_cost_forecast(**{**request, "Filter": service(LAMBDA)}, PredictionIntervalLevel=80)
    first = spiky["ForecastResultsByTime"][0]
    assert (
        float(first["PredictionIntervalLowerBound"])
        < float(first["MeanValue"])
        < float(first["PredictionIntervalUpperBound"])
    )


def test_a_forecast_of_nothing_or_of_the_past_is_refused(ce: Any) -> None:
    def code(start: str, of: dict[str, Any]) -> str:
        with pytest.raises(ClientError) as caught:
            ce.get_cost_forecast(
                TimePeriod={"Start": start, "End": day(5)}, Metric="UNBLENDED_COST", Granularity="DAILY", Filter=of
            )
        return caught.value.response["Error"]["Code"]

    assert code(day(0), service("Amazon Neptune")) == "DataUnavailableException"
    assert code(day(-3), service(EC2)) == "ValidationException"


def test_dimension_values_and_tags_are_searched(ce: Any) -> None:
    period = {"Start": day(-5), "End": day(0)}

    def values(dimension: str, **more: Any) -> list[str]:
        reply = ce.get_dimension_values(TimePeriod=period, Dimension=dimension, **more)
        return [each["Value"] for each in reply["DimensionValues"]]

    assert values("SERVICE", SearchString="lambda") == [LAMBDA]
    assert values("USAGE_TYPE", Filter=service(LAMBDA)) == ["USE1-Lambda-GB-Second", "USE1-Request"]
    assert values("SERVICE", SortBy=[{"Key": "UnblendedCost", "SortOrder": "DESCENDING"}])[0] == EC2
    assert ce.get_tags(TimePeriod=period)["Tags"] == ["team"]
    assert ce.get_tags(TimePeriod=period, TagKey="team")["Tags"] == ["", "media", "shop"]


def test_several_scenarios_share_the_bill(load: Callable[..., Scenario], client: Callable[..., Any]) -> None:
    for name, usd in (("one", 5), ("two", 7)):
        load(name, costs=[{"service": "Amazon S3", "usage_type": "Requests", "daily_usd": usd, "noise": 0}])
    assert amounts(costs(client("ce"), day(-3), day(-2))) == pytest.approx([12])


def test_the_same_day_costs_the_same_when_asked_again_or_loaded_later(
    ce: Any, load: Callable[..., Scenario], clock: Clock
) -> None:
    before = amounts(costs(ce, day(-20), day(-10)))
    later: datetime = NOW + timedelta(days=1)
    clock.moment = later
    load(costs=COSTS, now=later)
    assert amounts(costs(ce, day(-20), day(-10))) == before


def test_groups_by_account_come_with_the_accounts_names(
    load: Callable[..., Scenario], client: Callable[..., Any]
) -> None:
    cost = {"service": LAMBDA, "usage_type": "Request", "daily_usd": 1, "noise": 0}
    load(costs=[cost, {**cost, "linked_account": "222222222222", "linked_account_name": "media"}])
    groups = [{"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}]
    reply = client("ce").get_cost_and_usage(
        TimePeriod={"Start": day(-2), "End": day(-1)}, Granularity="DAILY", Metrics=["UnblendedCost"], GroupBy=groups
    )
    assert reply["DimensionValueAttributes"] == [{"Value": "222222222222", "Attributes": {"description": "media"}}]
    assert {group["Keys"][0] for group in reply["ResultsByTime"][0]["Groups"]} == {"123456789012", "222222222222"}


def test_many_groups_come_in_pages_of_days(load: Callable[..., Scenario], client: Callable[..., Any]) -> None:
    load(costs=[{"service": LAMBDA, "usage_type": f"T-{n}", "daily_usd": 1, "noise": 0} for n in range(400)])
    request: dict[str, Any] = {
        "TimePeriod": {"Start": day(-30), "End": day(0)},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    }
    first = client("ce").get_cost_and_usage(**request)
    assert len(first["ResultsByTime"]) == 12  # 5,000 rows
    second = client("ce").get_cost_and_usage(**request, NextPageToken=first["NextPageToken"])
    assert second["ResultsByTime"][0]["TimePeriod"]["Start"] == day(-18)


def test_the_bill_of_a_region_in_china_is_in_yuan(load: Callable[..., Scenario], client: Callable[..., Any]) -> None:
    load(region="cn-north-1", costs=[{"service": LAMBDA, "usage_type": "Request", "daily_usd": 5, "noise": 0}])
    (result,) = costs(client("ce"), day(-2), day(-1))
    assert result["Total"]["UnblendedCost"] == {"Amount": "5.0000000000", "Unit": "CNY"}
