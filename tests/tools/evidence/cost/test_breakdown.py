"""What moved on the bill: comparable days, and every way to break a bill down, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.models import EvidenceStatus
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.conftest import NOW, Call, Load
from tests.tools.evidence.cost.examples import NAT_SPIKE, STEADY, kinds, line
from tools.aws import Boto3Session
from tools.evidence.cost import bill
from tools.evidence.cost.breakdown import cost_breakdown

SPIKE = {"from": "-4d", "add": 300}
S3, LAMBDA = "Amazon Simple Storage Service", "AWS Lambda"


async def test_two_whole_weeks_are_compared_with_the_two_before(load: Load, call: Call):
    load(costs=[line(LAMBDA, "Lambda-GB-Second", 100, noise=0, weekend=0.5), *STEADY])
    evidence = await call(cost_breakdown, service="lambda")
    # ten weekdays at 100 and four weekend days at 50
    assert "$1,200 in the 14 days to 17 Nov, $1,200 in the 14 days before (+0%)" in evidence.summary


async def test_days_short_of_a_week_are_compared_with_the_same_weekdays_of_the_week_before(load: Load, call: Call):
    load(costs=[line(LAMBDA, "Lambda-GB-Second", 100, noise=0, weekend=0.5)])
    evidence = await call(cost_breakdown, service="lambda", start="2026-11-15T00:00:00Z")
    # Sunday, Monday and Tuesday: the three days before would have been dearer
    assert "$250 in the 3 days to 17 Nov, $250 in the same weekdays of the week before" in evidence.summary


async def test_today_is_never_compared_and_the_summary_says_how_late_the_data_are(load: Load, call: Call):
    load(costs=STEADY)
    assert "complete up to 17 Nov" in (await call(cost_breakdown)).summary


async def test_a_day_that_is_not_billed_to_its_end_does_not_count(account: SimulatedAccount, load: Load, call: Call):
    several = [line("AWS Key Management Service", f"Keys-{n}", 10, noise=0.02) for n in range(5)]
    load(costs=[*several, *STEADY])
    midnight = datetime(2026, 11, 18, 1, 0, tzinfo=UTC)  # the bill is complete up to seven in the evening
    object.__setattr__(call, "now", midnight)
    account_clock(account, midnight)
    try:
        evidence = await call(cost_breakdown)
    finally:
        account_clock(account, NOW)
    assert "complete up to 16 Nov" in evidence.summary
    assert not kinds(evidence, "cost_drop")


def account_clock(account: SimulatedAccount, moment: datetime) -> None:
    account._account.now = lambda: moment  # pyright: ignore[reportPrivateUsage] -- the clock of a running account


async def test_slow_growth_is_found_without_a_step(load: Load, call: Call):
    grows = line(S3, "TimedStorage-ByteHrs", 40, {"from": "-35d", "multiply": 2.4, "ramp": "35d"}, noise=0.01)
    load(costs=[grows, *STEADY])
    (rise,) = kinds(await call(cost_breakdown), "cost_rise")
    assert rise.attributes["service"] == S3
    assert "slowly" in rise.statement
    assert rise.at is None
    assert rise.strength < 0.6


async def test_a_fee_that_comes_on_the_first_of_every_month_is_no_rise(load: Load, call: Call):
    fee = [
        {"from": "-17d15h", "to": "-16d15h", "add": 900},
        {"from": "-48d15h", "to": "-47d15h", "add": 900},
    ]
    load(costs=[line("AWS Support (Business)", "Dollar", 0.01, *fee, noise=0), *STEADY])
    for start, end in (("-18d", "-10d"), ("-40d", "-10d")):  # with the month before in sight, or not
        assert not kinds(await call(cost_breakdown, start=start, end=end), "cost_rise")


async def test_a_burst_of_one_day_that_is_no_fee_is_a_rise(load: Load, call: Call):
    load(costs=[line(LAMBDA, "Request", 10, {"from": "-17d15h", "to": "-16d15h", "add": 900}, noise=0), *STEADY])
    (rise,) = kinds(await call(cost_breakdown, start="-40d", end="-10d"), "cost_rise")
    assert "on 01 Nov" in rise.statement


async def test_credits_refunds_and_taxes_do_not_count(load: Load, call: Call):
    load(costs=[line(LAMBDA, "Request", 10, noise=0), *STEADY])
    evidence = await call(cost_breakdown)
    assert '"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}' in evidence.query


async def test_by_account_the_one_that_spends_more_is_named_with_its_service(load: Load, call: Call):
    load(
        costs=[
            line(LAMBDA, "Lambda-GB-Second", 20, SPIKE, linked_account="222222222222", linked_account_name="media"),
            line(LAMBDA, "Lambda-GB-Second", 20),
            *STEADY,
        ]
    )
    (rise,) = kinds(await call(cost_breakdown, by="account"), "cost_rise")
    assert rise.attributes["account"] == "222222222222"
    assert rise.attributes["service"] == LAMBDA
    assert "media" in rise.statement


async def test_by_region_and_by_usage_type(load: Load, call: Call):
    load(costs=[line(LAMBDA, "EUW1-Lambda-GB-Second", 20, SPIKE, region="eu-west-1"), *STEADY])
    (rise,) = kinds(await call(cost_breakdown, by="region"), "cost_rise")
    assert (rise.attributes["region"], rise.attributes["service"]) == ("eu-west-1", LAMBDA)
    (rise,) = kinds(await call(cost_breakdown, by="usage_type"), "cost_rise")
    assert (rise.attributes["usage_type"], rise.attributes["service"]) == ("EUW1-Lambda-GB-Second", LAMBDA)


async def test_by_tag_the_most_usual_key_is_found_and_others_are_named(load: Load, call: Call):
    load(
        costs=[
            line(LAMBDA, "Request", 20, SPIKE, tags={"team": "media", "build": "77"}),
            line(S3, "Requests-Tier1", 20, tags={"team": "shop", "build": "78"}),
            *STEADY,
        ]
    )
    evidence = await call(cost_breakdown, by="tag")
    (rise,) = kinds(evidence, "cost_rise")
    assert rise.attributes["tag"] == "media"
    assert "By the tag team; there are also build." in evidence.summary
    untagged = [f.attributes["tag"] for f in kinds(evidence, "cost_steady")]
    assert "(untagged)" in untagged
    (by_build,) = kinds(await call(cost_breakdown, by="tag:build"), "cost_rise")
    assert by_build.attributes["tag"] == "77"


async def test_a_service_narrows_every_breakdown(load: Load, call: Call):
    load(costs=[line(LAMBDA, "Request", 20, SPIKE, region="eu-west-1"), line(S3, "Requests-Tier1", 20), *STEADY])
    evidence = await call(cost_breakdown, service="s3", by="region")
    assert {f.kind for f in evidence.findings} == {"cost_total", "cost_steady"}
    assert "eu-west-1" not in evidence.summary


async def test_what_no_tag_divides_and_what_is_no_dimension_is_said_in_one_sentence(load: Load, call: Call):
    load(costs=STEADY)
    assert "activate cost allocation tags" in (await call(cost_breakdown, by="tag")).summary
    wrong = await call(cost_breakdown, by="colour")
    assert wrong.status is EvidenceStatus.error
    assert "service, usage_type, account, region or tag" in wrong.summary


async def test_a_rise_says_in_which_account_and_region_it_arose(load: Load, call: Call):
    load(costs=[*STEADY, *NAT_SPIKE, line("EC2 - Other", "NatGateway-Hours", 3, linked_account="222222222222")])
    (rise,) = kinds(await call(cost_breakdown), "cost_rise")
    assert (rise.attributes["account"], rise.attributes["region"]) == ("123456789012", "us-east-1")
    assert "100% of it arose in us-east-1 of account 123456789012" in rise.statement


async def test_the_bill_of_china_is_in_its_own_currency(load: Load, call: Call):
    load(region="cn-north-1", costs=[line(LAMBDA, "Request", 20, SPIKE), *STEADY])
    evidence = await call(cost_breakdown, service="lambda")
    assert "CNY" in evidence.summary
    assert "$" not in evidence.summary
    assert evidence.findings[0].attributes["unit"] == "CNY"


async def test_a_bill_of_several_pages_is_read_to_its_end(load: Load, call: Call):
    many = [line("AWS Key Management Service", f"Keys-{n}", 1, noise=0) for n in range(300)]
    load(costs=[*many, line("AWS Key Management Service", "Requests", 20, SPIKE, noise=0)])
    evidence = await call(cost_breakdown)
    (rise,) = kinds(evidence, "cost_rise")
    assert float(rise.attributes["previous"]) == pytest.approx(320)
    assert rise.attributes["usage_type"] == "Requests"
    assert "Only the first pages" not in evidence.summary


async def test_a_bill_without_end_says_that_only_its_beginning_was_read(
    load: Load, call: Call, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bill, "MAX_PAGES", 2)
    load(costs=[line("AWS Key Management Service", f"Keys-{n}", 1, noise=0) for n in range(300)])
    assert "Only the first pages of the bill were read." in (await call(cost_breakdown)).summary


async def test_another_region_that_the_session_looks_at_reads_the_same_bill(load: Load, call: Call):
    load(costs=[*STEADY, *NAT_SPIKE])
    assert kinds(await call(cost_breakdown, region="eu-central-1"), "cost_rise")


async def test_without_permission_for_places_the_rise_is_told_all_the_same(load: Load, call: Call, aws: Boto3Session):
    load(costs=[*STEADY, *NAT_SPIKE], denied=[{"action": "ce:GetTags"}])
    assert (await call(cost_breakdown, by="tag")).status is EvidenceStatus.denied
    assert kinds(await call(cost_breakdown), "cost_rise")
