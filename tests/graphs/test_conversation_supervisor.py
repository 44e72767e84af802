"""What the supervisor does around the specialists: splits, asks back, looks again, merges, refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.briefs import Brief, read
from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.models import Answer, Asker, ChatMessage, Clarification, evidence_id
from tests.agent.examples import NOW
from tests.graphs.conftest import Bench
from tests.graphs.scripted import ScriptedModel, call

Script = Callable[..., ScriptedModel]
ERRORS = evidence_id("errors_of", {"resource": "checkout"})
LOGS = evidence_id("log_lines", {"resource": "checkout"})


def asking(*pairs: tuple[str, str], kind: Any = "question", **more: Any) -> Route:
    return Route(kind=kind, assignments=[FollowUp(specialist=s, question=q) for s, q in pairs], **more)


def says(*claims: tuple[str, str], headline: str = "Checkout fails.", **more: Any) -> AnswerDraft:
    return AnswerDraft(headline=headline, claims=[DraftClaim(text=t, evidence=[i]) for t, i in claims], **more)


def looks(messages: list[Any]) -> AIMessage:
    """A specialist that calls its tool and is done."""
    if messages[-1].type == "tool":
        return AIMessage("Seen.")
    return call(
        "log_lines" if "logs" in messages[1].text.rsplit("# Question", 1)[-1] else "errors_of", resource="checkout"
    )


def questions(model: Any) -> list[str]:
    """The questions that a model was asked, in order."""
    assert isinstance(model, ScriptedModel)
    return [messages[1].text.rsplit("# Question\n", 1)[-1] for messages in model.heard]


def briefs_of(model: Any) -> list[Brief]:
    return [read(messages[1].text) for messages in model.heard]


def asked_back(question: str, *choices: str) -> list[ChatMessage]:
    back = Clarification(question="Which one do you mean?", choices=choices)
    said = Answer(kind="clarify", headline=back.question, clarification=back)
    return [
        ChatMessage(role="user", text=question, ts="1", at=NOW),
        ChatMessage(role="assistant", text=back.question, ts="answer:1", at=NOW, answer=said),
    ]


async def test_each_part_of_a_compound_question_goes_to_whoever_handles_it(bench: Bench, script: Script) -> None:
    parts = (("infra", "Which errors has checkout?"), ("logs", "What do the logs of checkout say?"))
    bench.fast = script(asking(*parts), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS), ("The logs are quiet.", LOGS)))

    run = await bench.ask("does checkout fail, and what do its logs say?")

    assert set(questions(bench.fast)[1:]) == {question for _, question in parts}
    assert run.state["asked"] == [{"specialist": s, "question": q} for s, q in parts]
    assert run.answer.gaps == ()


async def test_one_specialist_can_have_two_parts(bench: Bench, script: Script) -> None:
    parts = (("infra", "Which errors has checkout?"), ("infra", "Which errors has billing?"))
    bench.fast = script(asking(*parts), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    run = await bench.ask("what of checkout and billing?")

    assert set(questions(bench.fast)[1:]) == {question for _, question in parts}
    assert run.answer.specialists == ("infra",)


async def test_each_part_gets_the_resource_that_it_speaks_of(bench: Bench, script: Script) -> None:
    bench.has("payments-api", "orders-worker")
    parts = (("infra", "Is payments-api slow?"), ("infra", "Is orders-worker up?"), ("logs", "What is in the logs?"))
    bench.fast = script(asking(*parts), *[looks] * 6)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    await bench.ask("is payments-api slow, is orders-worker up, and what is in the logs?")

    scopes = {brief.question: brief.scope for brief in briefs_of(bench.fast)[1:]}
    assert scopes["Is payments-api slow?"] == {"resource": "payments-api", "service": "lambda"}
    assert scopes["Is orders-worker up?"] == {"resource": "orders-worker", "service": "lambda"}
    assert scopes["What is in the logs?"] == {}


async def test_the_one_name_of_a_question_is_meant_by_all_parts_that_name_nothing(bench: Bench, script: Script) -> None:
    bench.has("payments-api")
    bench.fast = script(asking(("infra", "Is it slow?"), ("logs", "What do its logs say?")), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    await bench.ask("is payments-api slow, and what do its logs say?")

    assert {brief.scope["resource"] for brief in briefs_of(bench.fast)} == {"payments-api"}


async def test_a_name_that_fits_two_resources_is_asked_back_about(bench: Bench, script: Script) -> None:
    bench.has("payments-api", "payments-worker")
    bench.fast = script(asking(("infra", "Is it slow?")))

    run = await bench.ask("why is the payments lambda slow?")

    assert run.answer.kind == "clarify"
    assert run.answer.clarification
    assert set(run.answer.clarification.choices) == {"payments-api", "payments-worker"}


async def test_one_unclear_name_does_not_hold_up_the_other_parts(bench: Bench, script: Script) -> None:
    bench.has("payments-api", "payments-worker")
    bench.fast = script(asking(("infra", "Is the payments lambda slow?"), ("logs", "What is logged?")), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    run = await bench.ask("is the payments lambda slow, and what is logged?")

    assert run.answer.claims
    assert "payments-api" in run.answer.assumptions[-1]
    assert "did not choose" in run.answer.assumptions[-1]
    candidates = briefs_of(bench.fast)[0].scope["candidates"]
    assert set(candidates.split(", ")) == {"payments-api", "payments-worker"}


async def test_a_part_that_nobody_could_answer_is_a_gap(bench: Bench, script: Script) -> None:
    parts = (("infra", "Which errors has checkout?"), ("logs", "What do its logs say?"))
    quiet = AIMessage("Nothing to see.")
    bench.fast = script(asking(*parts), *[lambda m: looks(m) if "Which errors" in m[1].text else quiet] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS), unanswered=["Whether it costs more"]))

    run = await bench.ask("does checkout fail, what do its logs say, does it cost more?")

    assert [(gap.tool, gap.reason) for gap in run.answer.gaps] == [
        ("not answered", "Whether it costs more"),
        ("not answered", "What do its logs say?"),
    ]


async def test_one_finding_leads_to_another_specialist(bench: Bench, script: Script) -> None:
    next_look = [FollowUp(specialist="logs", question="The errors rose at 15:00: what do the logs of checkout say?")]
    bench.fast = script(asking(("infra", "Which errors has checkout?")), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS), follow_ups=next_look), says(("The logs are quiet.", LOGS)))

    run = await bench.ask("why?")

    assert run.answer.specialists == ("infra", "logs")
    assert questions(bench.fast)[3] == next_look[0].question
    assert [part["specialists"] for part in run.parts if part.get("phase") == "gather"] == [["infra"], ["logs"]]


@pytest.mark.parametrize("rounds", [1, 2, 3])
async def test_looking_again_has_an_end(bench: Bench, script: Script, rounds: int) -> None:
    bench.settings = {"max_rounds": rounds}
    bench.fast = script(asking(("infra", "Round one, please?")), *[looks] * 20)
    endless = [says(("Errors rose.", ERRORS), follow_ups=[FollowUp(specialist="infra", question=f"And svc-{n}?")])
               for n in range(9)]  # fmt: skip
    bench.strong = script(*endless)

    run = await bench.ask("why?")

    assert len(questions(bench.strong)) == rounds
    assert run.answer.claims


async def test_nobody_is_asked_the_same_thing_twice(bench: Bench, script: Script) -> None:
    again = [FollowUp(specialist="infra", question="which errors, of the checkout?")]
    bench.fast = script(asking(("infra", "Which errors of checkout?")), *[looks] * 9)
    bench.strong = script(*[says(("Errors rose.", ERRORS), follow_ups=again)] * 5)

    await bench.ask("why?")

    assert len(questions(bench.strong)) == 1


async def test_a_question_without_its_subject_is_asked_back_with_choices(bench: Bench, script: Script) -> None:
    bench.fast = script(
        asking(kind="clarify", clarification="Which account?", choices=["prod", "dev", "prod", "a", "b", "c"])
    )

    run = await bench.ask("is it slow?")

    assert run.answer.kind == "clarify"
    assert run.answer.headline == "Which account?"
    assert run.answer.clarification == Clarification(question="Which account?", choices=("prod", "dev", "a", "b"))
    assert run.evidence == []
    assert questions(bench.strong) == []


async def test_the_answer_to_a_question_back_is_joined_to_the_question(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(("infra", "Is checkout slow?")), *[looks] * 2)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    await bench.ask("Checkout", asked_back("is it slow?", "checkout", "billing"))

    assert questions(bench.fast)[0] == "is it slow? (Checkout)"


async def test_nobody_is_asked_back_twice(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(kind="clarify", clarification="Which region?", choices=["eu-west-1"]), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    run = await bench.ask("the checkout one", asked_back("is it failing?", "checkout"))

    assert run.answer.kind == "question"
    assert run.answer.claims
    assert run.answer.assumptions == ("I took it to be about eu-west-1.",)
    assert questions(bench.strong) == ["is it failing? (the checkout one) (eu-west-1)"]


async def test_a_new_question_after_a_question_back_stands_alone(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(("infra", "Which errors has checkout?")), *[looks] * 2)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    await bench.ask("never mind, why did billing fail?", asked_back("is it slow?", "checkout"))

    assert questions(bench.strong) == ["never mind, why did billing fail?"]


async def test_where_pieces_of_evidence_contradict_each_other_it_is_said(bench: Bench, script: Script) -> None:
    apart = [DraftClaim(text="Metrics show errors, the logs show none.", evidence=[ERRORS, LOGS])]
    invented = [
        DraftClaim(text="The bill says 4,000 USD.", evidence=[ERRORS]),
        DraftClaim(text="So be it.", evidence=[]),
    ]
    bench.fast = script(asking(("infra", "Which errors?"), ("logs", "What do the logs say?")), *[looks] * 4)
    bench.strong = script(*[says(("Errors rose.", ERRORS), disagreements=apart + invented)] * 2)

    run = await bench.ask("why?")

    assert [claim.text for claim in run.answer.disagreements] == ["Metrics show errors, the logs show none."]
    assert run.answer.disagreements[0].evidence == (ERRORS, LOGS)


async def test_a_figure_that_nobody_found_does_not_reach_the_headline(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(("infra", "Which errors?")), *[looks] * 2)
    wrong = says(("Errors rose to 190 a minute.", ERRORS), headline="Errors rose to 4,711 a minute.",
                 next_steps=["Raise the limit to 900.", "Look at the 190 errors."])  # fmt: skip
    bench.strong = script(wrong, wrong)

    run = await bench.ask("why?")

    assert run.answer.headline == "Errors rose to 190 a minute."
    assert [claim.text for claim in run.answer.claims] == ["Errors rose to 190 a minute."]
    assert run.answer.next_steps == ("Look at the 190 errors.",)
    assert "4,711 is in no evidence" in bench.strong.heard[1][-1].text  # type: ignore[attr-defined]


async def test_times_in_the_askers_own_zone_are_no_strange_figures(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(("infra", "Which errors?")), *[looks] * 2)
    bench.strong = script(says(("Errors rose at 16:00 Berlin time.", ERRORS), headline="It began at 16:00."))

    run = await bench.ask("since when?", asker=Asker(zone="Europe/Berlin"))

    assert run.answer.headline == "It began at 16:00."
    assert run.answer.claims
    assert "The asker's time zone is Europe/Berlin" in bench.strong.heard[0][0].text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "asked", "said"),
    [
        ("small_talk", "good morning", "Hello"),
        ("small_talk", "thanks a lot!", "welcome"),
        ("help", "what can you do?", "cite what I found"),
        ("out_of_scope", "write me a poem", "I can't help"),
    ],
)
async def test_what_is_no_question_about_aws_takes_one_model_call_and_no_tool(
    bench: Bench, script: Script, kind: str, asked: str, said: str
) -> None:
    bench.fast = script(asking(kind=kind))

    run = await bench.ask(asked)

    assert said in run.answer.headline
    assert run.answer.kind == kind
    assert (run.evidence, questions(bench.strong), len(questions(bench.fast))) == ([], [], 1)


async def test_a_write_request_gets_the_step_for_a_person_and_no_change(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(kind="write"))

    run = await bench.ask("please reboot the orders-db database")

    assert "changed nothing" in run.answer.headline
    assert "aws rds reboot-db-instance --db-instance-identifier orders-db" in run.answer.next_steps[0]
    assert "what is wrong with `orders-db`" in run.answer.next_steps[-1]
    assert run.evidence == []


async def test_a_router_that_names_nobody_does_not_leave_the_question_unseen(bench: Bench, script: Script) -> None:
    bench.fast = script(asking(), *[looks] * 4)
    bench.strong = script(says(("Errors rose.", ERRORS)))

    run = await bench.ask("which errors are there?")

    assert run.answer.specialists
    assert run.answer.claims
