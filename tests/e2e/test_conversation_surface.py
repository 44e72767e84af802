"""Who is answered where, in which order, and what is known of who asks."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from slack_sdk import WebClient

from agent.drafts import Route
from agent.models import Answer, ChatMessage, Claim, Job, JobKind
from deploy.local.workspace.background import RunningWorkspace
from slack_app.blocks.answers import answer_blocks
from slack_app.blocks.buttons import evidence_buttons
from tests.agent.examples import NOW, evidence
from tests.agent.secrets import TOKENS
from tests.e2e.service import post_to_webhook, running_service
from tests.e2e.talk import Talk, Unhurried, now, with_model

SOON = 60.0


def _settled(talk: Talk, deps: Any) -> None:
    talk.ws.wait_for(lambda: now(deps.queue.depth()) == 0, SOON)


@pytest.mark.slow
def test_in_its_own_thread_people_need_no_mention(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        own = talk.ask("hello")
        talk.answers(own)
        talk.say("and you?", own, user="jonas")
        assert len(talk.answers(own, 2)) == 2

        talk.say("<@U0LIWEICHN> have you seen this?", own)
        others = talk.say("who broke it?")
        talk.say("not me", others, user="jonas")
        talk.ask("hello", others)
        talk.answers(others)
        talk.say("thanks all", others)
        _settled(talk, deps)
        assert (len(talk.replies(own)), len(talk.replies(others))) == (2, 1)


@pytest.mark.slow
def test_under_an_analysis_questions_are_answered_and_talk_is_not(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.say("ALARM: checkout errors")
        analysis = ChatMessage(role="assistant", text="It is the database.", ts="1.5", message_ts="1.5", at=NOW)
        now(deps.conversations.append(talk.place(ts), analysis))
        talk.say("is somebody looking?", ts)
        _settled(talk, deps)
        assert talk.replies(ts) == []

        talk.say("is it still happening?", ts, user="jonas")
        assert len(talk.answers(ts)) == 1


@pytest.mark.slow
def test_a_direct_message_is_a_session_with_a_title_and_prompts_to_begin_with(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace, "sofia")
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        workspace.open_home("sofia", "messages")
        prompts = workspace.wait_for(lambda: workspace.prompts("sofia"), SOON)
        assert 0 < len(prompts["prompts"]) <= 4
        ts = talk.say("what   does\nLambda cost?", user="sofia")
        talk.answers(ts)
    assert workspace.session("sofia", ts) == {"status": "active", "title": "what does Lambda cost?"}


@pytest.mark.slow
def test_several_people_in_a_thread_are_told_apart(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        talk.answers(ts)
        talk.say("what is failing?", ts, user="jonas")
        talk.answers(ts, 2)
        turns = [turn for turn in talk.remembered(deps, ts).messages if turn.role == "user"]
        assert [(turn.author, turn.author_name) for turn in turns] == [
            ("U0MAYAOKAF", "Maya Okafor"),
            ("U0JONASBRG", "Jonas Berg"),
        ]
        assert Counter(call.args["user"] for call in workspace.api_calls("users.info")) == {
            "U0MAYAOKAF": 1,
            "U0JONASBRG": 1,
        }


@pytest.mark.slow
def test_without_the_right_to_read_users_questions_are_answered_all_the_same(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    workspace.faults.fail("users.info", "missing_scope", times=99)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        talk.answers(ts)
        assert talk.remembered(deps, ts).messages[0].author_name == ""
        talk.ask("hello", ts)
        talk.answers(ts, 2)
    assert len(workspace.api_calls("users.info")) == 1


@pytest.mark.slow
def test_where_streaming_and_sessions_are_refused_the_answer_still_comes(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    for method in ("chat.startStream", "agents.sessions.setStatus", "assistant.threads.setStatus"):
        workspace.faults.fail(method, "unknown_method", times=99)
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        ts = talk.ask("hello")
        workspace.wait_for(lambda: any("Ask me about AWS" in str(m) for m in talk.replies(ts)), SOON)
    assert len(talk.replies(ts)) == 1


@pytest.mark.slow
def test_what_one_person_adds_during_a_run_is_answered_together(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=1.0)
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        ts = talk.ask("why is checkout slow?")
        workspace.wait_for(lambda: model.thinking, SOON)
        talk.say("since this morning", ts)
        talk.say("in eu-west-1", ts)
        talk.say("what does it cost?", ts, user="sofia")
        answers = talk.answers(ts, 3)
        _settled(talk, deps)
    assert len(talk.replies(ts)) == 3
    assert "Assumed" not in answers[0]
    assert "2 messages" in answers[1]
    assert "Assumed" not in answers[2]
    said = str(model.heard[1])
    assert "since this morning" in said
    assert "in eu-west-1" in said
    assert model.begun == 3


@pytest.mark.slow
def test_two_workers_never_answer_in_one_thread_at_once(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=0.5)
    people = ("maya", "jonas", "sofia", "priya")
    with (
        running_service(workspace, tmp_path, with_model(model)) as deps,
        running_service(workspace, tmp_path, with_model(model)),
    ):
        ts = talk.ask("hello", user="liwei")
        workspace.wait_for(lambda: model.thinking, SOON)
        for person in people:
            talk.ask(f"hello, I am {person}", ts, user=person)
        talk.answers(ts, 1 + len(people))
        _settled(talk, deps)
        assert len(talk.replies(ts)) == 1 + len(people)
        assert model.most == 1
        turns = [turn.ts for turn in talk.remembered(deps, ts).messages if turn.role == "assistant"]
        assert len(set(turns)) == 1 + len(people)


@pytest.mark.slow
def test_different_threads_are_answered_at_once(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=1.0)
    with running_service(workspace, tmp_path, with_model(model)):
        threads = [talk.ask("hello", user=person) for person in ("maya", "jonas", "sofia")]
        for ts in threads:
            talk.answers(ts)
    assert model.most == 3


@pytest.mark.slow
def test_a_thread_that_another_process_works_on_is_waited_for(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried()
    with running_service(workspace, tmp_path, with_model(model), job_lease_seconds=2) as deps:
        ts = talk.say("why?")
        key = f"thread:{workspace.channel_id('general')}:{ts}"
        lease = now(deps.locks.acquire(key, "another process", 60))
        assert lease is not None
        talk.ask("hello", ts)
        workspace.wait_for(lambda: workspace.status("general", ts), SOON)
        time.sleep(3)  # longer than the job's lease: it is kept, and waiting costs no attempt
        assert (model.begun, talk.replies(ts)) == (0, [])

        now(deps.locks.release(lease))
        talk.answers(ts)
        _settled(talk, deps)
        assert (len(talk.replies(ts)), now(deps.queue.dead_letters())) == (1, [])


@pytest.mark.slow
def test_fifty_threads_at_once_get_one_answer_each(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=0.2)
    with running_service(workspace, tmp_path, with_model(model), workers=8) as deps:
        threads = [talk.ask(f"hello, number {n}") for n in range(50)]
        for ts in threads:
            talk.answers(ts, seconds=60)
        _settled(talk, deps)
        assert [len(talk.replies(ts)) for ts in threads] == [1] * 50
    assert model.most <= 8


class Clarifying(Unhurried):
    """Asks back which service is meant, once."""

    asked: bool = False

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.asked:
            self.asked = True
            self.turns[:] = [
                Route(kind="clarify", clarification="Which service is slow?", choices=["orders-api", "orders-db"])
            ]
        return super()._generate(messages, *args, **kwargs)


def test_a_choice_becomes_the_clickers_next_message(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Clarifying()
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        ts = talk.ask("why is it slow?")
        talk.answers(ts)
        (question,) = talk.replies(ts)
        assert "orders-db" in str(question["blocks"])
        workspace.click("jonas", "general", question["ts"], "clarify_1")

        talk.answers(ts, 2)
        asked = talk.replies(ts)[0]
        assert "clarify_" not in str(asked["blocks"])
        assert "Jonas Berg chose *orders-db*." in str(asked["blocks"])
        chosen = talk.remembered(deps, ts).messages[2]
        assert (chosen.text, chosen.author_name) == ("orders-db", "Jonas Berg")
        assert "orders-db" in str(model.heard[-1])
        _settled(talk, deps)


def test_a_late_choice_belongs_to_the_question_that_offered_it(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Clarifying()
    with running_service(workspace, tmp_path, with_model(model)):
        ts = talk.ask("why is it slow?")
        talk.answers(ts)
        (question,) = talk.replies(ts)
        talk.ask("hello", ts, user="sofia")
        talk.answers(ts, 2)
        workspace.click("jonas", "general", question["ts"], "clarify_1")

        talk.answers(ts, 3)
        assert "why is it slow? (orders-db)" in str(model.heard[-1])


ALARM = {"text": "ALARM: checkout-api 5xx is high", "attachments": [{"title": "Errors", "text": "412 in 5 minutes"}]}


def test_a_question_under_somebodys_post_knows_what_it_hangs_under(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried()
    secret = TOKENS["aws access key id"](Random(4))
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        post_to_webhook(workspace.incoming_webhook_url("general", "CloudWatch Alarms"), ALARM)
        ts = workspace.messages("general")[-1]["ts"]
        for n in range(7):
            talk.say(f"remark number {n} {'x' * 300}", ts, user="jonas")
        talk.say(f"I rotated {secret} just before", ts, user="sofia")
        talk.ask("why?", ts)
        talk.answers(ts)
        talk.say("not for anybody", ts, user="liwei")
        talk.ask("and since when?", ts)
        talk.answers(ts, 2)
        kept = [turn.text for turn in talk.remembered(deps, ts).messages if turn.role == "user"]
    first, second = (str(heard) for heard in (model.heard[0], model.heard[-1]))
    assert "post by CloudWatch Alarms: ALARM: checkout-api 5xx is high" in first
    assert "412 in 5 minutes" in first
    assert "Jonas Berg asked: remark number 6" in first
    assert "remark number 2" not in first
    assert "Sofía Reyes asked: I rotated" in first
    assert secret not in first
    assert first.count("x" * 10) < 200
    assert "checkout-api 5xx is high" in second
    assert "Li Wei Chen asked: not for anybody" in second
    assert kept == ["why?", "and since when?"]


@pytest.mark.slow
def test_a_thread_that_slack_does_not_show_is_answered_all_the_same(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    workspace.faults.fail("conversations.replies", "missing_scope", times=9)
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        ts = talk.say("checkout is slow")
        talk.ask("why?", ts)
        assert len(talk.answers(ts)) == 1


def test_a_picture_without_words_and_thanks_are_not_answered_in_its_own_thread(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        talk.answers(ts)
        talk.say(" ", ts, user="jonas")
        talk.say("thanks", ts)
        talk.say("what is failing?", ts)
        talk.answers(ts, 2)
        _settled(talk, deps)
        assert len(talk.replies(ts)) == 2


def _post(talk: Talk, ts: str, blocks: list[Any]) -> str:
    """A message of Watchkeeper's in a thread, as if it had answered there."""
    client = WebClient(token=talk.ws.bot_token, base_url=talk.ws.api_url)
    channel = talk.ws.channel_id(talk.channel)
    return str(client.chat_postMessage(channel=channel, thread_ts=ts, text="An answer", blocks=blocks)["ts"])


