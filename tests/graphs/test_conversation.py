from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.models import ChatMessage, evidence_id
from tests.agent.examples import NOW, evidence, finding
from tests.graphs.conftest import Bench
from tests.graphs.scripted import ScriptedModel, call

Script = Callable[..., ScriptedModel]
ERRORS = evidence_id("errors_of", {"resource": "checkout"})
LOGS = evidence_id("log_lines", {"resource": "checkout"})


def route(*names: str, kind: Any = "question") -> Route:
    return Route(kind=kind, assignments=[FollowUp(specialist=name, question=f"What of {name}?") for name in names])


def draft(*claims: tuple[str, str], **more: Any) -> AnswerDraft:
    made = [DraftClaim(text=text, evidence=[cited]) for text, cited in claims]
    return AnswerDraft(headline="Checkout fails.", claims=made, **more)


def looks(messages: list[Any]) -> AIMessage:
    if messages[-1].type == "tool":
        return AIMessage("Seen.")
    return call("log_lines" if "What of logs?" in messages[1].text else "errors_of", resource="checkout")


def heard(model: Any) -> list[str]:
    assert isinstance(model, ScriptedModel)
    return [messages[1].text for messages in model.heard]


async def test_a_question_gets_a_cited_answer(bench: Bench, script: Script) -> None:
    bench.fast = script(route("infra", "logs"), *[looks] * 4)
    bench.strong = script(draft(("Errors rose to 190 a minute.", ERRORS), next_steps=["Roll back."]))

    run = await bench.ask("why does checkout fail?")

    assert run.answer.headline == "Checkout fails."
    assert run.answer.claims[0].evidence == (ERRORS,)
    assert run.answer.specialists == ("infra", "logs")
    assert run.answer.next_steps == ("Roll back.",)
    assert {piece.id for piece in run.evidence} == {ERRORS, LOGS}
    assert [part["phase"] for part in run.parts if part["kind"] == "phase"] == ["route", "gather", "analyse"]
    assert "# Question\nwhy does checkout fail?" in heard(bench.strong)[0]


async def test_each_specialist_is_asked_its_own_question_once(bench: Bench, script: Script) -> None:
    bench.fast = script(route("logs", "nobody", "logs"), *[looks] * 3)
    bench.strong = script(draft(("Quiet.", LOGS)))

    run = await bench.ask("why?")

    assert run.answer.specialists == ("logs",)
    assert [piece.id for piece in run.evidence] == [LOGS]
    assert "# Question\nWhat of logs?" in heard(bench.fast)[1]


@pytest.mark.parametrize(
    ("kind", "said"), [("help", "cite what I found"), ("write", "changed nothing"), ("out_of_scope", "AWS")]
)
async def test_what_needs_no_look_gets_none(bench: Bench, script: Script, kind: str, said: str) -> None:
    bench.fast = script(route("infra", kind=kind))

    run = await bench.ask("hello")

    assert said in run.answer.headline
    assert run.evidence == []
    assert heard(bench.strong) == []


async def test_a_follow_up_is_answered_from_the_evidence_of_the_thread(bench: Bench, script: Script) -> None:
    earlier = evidence(finding("metric_rise", "Errors rose at 14:18."), id="ev_0000abcd")
    history = [
        ChatMessage(role="user", text="why does checkout fail?", at=NOW),
        ChatMessage(role="assistant", text="Errors rose.", at=NOW, evidence=(earlier,)),
    ]
    bench.fast = script(route(kind="follow_up"))
    bench.strong = script(draft(("Errors rose at 14:18.", "ev_0000abcd")))

    run = await bench.ask("since when?", history)

    assert run.answer.claims[0].evidence == ("ev_0000abcd",)
    assert run.parts[-1] == {"kind": "phase", "phase": "analyse", "pieces": 1}
    brief = heard(bench.strong)[0]
    assert "user: why does checkout fail?" in brief
    assert "[ev_0000abcd]" in brief


async def test_one_more_look_is_granted_and_no_more(bench: Bench, script: Script) -> None:
    again = [FollowUp(specialist="logs", question="What of logs?")]
    bench.fast = script(route("infra"), *[looks] * 8)
    bench.strong = script(*[draft(("Errors rose.", ERRORS), follow_ups=again)] * 5)

    run = await bench.ask("why?")

    assert len(heard(bench.strong)) == 2
    assert run.answer.specialists == ("infra", "logs")
    assert {piece.id for piece in run.evidence} == {ERRORS, LOGS}


async def test_an_uncited_answer_is_asked_about_once_and_then_withdrawn(bench: Bench, script: Script) -> None:
    bench.fast = script(route("infra"), *[looks] * 2)
    bench.strong = script(*[draft(("Hackers did it.", "ev_ffffffff"))] * 5)

    run = await bench.ask("why?")

    assert len(heard(bench.strong)) == 2
    assert run.answer.claims == ()
    assert run.answer.headline == "I could not find evidence for an answer."
    assert run.answer.confidence.value == 0
    assert run.state["usage"]["input_tokens"] == 100 * 5  # route, two of infra, and both tries


async def test_a_supervisor_that_fails_is_stood_in_for(bench: Bench, script: Script) -> None:
    bench.fast = script(RuntimeError("secret detail"), *[looks] * 8)
    bench.strong = script(draft(("Errors rose.", ERRORS)))

    run = await bench.ask("which errors does checkout have?")

    assert "infra" in run.answer.specialists
    assert run.answer.claims
    assert run.state["usage"]["degraded"] == "The offline analyst answered because the model failed (RuntimeError)."


async def test_without_any_model_the_offline_analyst_does_it_all(bench: Bench) -> None:
    bench.fast = bench.strong = bench.offline

    run = await bench.ask("which errors does checkout-api have, and what do its logs say?")

    assert run.answer.claims
    assert {i for claim in run.answer.claims for i in claim.evidence} <= {piece.id for piece in run.evidence}
    assert run.answer.provenance.model == "offline-analyst"
    assert run.state["usage"]["degraded"] == ""


async def test_the_offline_analyst_reconsiders_with_the_same_evidence(bench: Bench, script: Script) -> None:
    """The request to reconsider is the last message; the brief stands before it."""
    history = [ChatMessage(role="assistant", text="x", at=NOW, evidence=(evidence(finding("metric_rise", "Up.")),))]
    bench.fast = script(route(kind="follow_up"))
    bench.strong = script(draft(("Hackers.", "")), RuntimeError("down"))

    run = await bench.ask("why?", history)

    assert [claim.text for claim in run.answer.claims] == ["Up."]
