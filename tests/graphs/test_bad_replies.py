"""A model that says what nobody can use while it gathers: it is told once, and then somebody else looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import InvalidToolCall

from agent.budgets import RunMeter
from agent.drafts import DiagnosisDraft, DraftClaim
from agent.models import EvidenceStatus, evidence_id
from tests.graphs.conftest import Bench, Run, specialist
from tests.graphs.scripted import ScriptedModel, call
from tests.graphs.test_limits import analyse, heard

Script = Callable[..., ScriptedModel]
LOOKED = evidence_id("errors_of", {"resource": "checkout"})
CONCLUSION = DiagnosisDraft(
    summary="The model's conclusion.", claims=[DraftClaim(text="Errors rose.", evidence=[LOOKED])]
)
LOOKS = call("errors_of", resource="checkout")
BROKEN_CALL = InvalidToolCall(
    type="invalid_tool_call", name="errors_of", args='{"resource": "chec', id="call_9", error=None
)
BROKEN = AIMessage("", invalid_tool_calls=[BROKEN_CALL])


@pytest.fixture
def bench(bench: Bench, script: Script) -> Bench:
    bench.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    bench.strong = script(CONCLUSION, CONCLUSION)
    return bench


def looks(run: Run) -> list[str]:
    return [str(piece.parameters.get("resource")) for piece in run.evidence if piece.status is EvidenceStatus.ok]


@pytest.mark.parametrize(
    ("bad", "told"),
    [(BROKEN, "the arguments of errors_of were no JSON object"), (AIMessage(""), "the reply was empty")],
)
async def test_a_reply_that_cannot_be_used_is_told_so_and_asked_for_once_more(
    bad: AIMessage, told: str, bench: Bench, script: Script
) -> None:
    bench.fast = script(bad, LOOKS, AIMessage("Done."))

    run = await analyse(bench, meter := RunMeter())

    assert looks(run) == ["checkout"]
    _, again, after = heard(bench.fast)
    assert isinstance(again[-1], HumanMessage)
    assert told in again[-1].text
    assert [type(message) for message in after[-2:]] == [AIMessage, ToolMessage], "the bad one is forgotten"
    assert run.state["usage"]["degraded"] == ""
    assert meter.model_calls == 3 + len(heard(bench.strong)), "bad replies have been paid for, too"


async def test_after_two_such_replies_the_offline_analyst_looks_and_the_answer_says_so(
    bench: Bench, script: Script
) -> None:
    bench.fast = script(BROKEN, BROKEN, AIMessage("Done."))

    run = await analyse(bench, RunMeter())

    assert looks(run)
    assert run.state["usage"]["degraded"] == (
        "The offline analyst answered because the arguments of errors_of were no JSON object, twice."
    )


async def test_a_bad_reply_is_not_mended_beyond_the_budget(bench: Bench, script: Script) -> None:
    bench.fast = script(BROKEN, LOOKS)

    run = await analyse(bench, RunMeter(lambda model, tokens: 0.0, model_calls=1))

    assert len(heard(bench.fast)) == 1
    assert looks(run)
    assert "WATCHKEEPER_RUN_MODEL_CALLS" in run.state["usage"]["degraded"]


async def test_of_several_calls_those_that_can_be_read_are_made(bench: Bench, script: Script) -> None:
    mixed = LOOKS.model_copy(update={"invalid_tool_calls": [BROKEN_CALL]})
    bench.fast = script(mixed, AIMessage("Done."))

    run = await analyse(bench, RunMeter())

    assert looks(run) == ["checkout"]
    first, last = heard(bench.fast)
    sent_back = last[len(first)]
    assert isinstance(sent_back, AIMessage)
    assert sent_back.invalid_tool_calls == [], "providers refuse a call that has no result"


async def test_a_tool_that_does_not_exist_is_named_to_the_model_with_those_that_do(
    bench: Bench, script: Script
) -> None:
    bench.fast = script(call("delete_everything"), LOOKS, AIMessage("Done."))

    run = await analyse(bench, RunMeter())

    assert looks(run) == ["checkout"]
    told = heard(bench.fast)[1][-1]
    assert isinstance(told, ToolMessage)
    assert told.status == "error"
    assert "errors_of" in told.text


async def test_a_hundred_calls_at_once_are_no_way_around_the_limit(bench: Bench, script: Script) -> None:
    bench.settings = {"max_tool_calls": 5}
    many = [
        {"name": "errors_of", "args": {"resource": f"r{n}"}, "id": f"c{n}", "type": "tool_call"} for n in range(100)
    ]
    bench.fast = script(AIMessage("", tool_calls=many), AIMessage("Done."))

    run = await analyse(bench, meter := RunMeter())

    assert sorted(looks(run)) == [f"r{n}" for n in range(5)]
    assert meter.tool_calls == 5
    refused = [message for message in heard(bench.fast)[1] if isinstance(message, ToolMessage)]
    assert len(refused) == 100, "each call has its result"
    assert [gap.reason for gap in run.diagnosis.gaps if "WATCHKEEPER_MAX_TOOL_CALLS" in gap.reason]
