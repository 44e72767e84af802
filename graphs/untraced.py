"""LangChain's agents hand each call of a model or a tool to LangSmith's tracing, twice and by way of a thread.

Where nobody traces with LangSmith there is nothing to do there, but the way through a busy process takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

from langsmith import set_runtime_overrides
from langsmith.utils import tracing_is_enabled


def trace_without_threads() -> None:
    """For this process: what LangSmith would do in a thread is done at once, unless it traces."""
    set_runtime_overrides(aio_to_thread=_at_once)


async def _at_once(
    in_thread: Callable[..., Awaitable[Any]], context: Context, work: Callable[..., Any], /, *args: Any, **kwargs: Any
) -> Any:
    if tracing_is_enabled():
        return await in_thread(context, work, *args, **kwargs)
    return context.run(work, *args, **kwargs)
