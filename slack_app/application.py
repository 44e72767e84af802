"""Everything that runs, assembled: the dependencies and the graphs over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from agent.budgets import RunBudget
from agent.models import Alert, Answer, Asker, ChatMessage, Diagnosis, Evidence, Provenance
from agent.ports import Deps
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from agent.telemetry import running
from graphs.state import NO_USAGE, conversation_start, typed
from slack_app.answer_cache import AnswerCache
from tools.checkpoints import forget

if TYPE_CHECKING:
    from graphs.remediation import Remediator

MAX_STAGES = 100
"""Of a remediation in one go: three rounds of a few steps each."""
OLD_AFTER_A_CHANGE = ("answer|", "evidence|", "inventory|")
Outcome = TypeVar("Outcome", Diagnosis, Answer)
MEMORY_SHARE = 0.7
"""Of what a model call may read. Where prompt and fresh evidence need more than the rest, old evidence gives way."""
NOBODY = Asker()
INTERRUPT = "__interrupt__"
"""LangGraph's name for what a run waits for, in the last values of one that can be resumed."""
Follow = Callable[[dict[str, Any]], Awaitable[None]]
"""Is told what a graph reports while it runs."""


@dataclass(frozen=True)
class Application:
    """The graphs, ready to run. Built by `slack_app.bootstrap`."""

    deps: Deps
    alert_analysis: Any
    conversation: Any
    remediator: Remediator | None = None
    """Who may change things; nobody where only questions are answered."""
    remediation: Any = None

    async def remediate(self, remediation_id: str) -> datetime | None:
        """Goes on with it as far as possible; returns when to look again, or None when it is over."""
        run_id = f"remediation:{remediation_id}"
        config = {"configurable": {"thread_id": run_id}, "recursion_limit": MAX_STAGES}
        with running(run_id):
            try:
                state = await self.remediation.ainvoke({"remediation": remediation_id}, config, durability="exit")
            finally:  # whatever was changed, the account is not as it was told of
                for what in OLD_AFTER_A_CHANGE:
                    self.deps.cache.forget(what)
        waits = state.get(INTERRUPT) or ()
        await forget(self.remediation, run_id, over=not waits)
        return datetime.fromisoformat(waits[0].value["until"]) if waits else None

    async def analyse(
        self, alert: Alert, run_id: str, follow: Follow, related: Sequence[Alert] = (), tried: Sequence[str] = ()
    ) -> tuple[Diagnosis, list[Evidence]]:
        """One alert through the graph. `related`: others of its incident, which are told about in a line each;
        `tried`: what was changed about it already, and what came of that."""
        start = {
            "alert": redact_plain(alert.model_dump(mode="json")),
            "related": [redact_plain(other.model_dump(mode="json")) for other in related],
            "tried": [redact(line) for line in tried],
            "evidence": [],
            "usage": NO_USAGE,
        }
        state, took = await self._run(self.alert_analysis, start, run_id, follow)
        diagnosis = Diagnosis.model_validate(state["diagnosis"])
        return _told(diagnosis, state, took), typed(state["evidence"])

    async def ask(
        self,
        question: str,
        history: list[ChatMessage],
        run_id: str,
        follow: Follow,
        asker: Asker = NOBODY,
        answering: str = "",
    ) -> tuple[Answer, list[Evidence]]:
        """One question through the graph, with what the thread already knows.

        `answering`: the Slack message whose choice was clicked; `question` is that choice then.
        A question that begins a thread and equals one of the last minutes gets that one's answer, while no alert came
        and nothing was changed.
        """
        cache, asked = AnswerCache(self.deps), self.deps.clock()
        key = cache.key(question, asker.zone) if not history else ""
        if known := await cache.get(key):
            answer, evidence = known
            return _reused(answer, run_id), evidence
        budget = int(self.deps.settings.run_input_tokens_per_call * MEMORY_SHARE)
        start = conversation_start(question, history, asker, budget, answering)
        state, took = await self._run(self.conversation, dict(start), run_id, follow, asker.user)
        answer = _told(Answer.model_validate(state["answer"]), state, took)
        evidence = _whole(typed(state["evidence"]), typed(start["evidence"]), history)
        cache.keep(key, asked, answer, evidence)
        return answer, evidence

    async def _run(
        self, graph: Any, start: dict[str, Any], run_id: str, follow: Follow, user: str = ""
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The last state, and what the run took as fields of Provenance."""
        from graphs.limits import run_meter  # with it come all agents, and who only imports this may never run one

        loop = asyncio.get_running_loop()
        began = loop.time()
        meter = await run_meter(self.deps, user)
        context = replace(self.deps, budget=self._budget(), meter=meter)
        state: dict[str, Any] = start
        config = {"configurable": {"thread_id": run_id}, "metadata": {"run_id": run_id}}
        stream: AsyncGenerator[tuple[str, Any]] = graph.astream(
            start, config, context=context, stream_mode=["custom", "values"], durability="exit"
        )
        try:
            with running(run_id):
                async with aclosing(stream):  # whatever ends this, no specialist goes on working
                    async for mode, part in stream:
                        if mode == "custom":
                            await follow(part)
                        else:
                            state = part
        finally:
            await meter.settle()  # a run that was stopped has been paid for, too
        await forget(graph, run_id, over=INTERRUPT not in state)
        return state, {**meter.provenance(), "seconds": round(loop.time() - began, 1), "run_id": run_id}

    def _budget(self) -> RunBudget:
        settings = self.deps.settings
        return RunBudget(settings.run_api_calls, settings.run_scanned_gigabytes * 1e9, settings.run_aws_usd)


def _told(outcome: Outcome, state: dict[str, Any], took: dict[str, Any]) -> Outcome:
    usage = state["usage"]
    provenance = outcome.provenance.model_copy(
        update={
            "input_tokens": usage["input_tokens"],
            "output_tokens": usage["output_tokens"],
            **took,
            "model": outcome.provenance.model or usage["model"],
            "degraded": usage["degraded"],
        }
    )
    return outcome.model_copy(update={"provenance": provenance})


def _whole(found: list[Evidence], remembered: list[Evidence], history: list[ChatMessage]) -> list[Evidence]:
    """The evidence of a run, with the thread's own pieces as they were before memory shortened them."""
    shortened = {piece.id: piece for piece in remembered}
    known = {piece.id: piece for turn in history for piece in turn.evidence}
    return [known[piece.id] if shortened.get(piece.id) == piece else piece for piece in found]


def _reused(answer: Answer, run_id: str) -> Answer:
    """An answer given again: it took nothing."""
    wrote = answer.provenance.model_dump(include={"model", "prompt_name", "prompt_version", "prompt_hash"})
    return answer.model_copy(update={"provenance": Provenance(**wrote, run_id=run_id)})