def test_an_answers_evidence_is_shown_and_its_judges_are_thanked(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    piece = evidence(id="ev_1", summary="The database has 100 of 100 connections.")
    answer = Answer(headline="The database is full.", claims=(Claim(text="It is full.", evidence=("ev_1",)),))
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.say("why?")
        own = _post(talk, ts, answer_blocks(answer, [piece], ts))
        turn = ChatMessage(
            role="assistant", text="x", ts=f"answer:{ts}", message_ts=own, at=NOW, answer=answer, evidence=(piece,)
        )
        now(deps.conversations.append(talk.place(ts), turn))
        workspace.click("maya", "general", own, "show_evidence")
        shown = workspace.wait_for(lambda: modal if "100 of 100" in (modal := _modal(talk)) else "", SOON)
        assert "The database is full." in shown

        workspace.click("maya", "general", own, "answer_feedback", value=f"good|{ts}")
        assert "Thank you" in talk.whispers()[0]
        workspace.click("jonas", "general", own, "answer_feedback", value=f"bad|{ts}")
        assert "Thank you" in talk.whispers(1, "jonas")[0]
        assert workspace.open_modals("jonas")[-1]["title"]["text"] == "What was wrong?"
        workspace.submit_modal("jonas", {"comment": {"words": {"type": "plain_text_input", "value": "Old figures"}}})
        assert "your words" in talk.whispers(2, "jonas")[-1]
        _deliver_again(deps, talk, workspace.user_id("jonas"), own, ts)
        assert "Thank you" in talk.whispers(3, "jonas")[-1]
        judged = {(one.user, one.good, one.comment, one.evidence) for one in now(deps.feedback.recent())}
    assert judged == {
        (workspace.user_id("maya"), True, "", ("ev_1",)),
        (workspace.user_id("jonas"), False, "Old figures", ("ev_1",)),
    }


def _deliver_again(deps: Any, talk: Talk, user: str, message_ts: str, asked_ts: str) -> None:
    """A click's job that is done after that of the words which followed the click."""
    (given,) = [one for one in now(deps.feedback.recent()) if one.user == user]
    clicked_at = f"{(given.at - timedelta(seconds=1)).timestamp():.6f}"
    place = {"team": talk.ws.team_id, "channel": talk.ws.channel_id("general"), "thread_ts": asked_ts}
    judged = {"message_ts": message_ts, "user": user, "asked_ts": asked_ts, "good": False, "comment": ""}
    job = Job(
        id="job_late",
        kind=JobKind.feedback,
        idempotency_key="late",
        payload={**place, **judged, "at": clicked_at},
        created_at=NOW,
    )
    deps.queue.send(job)


@pytest.mark.slow
def test_evidence_that_is_forgotten_or_asked_for_too_late_is_told_in_a_sentence(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        ts = talk.say("why?")
        own = _post(talk, ts, evidence_buttons("9.9", True))
        workspace.click("maya", "general", own, "show_evidence")
        workspace.wait_for(lambda: "not remembered any more" in _modal(talk), SOON)

        workspace.faults.fail("views.open", "expired_trigger_id")
        workspace.click("maya", "general", own, "show_evidence")
        assert "press the button again" in talk.whispers()[0]


def _modal(talk: Talk) -> str:
    return str(talk.ws.open_modals("maya"))
