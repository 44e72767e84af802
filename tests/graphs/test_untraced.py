from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from langsmith import set_runtime_overrides, traceable

from graphs.untraced import trace_without_threads


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    trace_without_threads()


async def threads_of_a_traced_call() -> int:
    """How many threads were not there before it."""
    before = set(threading.enumerate())

    @traceable
    async def call(number: int) -> int:
        return number + 1

    assert await call(1) == 2
    return len(set(threading.enumerate()) - before)


async def test_where_nobody_traces_a_call_needs_no_thread() -> None:
    set_runtime_overrides()
    assert await threads_of_a_traced_call() > 0, "LangSmith's own way"
    trace_without_threads()
    assert await threads_of_a_traced_call() == 0


async def test_an_error_comes_through_as_it_is() -> None:
    trace_without_threads()

    @traceable
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
