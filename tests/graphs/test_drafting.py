"""What a model is sent when it has to write its form again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agent.drafts import DiagnosisDraft, DraftClaim
from agent.models import evidence_id
from tests.agent.examples import alert
from tests.graphs.conftest import KNOWLEDGE, SPECIALISTS, Bench
from tests.graphs.scripted import ScriptedModel, call
from tools.llm.fallback import FallbackChatModel
from tools.llm.links import Link
from tools.llm.offline import OfflineAnalyst

Script = Callable[..., ScriptedModel]

UNFOUNDED = DiagnosisDraft(summary="Checkout fails.", claims=[DraftClaim(text="Hackers did it.", evidence=[])])


def roles(messages: list[BaseMessage]) -> list[str]:
    return [message.type for message in messages]


async def test_it_sees_the_draft_that_it_is_to_reconsider(bench: Bench, script: Script) -> None:
    bench.strong = model = script(UNFOUNDED, UNFOUNDED)

    await bench.analyse(alert())

    _, again = model.heard
    assert roles(again) == ["system", "human", "ai", "human"]
    assert DiagnosisDraft.model_validate_json(again[2].text) == UNFOUNDED
    assert "No evidence: Hackers did it." in again[3].text


async def test_it_sees_the_reply_that_did_not_fit_the_form(bench: Bench, script: Script) -> None:
    bench.strong = model = script(call("DiagnosisDraft", claims="many"), UNFOUNDED, UNFOUNDED)

    await bench.analyse(alert())

    again = model.heard[1]
    assert roles(again) == ["system", "human", "ai", "human"]
    assert "many" in again[2].text
    assert "did not fit the form" in again[3].text


async def test_an_empty_reply_is_named_so_because_providers_refuse_empty_messages(bench: Bench, script: Script) -> None:
    bench.strong = model = script(AIMessage(""), UNFOUNDED, UNFOUNDED)

    await bench.analyse(alert())

    assert model.heard[1][2].text == "(nothing)"


async def test_a_reply_without_end_may_be_mended_too(bench: Bench, script: Script) -> None:
    bench.strong = model = script(AIMessage("blah " * 200_000), UNFOUNDED, UNFOUNDED)

    run = await bench.analyse(alert())

    assert len(model.heard) == 3
    assert len(model.heard[1][2].text) < 5000
    assert run.state["usage"]["degraded"] == ""


async def test_what_a_model_says_of_its_failure_reaches_nobody(
    bench: Bench, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    key = "".join(("sk-", "proj-", "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3"))
    bench.strong = script(RuntimeError(f"the key {key} is wrong"))

    run = await bench.analyse(alert())

    assert "the model failed (RuntimeError)" in run.state["usage"]["degraded"]
    assert key not in run.diagnosis.model_dump_json()
    assert "RuntimeError" in caplog.text
    assert key not in caplog.text


async def test_a_reply_in_json_text_is_as_good_as_a_tool_call(bench: Bench, script: Script) -> None:
    found = evidence_id("errors_of", {"resource": "checkout"})
    said = DiagnosisDraft(summary="Checkout fails.", claims=[DraftClaim(text="Errors rose.", evidence=[found])])
    bench.fast = script(call("errors_of", resource="checkout"), AIMessage("Done."))
    bench.strong = model = script(AIMessage(f"```json\n{said.model_dump_json()}\n```"))

    run = await bench.analyse(alert())

    assert run.diagnosis.summary == "Checkout fails."
    assert len(model.heard) == 1


def chained(*models: ScriptedModel) -> FallbackChatModel:
    links = tuple(Link(f"test:{place}", model) for place, model in enumerate(models, 1))
    return FallbackChatModel(links=links, offline=OfflineAnalyst(KNOWLEDGE, SPECIALISTS), throttle_waits=())


MISFIT = call("DiagnosisDraft", claims="many")


async def test_after_two_replies_that_fit_no_form_the_next_provider_is_asked_from_the_beginning(
    bench: Bench, script: Script
) -> None:
    found = evidence_id("errors_of", {"resource": "checkout"})
    said = DiagnosisDraft(summary="Checkout fails.", claims=[DraftClaim(text="Errors rose.", evidence=[found])])
    bench.fast = script(call("errors_of", resource="checkout"), AIMessage("Done."))
    first, second, third = script(MISFIT, MISFIT), script(said), script()
    bench.strong = chained(first, second, third)

    run = await bench.analyse(alert())

    assert run.diagnosis.summary == "Checkout fails."
    assert [len(model.heard) for model in (first, second, third)] == [2, 1, 0]
    assert roles(second.heard[0]) == ["system", "human"]
    assert run.state["usage"]["degraded"] == (
        "The language model's reply did not fit the form twice. test:2 answered instead."
    )


async def test_when_no_provider_can_fill_the_form_in_the_offline_analyst_does(bench: Bench, script: Script) -> None:
    models = [script(*[MISFIT] * 9) for _ in range(3)]
    bench.strong = chained(*models)

    run = await bench.analyse(alert())

    assert [len(model.heard) for model in models] == [2, 2, 2]
    assert run.diagnosis.provenance.model == "offline-analyst"
    assert run.state["usage"]["degraded"]
