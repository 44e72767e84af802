"""What watches the graphs run: spans and counts, where the settings ask for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from agent.ports import Deps
from agent.telemetry import NO_METRICS
from tools.llm.prices import PriceTable
from tools.telemetry.tracing import tracing


@asynccontextmanager
async def watched(deps: Deps, agents: Collection[str], environ: Mapping[str, str]) -> AsyncGenerator[Watch]:
    """Gives a graph its watchers; without tracing and metrics it has none, and costs nothing."""
    with tracing(deps.settings, environ) as tracer:
        if tracer is None and deps.metrics is NO_METRICS:
            yield Watch([])
            return
        from tools.telemetry.handler import NO_TRACER, RunHandler

        price = PriceTable.read(deps.settings.llm_prices).usd
        content = deps.settings.trace_content and tracer is not None
        yield Watch([RunHandler(deps.metrics, tracer or NO_TRACER, agents=agents, price=price, content=content)])


class Watch:
    """`watch(graph)` is the graph with its watchers."""

    def __init__(self, watchers: list[Any]) -> None:
        self._watchers = watchers

    def __call__(self, graph: Any) -> Any:
        return graph.with_config(callbacks=self._watchers) if self._watchers else graph
