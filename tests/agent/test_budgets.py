"""What a run may spend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.budgets import RunBudget
from agent.errors import BudgetExceeded


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
