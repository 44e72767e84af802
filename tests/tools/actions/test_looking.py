"""One step, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.actions.looking import dollars, too_far


@pytest.mark.parametrize(("before", "after"), [(2, 4), (4, 2), (128, 256), (3, 2)])
def test_double_and_half_are_one_step(before: int, after: int) -> None:
    assert too_far("The count", before, after) == ""


@pytest.mark.parametrize(("before", "after"), [(2, 5), (5, 2), (0, 1), (1, 0)])
def test_more_is_not(before: int, after: int) -> None:
    assert f"from {before} to {after}" in too_far("The count", before, after)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10))
def test_the_way_back_of_a_step_is_one(before: int, after: int, free: int) -> None:
    assert bool(too_far("x", before, after, free=free)) == bool(too_far("x", after, before, free=free))


def test_dollars_are_said_when_they_matter() -> None:
    assert dollars(12.4) == "about 12 USD a month more"
    assert dollars(-1200) == "about 1,200 USD a month less"
    assert dollars(0.2) == ""
