"""Everything that runs, assembled: the dependencies and the graphs over them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from agent.budgets import RunBudget
from agent.models import Alert, Answer, ChatMessage, Diagnosis, Evidence
from agent.ports import Deps
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from graphs.state import NO_USAGE, typed

Outcome = TypeVar("Outcome", Diagnosis, Answer)
Follow = Callable[[dict[str, Any]], Awaitable[None]]
"""Is told what a graph reports while it runs."""


@dataclass(frozen=True)
class Application:
    """The graphs, ready to run. Built by `slack_app.bootstrap`."""

    deps: Deps
    alert_analysis: Any
    conversation: Any

    async def analyse(self, alert: Alert, run_id: str, follow: Follow) -> tuple[Diagnosis, list[Evidence]]:
        """One alert through the graph."""
        start = {"alert": redact_plain(alert.model_dump(mode="json")), "evidence": [], "usage": NO_USAGE}
        state, seconds = await self._run(self.alert_analysis, start, run_id, follow)
        diagnosis = Diagnosis.model_validate(state["diagnosis"])
        return _timed(diagnosis, state, seconds), typed(state["evidence"])

    async def ask(
        self, question: str, history: list[ChatMessage], run_id: str, follow: Follow
    ) -> tuple[Answer, list[Evidence]]:
        """One question through the graph, with what the thread already knows."""
        known = {piece.id: piece for turn in history for piece in turn.evidence}
        start = {
            "question": redact(question),
            "history": [turn.model_dump(mode="json", exclude={"evidence"}) for turn in history],
            "evidence": [piece.model_dump(mode="json") for piece in known.values()],
            "usage": NO_USAGE,
        }
        state, seconds = await self._run(self.conversation, start, run_id, follow)
        return _timed(Answer.model_validate(state["answer"]), state, seconds), typed(state["evidence"])

    async def _run(
        self, graph: Any, start: dict[str, Any], run_id: str, follow: Follow
    ) -> tuple[dict[str, Any], float]:
        began = time.monotonic()
        context = replace(self.deps, budget=self._budget())
        state: dict[str, Any] = start
        config = {"configurable": {"thread_id": run_id}}
        stream: AsyncGenerator[tuple[str, Any]] = graph.astream(
            start, config, context=context, stream_mode=["custom", "values"], durability="exit"
        )
        async for mode, part in stream:
            if mode == "custom":
                await follow(part)
            else:
                state = part
        return state, time.monotonic() - began

    def _budget(self) -> RunBudget:
        settings = self.deps.settings
        return RunBudget(settings.run_api_calls, settings.run_scanned_gigabytes * 1e9, settings.run_aws_usd)


def _timed(outcome: Outcome, state: dict[str, Any], seconds: float) -> Outcome:
    usage = state["usage"]
    provenance = outcome.provenance.model_copy(
        update={
            "input_tokens": usage["input_tokens"],
            "output_tokens": usage["output_tokens"],
            "model": outcome.provenance.model or usage["model"],
            "degraded": usage["degraded"],
            "seconds": round(seconds, 1),
        }
    )
    return outcome.model_copy(update={"provenance": provenance})
