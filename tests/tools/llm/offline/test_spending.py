"""Questions for sums of money: what is taken for one, which days it means, and how the sum is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.briefs import write
from agent.drafts import Route
from agent.models import ChatMessage, Evidence, Finding, TimeRange
from tests.agent.examples import NOW, evidence, finding
from tests.tools.llm.offline.test_explaining import MODEL, answer
from tests.tools.llm.offline.test_routing import route
from tools.llm.offline.intents import Intent, intent_of
from tools.llm.offline.spend import services_of, spend_arguments, spend_calls

HOT_COST = evidence(
    finding("cost_rise", "AWS Lambda costs $215 a day instead of $10.", resource="", service="AWS Lambda", at=NOW),
    tool="cost_breakdown",
)
OCTOBER = {"start": "2026-10-01T00:00:00+00:00", "end": "2026-11-01T00:00:00+00:00"}

SEPTEMBER = {"start": "2026-09-01T00:00:00+00:00", "end": "2026-10-01T00:00:00+00:00"}


def total(statement: str, service: str = "", **span: str) -> Finding:
    return finding("cost_total", statement, strength=0.4, service=service, start="2026-10-01", **span)


def part(rank: int, name: str) -> Finding:
    return finding("cost_total", f"{name}: ${100 - rank} in October.", strength=0.39, service=name, rank=str(rank))


def bill(*findings: Finding, months: dict[str, str] = OCTOBER) -> Evidence:
    span = TimeRange.model_validate(months)
    return evidence(*findings, tool="cost_breakdown").model_copy(update={"time_range": span})


ALL = bill(
    total("AWS cost $9,431 in October."), part(1, "Amazon Redshift"), part(2, "AWS Lambda"), part(3, "Amazon S3")
)


@pytest.mark.parametrize(
    "question",
    [
        "how much did we spend last month?",
        "what is our total AWS bill this month so far?",
        "What's our bill?",
        "October vs September?",
        "compare October to September",
        "compare this month's spend with last month",
        "was October more expensive than September?",
        "how much does EC2 cost us per month?",
        "what did Lambda cost yesterday?",
        "what do we pay for Redshift?",
        "how expensive is RDS?",
        "spend in october",
        "show me last month's bill",
        "cost of S3 last month",
        "MTD spend",
        "average daily spend this month",
        "how much did we burn in October",
        "what is our daily run rate?",
        "where does our money go?",
        "top 5 services by cost",
        "which services cost the most?",
        "what are our most expensive services?",
        "list our top 10 costs",
    ],
)
def test_a_sum_can_be_asked_for_in_many_ways(question: str) -> None:
    assert intent_of(question) is Intent.spend
    assert [one.specialist for one in route(question).assignments] == ["cost"]


@pytest.mark.parametrize(
    "question",
    [
        "why did we spend more in October than in September?",
        "what drives our bill this month?",
        "which service drives our cost?",
        "why are costs up this month?",
        "what is driving the increase of spend this month?",
        "our aws bill looks insane this week, wtf happened",
        "what is this cost spike",
        "what's wrong with our bill this month",
        "cost alert yesterday",
        "lambda costs went up this month",
        "most expensive queries in redshift",
        "how big is the queue?",
        "Our networking spend went through the roof this week. What are we paying for?",
        "Costs skyrocketed, what are we spending money on?",
        "the aws bill has ballooned this month",
        "the aws bill shot through the roof this month",
    ],
)
def test_what_asks_for_a_cause_is_no_question_for_a_sum(question: str) -> None:
    assert intent_of(question) is Intent.why


@pytest.mark.parametrize(
    ("question", "start", "end", "against"),
    [
        ("October vs September?", "2026-10-01", "2026-11-01", "2026-09-01"),
        ("how did our bill in October compare to August?", "2026-10-01", "2026-11-01", "2026-08-01"),
        ("compare this month's spend with last month", "2026-11-01", "2026-11-20", "2026-10-01"),
        ("are we spending more than last month?", "2026-11-01", "2026-11-20", "2026-10-01"),
        ("spend this week vs last week", "2026-11-16", "2026-11-20", "2026-11-09"),
        ("how much did lambda cost yesterday vs last week", "2026-11-19", "2026-11-20", "2026-11-09/2026-11-16"),
        ("how much more per day are we spending than a week ago?", "2026-11-19", "2026-11-20", "2026-11-13"),
        ("how much does EC2 cost us per month?", "2026-10-01", "2026-11-01", ""),
        ("how much did we spend last month?", "2026-10-01", "2026-11-01", ""),
        ("what's our bill?", "2026-11-01", "", ""),
        ("top 5 services by cost", "-30d", "", ""),
    ],
)
def test_a_question_says_which_days_are_summed_and_compared(question: str, start: str, end: str, against: str) -> None:
    found = spend_arguments(question, {}, NOW)

    assert (found["start"][:10], found.get("end", "")[:10], found.get("against", "")) == (start, end, against)


def test_a_range_that_was_understood_already_is_kept() -> None:
    assert "start" not in spend_arguments("how much did we spend then?", OCTOBER, NOW)


@pytest.mark.parametrize(
    ("question", "by", "top"),
    [
        ("cost per account last month", "account", ""),
        ("how much did we spend by region", "region", ""),
        ("cost of each team last month", "tag", ""),
        ("top 7 services by cost", "", "7"),
        ("our three largest costs", "", "3"),
        ("which services cost the most?", "", "5"),
    ],
)
def test_a_question_says_how_costs_are_divided_and_how_many_are_listed(question: str, by: str, top: str) -> None:
    found = spend_arguments(question, OCTOBER, NOW)

    assert (found.get("by", ""), found.get("top", "")) == (by, top)


def test_each_service_that_is_asked_for_is_looked_up_by_itself() -> None:
    question = "what did we spend on EC2, CloudFront and EKS last month?"
    calls = spend_calls(question, dict(OCTOBER), ["cost_breakdown"])

    assert services_of(question) == ["ec2", "cloudfront", "Kubernetes"]
    assert [arguments for _, arguments in calls] == [{**OCTOBER, "service": name} for name in services_of(question)]


def test_the_sum_is_the_first_line_whatever_rose() -> None:
    told = answer("how much did we spend last month?", ALL, HOT_COST, scope=OCTOBER)

    assert told.headline == "AWS cost $9,431 in October."
    assert [claim.text for claim in told.claims][1:3] == [
        "Amazon Redshift: $99 in October.",
        "AWS Lambda: $98 in October.",
    ]
    assert told.runbook == ""


def test_two_services_get_their_sums_side_by_side() -> None:
    both = [bill(total(f"{name} cost $5 in October.", name.lower())) for name in ("EC2", "S3")]
    both[1] = both[1].model_copy(update={"id": "ev_00000002"})
    told = answer("what did we spend on EC2 and S3 last month?", *both, scope=OCTOBER)

    assert told.headline == "EC2 cost $5 in October. S3 cost $5 in October."


def test_a_service_that_costs_nothing_is_said_to_and_not_answered_with_the_whole_bill() -> None:
    none = evidence(tool="cost_breakdown", status="no_data").model_copy(
        update={"summary": "There are no costs of sns."}
    )

    assert answer("how much did SNS cost last month?", none, scope=OCTOBER).headline == "There are no costs of sns."


def test_what_trouble_cost_is_no_sum_of_the_bill() -> None:
    for question in ("what did it cost us since?", "what costs more than usual?"):
        assert answer(question, ALL, HOT_COST).headline == HOT_COST.findings[0].statement


def test_another_month_or_service_in_a_thread_is_looked_up_and_the_same_one_is_not() -> None:
    def asked(question: str, scope: dict[str, str]) -> tuple[str, list[str]]:
        turns = [
            ChatMessage(role="user", text="how much did we spend last month?", author_name="Ana", at=NOW),
            ChatMessage(role="assistant", text="AWS cost $9,431 in October.", at=NOW),
        ]
        brief = write(NOW, question=question, conversation=turns, evidence=[ALL], scope=scope)
        found: Any = MODEL.with_structured_output(Route).invoke(brief)
        return found.kind, [one.question for one in found.assignments]

    assert asked("and in september?", SEPTEMBER) == (
        "follow_up",
        ["and in september? (how much did we spend last month?)"],
    )
    assert asked("and just for lambda?", {})[1] == ["and just for lambda? (how much did we spend last month?)"]
    assert asked("how much did we spend last month, again?", OCTOBER) == ("follow_up", [])


def test_a_later_sum_of_a_thread_is_told_and_not_an_older_one() -> None:
    later = bill(total("AWS cost $9,100 in September."), months=SEPTEMBER)
    later = later.model_copy(update={"gathered_at": NOW})
    earlier = ALL.model_copy(update={"gathered_at": NOW - timedelta(minutes=5)})

    assert answer("and what did we pay in september?", later, earlier, scope=SEPTEMBER).headline.endswith(
        "in September."
    )
