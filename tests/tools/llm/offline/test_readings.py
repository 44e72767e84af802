"""Metrics that are asked for by their name: the reading comes first, and what is wrong after it."""

from __future__ import annotations

import pytest

from tests.agent.examples import evidence, finding
from tests.tools.llm.offline.test_explaining import DEPLOY, LIMIT, answer

STEADY = evidence(
    finding(
        "metric_steady",
        "CPUUtilization of orders-db: as usual at 21% (20% is normal).",
        resource="orders-db",
        metric="CPUUtilization",
        strength=0.35,
    ),
    finding("metric_rise", "CPUUtilization of users-db rose to 90%.", resource="users-db", metric="CPUUtilization"),
    finding(
        "metric_steady",
        "Duration of pay: as usual at 182 ms (180 ms is normal).",
        resource="pay",
        metric="Duration",
        strength=0.35,
    ),
    tool="resource_metrics",
)


@pytest.mark.parametrize(
    "question",
    ["what's the cpu of orders-db right now?", "how high is the CPU usage on orders-db", "show me orders-db cpu"],
)
def test_the_reading_that_is_asked_for_comes_first_and_the_trouble_after_it(question: str) -> None:
    told = answer(question, LIMIT, DEPLOY, STEADY, scope={"resource": "orders-db"})

    assert told.headline.startswith("CPUUtilization of orders-db: as usual at 21%. ")
    assert "orders-db has no connections left" in told.headline
    assert told.claims[0].evidence == [STEADY.id]
    assert told.runbook == "rds-connections-exhausted"


def test_a_percentile_that_nobody_read_is_not_passed_off_as_read() -> None:
    told = answer("what is the p99 latency of pay over the last 6 hours?", STEADY, scope={"resource": "pay"})

    assert told.headline.startswith("I read no p99. Duration of pay: as usual at 182 ms.")


@pytest.mark.parametrize(
    "question",
    ["what is the memory leak in orders-db?", "what is the cpu alarm of orders-db about?", "why is the cpu of it high"],
)
def test_a_question_about_trouble_asks_for_no_reading(question: str) -> None:
    told = answer(question, LIMIT, DEPLOY, STEADY, scope={"resource": "orders-db"})

    assert "CPUUtilization" not in told.headline


def test_of_two_parts_with_one_cause_it_is_told_once() -> None:
    told = answer(
        "what is the cpu of orders-db right now and why do its connections fail?",
        LIMIT,
        DEPLOY,
        STEADY,
        scope={"resource": "orders-db"},
    )

    assert told.headline.count("orders-db has no connections left") == 1
