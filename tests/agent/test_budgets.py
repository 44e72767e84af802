"""What a run may spend, on evidence and on models."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.budgets import Allowance, RunBudget, RunMeter, Tokens
from agent.errors import BudgetExceeded
from agent.models import Provenance, Spend


def test_a_budget_is_spent_to_the_last_call_and_no_further() -> None:
    budget = RunBudget(api_calls=2)
    budget.spend(api_calls=1)
    budget.spend(api_calls=1)
    with pytest.raises(BudgetExceeded, match="2 API calls"):
        budget.spend(api_calls=1)


def test_what_is_refused_takes_nothing() -> None:
    budget = RunBudget(api_calls=5, usd=0.01)
    with pytest.raises(BudgetExceeded, match="USD"):
        budget.spend(api_calls=1, usd=0.02)
    assert (budget.used("api_calls"), budget.left("usd")) == (0, 0.01)


def test_what_turned_out_larger_counts_against_the_next() -> None:
    budget = RunBudget(bytes_scanned=100)
    budget.record(bytes_scanned=500)
    assert budget.left("bytes_scanned") == 0
    with pytest.raises(BudgetExceeded, match="bytes"):
        budget.spend(bytes_scanned=1)


def test_without_limits_nothing_is_refused() -> None:
    RunBudget().spend(api_calls=10**9, bytes_scanned=10**15, usd=10**6)


@given(st.lists(st.integers(1, 9)), st.integers(0, 50))
def test_never_more_than_the_limit_is_spent(amounts: list[int], limit: int) -> None:
    budget = RunBudget(api_calls=limit)
    for amount in amounts:
        try:
            budget.spend(api_calls=amount)
        except BudgetExceeded:
            assert budget.used("api_calls") + amount > limit
    assert budget.used("api_calls") <= limit


def test_many_threads_share_one_budget() -> None:
    budget = RunBudget(api_calls=100)

    def take(_: int) -> bool:
        try:
            budget.spend(api_calls=1)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(400))) == 100


ONE = Tokens(input=1000, output=100, cached=400, written=50)


def cent(model: str, tokens: Tokens) -> float | None:
    return None if model == "new" else 0.01


def test_a_meter_counts_calls_tokens_and_dollars() -> None:
    meter = RunMeter(cent)
    for model in ("a", "a", "b"):
        meter.replied(model, ONE)
    assert meter.refuse_tool_call() == ""

    assert meter.tokens == Tokens(3000, 300, 1200, 150)
    assert meter.usd_by_model == pytest.approx({"a": 0.02, "b": 0.01})
    assert meter.spend() == Spend(input_tokens=3000, output_tokens=300, usd=meter.usd, model_calls=3, tool_calls=1)
    assert meter.provenance() == {
        "input_tokens": 3000,
        "output_tokens": 300,
        "model_calls": 3,
        "tool_calls": 1,
        "cached_tokens": 1200,
        "usd": pytest.approx(0.03),
        "unpriced": (),
    }
    assert Provenance(**meter.provenance())


def test_a_model_without_a_price_counts_as_nothing_and_is_named() -> None:
    meter = RunMeter(cent)
    meter.replied("new", ONE)

    assert (meter.usd, meter.unpriced, meter.tokens.input) == (0, {"new"}, 1000)


def test_without_limits_a_meter_never_says_stop() -> None:
    meter = RunMeter()
    for _ in range(1000):
        meter.replied("a", ONE)
    assert meter.exhausted() == ""
    assert meter.seconds_left() == math.inf


@pytest.mark.parametrize(
    ("meter", "why"),
    [
        (RunMeter(cent, model_calls=2), "this run's budget of 2 model calls (WATCHKEEPER_RUN_MODEL_CALLS) is used up"),
        (RunMeter(cent, allowances=[Allowance(0.02, "this run's budget")]), "this run's budget is used up"),
        (
            RunMeter(cent, allowances=[Allowance(9, "this run's budget"), Allowance(0.015, "today's budget")]),
            "today's budget is used up",
        ),
    ],
)
def test_a_meter_says_what_is_used_up(meter: RunMeter, why: str) -> None:
    meter.replied("a", ONE)
    assert meter.exhausted() == ""
    meter.replied("a", ONE)
    assert meter.exhausted() == why


@pytest.mark.parametrize("left", [0.0, -1.0])
def test_who_has_nothing_left_today_may_not_even_begin(left: float) -> None:
    assert RunMeter(allowances=[Allowance(left, "today's budget")]).exhausted() == "today's budget is used up"


def test_a_meter_knows_how_much_time_is_left() -> None:
    now = [0.0]
    meter = RunMeter(seconds=10, elapsed=lambda: now[0])
    now[0] = 4
    assert (meter.seconds_left(), meter.exhausted()) == (6, "")
    now[0] = 11
    assert meter.seconds_left() == 0
    assert "WATCHKEEPER_RUN_TIMEOUT_SECONDS" in meter.exhausted()


def test_many_threads_share_one_meter() -> None:
    meter = RunMeter(cent, tool_calls=100)
    with ThreadPoolExecutor(16) as pool:
        taken = sum(pool.map(lambda _: not meter.refuse_tool_call(), range(400)))
        list(pool.map(lambda _: meter.replied("a", ONE), range(400)))

    assert (taken, meter.tool_calls, meter.model_calls, meter.tokens.input) == (100, 100, 400, 400_000)
    assert meter.usd == pytest.approx(4)
