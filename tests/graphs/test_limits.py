"""Each budget of a run, used up: what was gathered counts, somebody answers, and the reason is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from agent.budgets import Allowance, RunMeter, Tokens
from agent.drafts import DiagnosisDraft, DraftClaim
from agent.models import EvidenceStatus, Spend, evidence_id
from agent.ports import Deps
from graphs.alert_analysis import build_alert_analysis
from graphs.context import tokens_of
from graphs.limits import count, run_meter
from graphs.state import NO_USAGE
from tests.agent.examples import alert
from tests.graphs.conftest import Bench, Run, specialist
from tests.graphs.scripted import ScriptedModel, call
from tools.evidence.base import Found, Look, evidence_tool
from tools.llm.offline.model import MODEL_NAME as OFFLINE

Script = Callable[..., ScriptedModel]
ALERT = alert("errors of checkout")
LOOKED = evidence_id("errors_of", {"resource": "r2"})
"""What `restless` finds first."""
CONCLUSION = DiagnosisDraft(
    summary="The model's conclusion.", claims=[DraftClaim(text="Errors rose.", evidence=[LOOKED])]
)


def dime(model: str, tokens: Tokens) -> float:
    """What each reply costs here."""
    return 0.1


def restless(messages: list[BaseMessage]) -> AIMessage:
    """A model that always wants one more look."""
    return call("errors_of", resource=f"r{len(messages)}")


@pytest.fixture
def looking(bench: Bench, script: Script) -> Bench:
    """One specialist that never stops by itself, and an analyst that concludes."""
    bench.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    bench.settings = {"max_model_calls": 20, "max_tool_calls": 50}
    bench.fast = script(*[restless] * 40)
    bench.strong = script(CONCLUSION, CONCLUSION)
    return bench


async def analyse(bench: Bench, meter: RunMeter) -> Run:
    deps = replace(bench.deps(), meter=meter)
    graph = build_alert_analysis(deps, bench.specialists, bench.tools)
    start = {"alert": ALERT.model_dump(mode="json"), "evidence": [], "usage": NO_USAGE}
    run = Run(start)
    async for mode, part in graph.astream(start, context=deps, stream_mode=["custom", "values"]):
        if mode == "custom":
            run.parts.append(part)
        else:
            run.state = part
    return run


def heard(model: BaseChatModel) -> list[list[BaseMessage]]:
    assert isinstance(model, ScriptedModel)
    return model.heard


def found(run: Run) -> int:
    return sum(piece.status is EvidenceStatus.ok for piece in run.evidence)


@pytest.mark.parametrize(
    ("meter", "calls", "why"),
    [
        (RunMeter(dime, model_calls=3), 3, "this run's budget of 3 model calls (WATCHKEEPER_RUN_MODEL_CALLS)"),
        (RunMeter(dime, allowances=[Allowance(0.35, "this run's budget of 0.35 USD")]), 4, "this run's budget of 0.35"),
    ],
)
async def test_a_specialist_stops_with_what_it_has_when_the_runs_budget_is_used_up(
    looking: Bench, meter: RunMeter, calls: int, why: str
) -> None:
    run = await analyse(looking, meter)

    assert len(heard(looking.fast)) == calls
    assert found(run) >= calls, "and the offline analyst may have asked for one more look, which costs nothing"
    assert heard(looking.strong) == []
    [gap] = run.diagnosis.gaps
    assert gap.tool == "infra specialist"
    assert gap.reason.startswith(f"It stopped because {why}")
    assert run.diagnosis.claims, "the offline analyst explains what was found"
    assert run.diagnosis.provenance.model == OFFLINE
    assert run.state["usage"]["degraded"].startswith(f"The offline analyst answered because {why}")


async def test_the_runs_tool_calls_are_shared_by_all_specialists(looking: Bench, script: Script) -> None:
    looking.fast = script(*[restless] * 4, *[AIMessage("Done.")] * 4)

    run = await analyse(looking, RunMeter(tool_calls=2))

    assert found(run) == 2
    [gap] = run.diagnosis.gaps
    assert "this run's tool calls (WATCHKEEPER_RUN_TOOL_CALLS) are used up" in gap.reason
    assert run.diagnosis.summary == CONCLUSION.summary
    refused = [m for m in heard(looking.fast)[-1] if isinstance(m, ToolMessage) and m.status == "error"]
    assert all("Conclude with what you have" in message.text for message in refused)


async def test_who_has_nothing_left_today_gets_the_offline_analysts_answer_and_the_reason(looking: Bench) -> None:
    meter = RunMeter(dime, allowances=[Allowance(0, "today's budget of 5.00 USD for language models for one person")])

    run = await analyse(looking, meter)

    assert heard(looking.fast) == heard(looking.strong) == []
    assert found(run) >= 1, "the offline analyst gathers, too, and nothing stops it"
    assert run.diagnosis.gaps == ()
    assert run.diagnosis.claims
    assert run.state["usage"]["degraded"] == (
        "The offline analyst answered because today's budget of 5.00 USD for language models for one person is used up."
    )
    assert (meter.usd, meter.model_calls) == (0, 0)


async def test_when_the_runs_time_is_nearly_up_the_offline_analyst_concludes(looking: Bench, script: Script) -> None:
    now = [0.0]

    @evidence_tool("Which errors does {resource} have?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """A look that takes most of the time."""
        now[0] += 100
        return Found("Errors rose.")

    looking.tools["errors_of"] = errors_of
    run = await analyse(looking, RunMeter(seconds=192, elapsed=lambda: now[0]))

    assert found(run) == 2
    assert heard(looking.strong) == []
    assert "this run's time (WATCHKEEPER_RUN_TIMEOUT_SECONDS) is nearly used up" in run.state["usage"]["degraded"]


class Slow(ScriptedModel):
    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(30)


async def test_a_model_that_hangs_gets_no_more_than_the_time_that_is_left(looking: Bench, script: Script) -> None:
    looking.fast, looking.strong = script(AIMessage("Done.")), Slow(turns=[])

    run = await asyncio.wait_for(analyse(looking, RunMeter(seconds=0.3)), 10)

    assert run.diagnosis.provenance.model == OFFLINE
    assert "the model failed (TimeoutError)" in run.state["usage"]["degraded"]


async def test_old_results_give_way_so_that_no_call_reads_more_than_it_may(looking: Bench, script: Script) -> None:
    @evidence_tool("What do the logs of {resource} say?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """A long-winded tool."""
        return Found(f"Looked at {resource}. " + "It says a lot. " * 60)

    looking.tools["errors_of"] = errors_of
    looking.settings = {"run_input_tokens_per_call": 2500, "max_model_calls": 12}
    looking.fast = script(*[restless] * 10)

    run = await analyse(looking, RunMeter())

    assert found(run) == 10
    assert max(tokens_of(messages) for messages in heard(looking.fast)) <= 2500
    last = [message.text for message in heard(looking.fast)[-1] if isinstance(message, ToolMessage)]
    assert last[0].endswith("(shortened)")
    assert "(shortened)" not in last[-1]
    assert max(tokens_of(messages) for messages in heard(looking.strong)) <= 2500


async def test_a_specialist_whose_instructions_alone_are_too_long_says_so(looking: Bench) -> None:
    @evidence_tool("Which errors does {resource} have?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """placeholder"""
        return Found("Errors rose.")

    errors_of.description = "Very long. " * 2000
    looking.tools["errors_of"] = errors_of
    looking.settings = {"run_input_tokens_per_call": 2000}

    run = await analyse(looking, RunMeter())

    assert heard(looking.fast) == []
    assert "more than 2,000 tokens at once" in run.diagnosis.gaps[0].reason
    assert run.diagnosis.summary.startswith("Inconclusive"), "there is nothing that could carry a conclusion"


async def test_a_run_counts_what_its_models_took_and_the_offline_analyst_nothing(
    looking: Bench, script: Script
) -> None:
    looking.fast = script(restless, AIMessage("Done."))
    meter = RunMeter(dime)

    run = await analyse(looking, meter)

    calls = len(heard(looking.fast)) + len(heard(looking.strong))
    assert (meter.model_calls, meter.tool_calls) == (calls, 1)
    assert (meter.tokens.input, meter.tokens.output) == (100 * calls, 10 * calls)
    assert meter.usd == pytest.approx(0.1 * calls)
    assert run.state["usage"]["input_tokens"] == 100 * calls
    count(meter, AIMessage("By the runbook.", response_metadata={"model_name": OFFLINE}))
    assert meter.model_calls == calls


async def test_a_draft_that_cites_nothing_is_asked_for_once_more_and_that_counts(
    looking: Bench, script: Script
) -> None:
    looking.fast = script(AIMessage("Done."))
    unfounded = DiagnosisDraft(summary="?", claims=[DraftClaim(text="Hackers did it.", evidence=[])])
    looking.strong = script(unfounded, unfounded)

    run = await analyse(looking, meter := RunMeter(dime, model_calls=2))

    assert len(heard(looking.strong)) == 1, "the second draft is over the budget"
    assert meter.model_calls == 2
    assert run.diagnosis.summary


class Ledger:
    """What was spent today, by user; "" is everybody."""

    def __init__(self, **usd: float) -> None:
        self.usd = usd

    async def add(self, user: str, spend: Spend) -> None:
        raise AssertionError("a run's meter only reads")

    async def today(self, user: str = "") -> Spend:
        if "broken" in self.usd:
            raise ConnectionError("the store is down")
        return Spend(usd=self.usd.get(user or "everybody", 0.0))


def with_ledger(bench: Bench, ledger: Ledger | None) -> Deps:
    deps: Any = bench.deps()
    return replace(deps, spend=ledger, meter=RunMeter(dime))


@pytest.mark.parametrize(
    ("ledger", "user", "why"),
    [
        (None, "ana", ""),
        (Ledger(), "ana", ""),
        (Ledger(ana=4.99, everybody=49), "ana", ""),
        (Ledger(broken=1), "ana", ""),
        (Ledger(ana=5), "ana", "today's budget of 5.00 USD for language models (WATCHKEEPER_USER_DAILY_USD)"),
        (Ledger(ana=5), "ben", ""),
        (Ledger(ana=5), "", ""),
        (Ledger(everybody=50), "", "today's budget of 50.00 USD for language models (WATCHKEEPER_DAILY_USD)"),
    ],
)
async def test_a_runs_meter_knows_what_is_left_of_the_day(
    bench: Bench, ledger: Ledger | None, user: str, why: str
) -> None:
    meter = await run_meter(with_ledger(bench, ledger), user)

    assert meter.exhausted().startswith(why) if why else meter.exhausted() == ""


async def test_a_run_may_take_the_smallest_of_what_is_left(bench: Bench) -> None:
    bench.settings = {"run_llm_usd": 0.3}
    near_the_end = await run_meter(with_ledger(bench, Ledger(ana=4.85)), "ana")
    fresh = await run_meter(with_ledger(bench, Ledger()), "ana")

    for _ in range(2):
        near_the_end.replied("m", Tokens())
        fresh.replied("m", Tokens())
    assert "WATCHKEEPER_USER_DAILY_USD" in near_the_end.exhausted()
    assert fresh.exhausted() == ""
    fresh.replied("m", Tokens())
    assert "this run's budget of 0.30 USD for language models (WATCHKEEPER_RUN_LLM_USD)" in fresh.exhausted()


async def test_each_run_has_a_meter_of_its_own_with_the_same_prices(bench: Bench) -> None:
    deps = with_ledger(bench, None)
    first, second = await run_meter(deps), await run_meter(deps)
    first.replied("m", Tokens())

    assert (first.usd, second.usd) == (0.1, 0)
