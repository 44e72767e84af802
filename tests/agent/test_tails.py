from __future__ import annotations

from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tails import Tail


def seen(values: list[float], size: int = 1000) -> Tail:
    tail = Tail(size)
    for value in values:
        tail.add(value)
    return tail


def test_within_what_was_seen_surprise_is_the_rank_on_the_rarer_side():
    tail = seen([float(n) for n in range(1, 100)])
    assert tail.surprise(50) < 0.31
    assert tail.surprise(95) == pytest.approx(log10(100 / 6))  # 95 to 99 reach as far
    assert tail.surprise(5) == pytest.approx(log10(100 / 6))


def test_a_new_extreme_is_rarer_the_farther_it_lies_beyond_the_tail():
    tail = seen([float(n) for n in range(1, 100)])
    surprises = [tail.surprise(value) for value in (99, 100, 120, 1000)]
    assert surprises == sorted(surprises)
    assert surprises[1] > log10(100)
    assert tail.surprise(-900) == pytest.approx(tail.surprise(1000), abs=0.1)


def test_the_same_overshoot_is_less_rare_beyond_a_heavy_tail():
    light, heavy = [n / 100 for n in range(100)], [n / 100 for n in range(90)] + [2.0, 3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert seen(light).surprise(1.0 + 3) > seen(heavy).surprise(12 + 3)


def test_what_left_the_memory_is_forgotten():
    tail = seen([1000.0] + [float(n % 10) for n in range(100)], size=100)
    assert tail.surprise(900) > 2


def test_rounding_makes_no_new_extreme():
    assert seen([0.1 * 3] * 50).surprise(0.3, rounding=1e-7) == 0


def test_too_few_values_know_nothing():
    assert seen([1.0, 2.0]).surprise(1e9) == 0


@given(st.lists(st.floats(-1e150, 1e150), max_size=60), st.floats(-1e150, 1e150))
def test_surprise_is_never_negative(values: list[float], value: float):
    assert seen(values).surprise(value) >= 0
