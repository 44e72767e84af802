"""What a range of days cost: sums over the wire, checked against amounts that are known without noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.conftest import NOW, Call, Load
from tests.tools.evidence.cost.examples import kinds, line
from tools.evidence.cost.breakdown import cost_breakdown

LAMBDA, S3, COMPUTE, OTHER = (
    "AWS Lambda",
    "Amazon Simple Storage Service",
    "Amazon Elastic Compute Cloud - Compute",
    "EC2 - Other",
)
PLAIN = [line(LAMBDA, "Request", 100, noise=0), line(S3, "Requests-Tier1", 20, noise=0)]
OCTOBER = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}
NOVEMBER = {"start": "2026-11-01T00:00:00Z", "end": NOW.isoformat()}


def whole(evidence: Evidence) -> Finding:
    return kinds(evidence, "cost_total")[0]


def amounts(evidence: Evidence) -> tuple[float, float]:
    """What the range cost, and what it compares with."""
    found = whole(evidence).attributes
    return float(found["current"]), float(found["previous"])


async def test_a_calendar_month_is_compared_with_the_one_before(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, **OCTOBER)

    assert amounts(evidence) == pytest.approx((120 * 31, 120 * 30))
    assert whole(evidence).statement == (
        "AWS cost $3,720 in October (1-31 Oct UTC), $120 a day, $120 (3%) more than in September ($3,600, $120 a day)."
    )


async def test_sums_agree_with_what_cost_explorer_says_of_the_whole_month(load: Load, call: Call) -> None:
    """Asked in another way: by month, without groups."""
    rising = line(LAMBDA, "Lambda-GB-Second", 40, {"from": "-30d", "add": 90}, noise=0.2, weekend=0.4)
    load(costs=[rising, line(S3, "TimedStorage-ByteHrs", 31, noise=0.1), line(OTHER, "NatGateway-Bytes", 8)])
    evidence = await call(cost_breakdown, **OCTOBER)
    asked: dict[str, Any] = {"Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}
    reply = call.aws.client("ce").get_cost_and_usage(  # pyright: ignore[reportFunctionMemberAccess] -- a Caller
        TimePeriod={"Start": "2026-09-01", "End": "2026-11-01"}, **asked
    )
    before, now = (float(month["Total"]["UnblendedCost"]["Amount"]) for month in reply["ResultsByTime"])

    assert amounts(evidence) == pytest.approx((now, before), abs=0.02)


async def test_this_month_so_far_is_compared_with_as_many_days_of_the_month_before(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, **NOVEMBER)
    said = whole(evidence).statement

    assert amounts(evidence) == pytest.approx((120 * 17, 120 * 17))
    assert said.startswith(
        "AWS cost $2,040 this month so far (1-17 Nov UTC), $120 a day, as much as in the 17 days 1-17 Oct"
    )
    assert "today has $45.00 so far on top" in said  # billed up to nine o'clock
    assert "the last day or two may still grow" in said


async def test_the_end_of_march_is_compared_with_all_of_a_short_february(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    april = replace(call, now=datetime(2026, 3, 31, 15, 0, tzinfo=UTC))  # pyright: ignore[reportArgumentType] -- a Caller
    evidence = await april(cost_breakdown, start="2026-03-01T00:00:00Z")

    assert amounts(evidence) == pytest.approx((120 * 30, 120 * 28))


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Berlin", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
        ("Los Angeles", "2026-10-01T07:00:00Z", "2026-11-01T07:00:00Z"),
        ("Kolkata", "2026-09-30T18:30:00Z", "2026-10-31T18:30:00Z"),
    ],
)
async def test_a_month_of_another_time_zone_is_the_same_month_of_the_bill(
    load: Load, call: Call, zone: str, start: str, end: str
) -> None:
    load(costs=PLAIN)
    assert "in October (1-31 Oct UTC)" in whole(await call(cost_breakdown, start=start, end=end)).statement, zone


async def test_other_days_to_compare_with_can_be_named(load: Load, call: Call) -> None:
    load(costs=[line(LAMBDA, "Request", 100, {"from": "-60d", "add": 50}, noise=0), line(S3, "Requests", 20, noise=0)])
    evidence = await call(cost_breakdown, **OCTOBER, against="2026-08-01")

    assert amounts(evidence) == pytest.approx((170 * 31, 120 * 31))
    assert "$1,550 (42%) more than in August ($3,720)" in whole(evidence).statement


async def test_a_day_and_a_week_are_compared_by_the_day(load: Load, call: Call) -> None:
    load(costs=[line(LAMBDA, "Request", 100, {"from": "-1d15h", "add": 200}, noise=0), PLAIN[1]])
    day = {"start": "2026-11-17T00:00:00Z", "end": "2026-11-18T00:00:00Z"}
    evidence = await call(cost_breakdown, service="lambda", **day, against="2026-11-02/2026-11-09")

    assert "$300 on 17 Nov (UTC), $200 a day (3 times) more than in the 7 days 2-8 Nov ($100 a day)" in (
        whole(evidence).statement
    )


async def test_a_day_is_compared_with_the_day_before(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, start="2026-11-10T00:00:00Z", end="2026-11-11T00:00:00Z")

    assert whole(evidence).statement == "AWS cost $120 on 10 Nov (UTC), as much as the day before, 9 Nov ($120)."


async def test_today_is_said_not_to_be_over_and_compared_with_nothing(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, start="2026-11-18T00:00:00Z")

    assert whole(evidence).statement == "AWS cost $45.00 today so far, 18 Nov (UTC); today is not billed to its end."
    assert evidence.tables[0].columns == ("What", "18 Nov")


async def test_days_that_are_not_billed_to_the_end_are_named(account: SimulatedAccount, load: Load, call: Call) -> None:
    load(costs=[line("AWS Key Management Service", f"Keys-{n}", 10, noise=0.02) for n in range(5)])
    midnight = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)
    account._account.now = lambda: midnight  # pyright: ignore[reportPrivateUsage] -- the clock of a running account
    try:
        evidence = await replace(call, now=midnight)(cost_breakdown, start="2026-11-01T00:00:00Z")  # pyright: ignore[reportArgumentType] -- a Caller
    finally:
        account._account.now = lambda: NOW  # pyright: ignore[reportPrivateUsage] -- the clock of a running account
    assert "17 Nov is not billed to the end yet" in whole(evidence).statement


async def test_a_service_that_the_bill_knows_by_two_names_is_summed_with_its_parts(load: Load, call: Call) -> None:
    load(costs=[*PLAIN, line(COMPUTE, "BoxUsage:m6i.large", 40, noise=0), line(OTHER, "EBS:VolumeUsage", 10, noise=0)])
    evidence = await call(cost_breakdown, service="ec2", **OCTOBER)
    together, *parts = kinds(evidence, "cost_total")

    assert together.statement.startswith(f"{COMPUTE} and {OTHER} together cost $1,550 in October")
    assert [part.statement for part in parts] == [
        f"{COMPUTE}: $1,240 in October, 80% of the total, $40.00 (3%) more than before ($1,200).",
        f"{OTHER}: $310 in October, 20% of the total, $10.00 (3%) more than before ($300).",
    ]


def ranks(found: Sequence[Finding]) -> list[str]:
    return [finding.attributes["service"] for finding in found if "rank" in finding.attributes]


async def test_as_many_of_the_largest_are_listed_as_are_asked_for(load: Load, call: Call) -> None:
    load(costs=[line(f"Amazon Thing {n:02}", "Usage", n, noise=0) for n in range(1, 13)])
    largest = [f"Amazon Thing {n:02}" for n in range(12, 0, -1)]

    assert ranks((await call(cost_breakdown)).findings) == largest[:3]
    assert ranks((await call(cost_breakdown, top=5)).findings) == largest[:5]
    assert ranks((await call(cost_breakdown, top=99)).findings) == largest[:10]


async def test_the_table_has_what_each_cost_before_and_the_difference(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    table = (await call(cost_breakdown, **OCTOBER)).tables[0]

    assert table.columns == ("What", "1-31 Oct", "1-30 Sep", "Difference")
    assert table.rows[0] == (LAMBDA, "$3,100", "$3,000", "+$100 (+3%)")


async def test_a_range_older_than_the_bill_is_a_gap_and_no_smaller_sum(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, start="2025-10-01T00:00:00Z", end="2025-11-01T00:00:00Z")

    assert not kinds(evidence, "cost_total")
    assert "No total of 1-31 Oct" in evidence.summary


async def test_what_was_before_the_bill_begins_is_not_known_instead_of_little(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    evidence = await call(cost_breakdown, start="2026-01-01T00:00:00Z")

    assert float(whole(evidence).attributes["current"]) == pytest.approx(120 * 321)
    assert "previous" not in whole(evidence).attributes
    assert "is not known" in whole(evidence).statement


async def test_a_service_without_costs_has_no_sum(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    assert (await call(cost_breakdown, service="kinesis", **OCTOBER)).status is EvidenceStatus.no_data


async def test_what_to_compare_with_must_be_another_range(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    for against in ("2026-10-01", "2026-08-01/2026-08-01", "spring"):
        assert (await call(cost_breakdown, **OCTOBER, against=against)).status is EvidenceStatus.error


async def test_a_month_and_its_services_take_one_request(load: Load, call: Call) -> None:
    load(costs=PLAIN)
    first = await call(cost_breakdown, **OCTOBER)
    second = await call(cost_breakdown, service="s3", **OCTOBER)

    assert (first.cost.usd, second.cost.usd) == (pytest.approx(0.01), 0)
    assert amounts(second) == pytest.approx((20 * 31, 20 * 30))
