"""Stopping a run: with the button, with a word, from anywhere, while everything is busy."""

from __future__ import annotations

from pathlib import Path

import pytest
from slack_sdk import WebClient

from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.account.faults import Fault
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import PATIENT, fire, replies, running_service, text_of
from tests.e2e.talk import Talk, Unhurried, now, with_model

SOON = 5.0
FOREVER = 120.0
pytestmark = pytest.mark.usefixtures("account")


def _busy(talk: Talk, model: Unhurried, count: int = 1) -> None:
    talk.ws.wait_for(lambda: model.thinking >= count, 40)


def test_the_stop_button_ends_a_run_and_says_who_pressed_it(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        ts = talk.ask("why is checkout slow?")
        _busy(talk, model)
        assert workspace.session("general", ts) == {"status": "processing", "title": "why is checkout slow?"}
        workspace.press_stop("liwei", "general", ts)

        (answer,) = talk.answers(ts, seconds=SOON)
        assert "Stopped by Li Wei Chen." in answer
        assert "Nothing had been found yet." in answer
        workspace.wait_for(lambda: talk.at_rest(ts), SOON)
        assert model.thinking == 0
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, SOON)
        question, stopped = talk.remembered(deps, ts).messages
        assert (question.author_name, stopped.answer is not None) == ("Maya Okafor", True)
        assert now(deps.audit.read(limit=1))[0].event == "question.stopped"


@pytest.mark.slow
@pytest.mark.parametrize("word", ["stop", "Never mind.", "abbrechen"])
def test_a_word_in_the_thread_ends_a_run(workspace: RunningWorkspace, tmp_path: Path, word: str) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model)):
        ts = talk.ask("why is checkout slow?")
        _busy(talk, model)
        talk.say(word, ts, user="sofia")

        assert "Stopped by Sofía Reyes." in talk.answers(ts, seconds=SOON)[0]
        workspace.wait_for(lambda: talk.at_rest(ts), SOON)
        assert len(talk.replies(ts)) == 1


@pytest.mark.slow
def test_a_stop_needs_no_free_worker(workspace: RunningWorkspace, tmp_path: Path) -> None:
    """One worker, two threads: the second waits. Both can be stopped, and a third question is answered then."""
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model), workers=1):
        first = talk.ask("why is checkout slow?")
        _busy(talk, model)
        second = talk.ask("and why is search slow?", user="jonas")
        workspace.wait_for(lambda: workspace.status("general", second), SOON)
        talk.say("stop", second, user="jonas")
        talk.say("stop", first)

        assert "Stopped by Maya Okafor." in talk.answers(first, seconds=SOON)[0]
        assert "Stopped by Jonas Berg." in talk.answers(second, seconds=SOON)[0]
        assert model.begun == 1
        model.seconds = 0
        assert "Stopped" not in talk.answers(talk.ask("hello"), seconds=SOON)[0]


@pytest.mark.parametrize("who", ["sofia", "jonas"])
def test_an_order_to_stop_spares_what_others_wait_for(workspace: RunningWorkspace, tmp_path: Path, who: str) -> None:
    """Maya's question runs and Jonas's waits: whoever orders a stop ends the first, and only Jonas the second."""
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        ts = talk.ask("why is checkout slow?")
        _busy(talk, model)
        talk.say("and why is search slow?", ts, user="jonas")
        workspace.wait_for(lambda: len(talk.remembered(deps, ts).messages) == 2, SOON)
        model.seconds = 0
        talk.say("stop", ts, user=who)

        first, second = talk.answers(ts, 2, seconds=SOON)
        assert "Stopped by" in first
        assert ("Stopped by" in second) == (who == "jonas")


@pytest.mark.slow
def test_a_question_after_a_stop_is_answered(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model)):
        ts = talk.ask("why is checkout slow?")
        _busy(talk, model)
        talk.say("stop", ts)
        talk.answers(ts, seconds=SOON)
        model.seconds = 0
        talk.say("since when?", ts)

        assert "Stopped" not in talk.answers(ts, 2, SOON)[1]


@pytest.mark.slow
def test_where_nothing_runs_an_order_to_stop_is_answered_in_private(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        ts = talk.ask("stop")

        assert "Nothing is running" in talk.whispers()[0]
        assert talk.replies(ts) == []


@pytest.mark.slow
def test_the_button_clears_what_a_dead_run_left_turning(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())):
        ts = talk.say("why?")
        client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
        place = {"channel_id": workspace.channel_id("general"), "thread_ts": ts}
        client.agents_sessions_setStatus(**place, status="processing")
        client.assistant_threads_setStatus(**place, status="is looking into it…")
        assert not talk.at_rest(ts)

        workspace.press_stop("maya", "general", ts)
        workspace.wait_for(lambda: talk.at_rest(ts), SOON)


@pytest.mark.slow
def test_outside_of_a_thread_it_stops_what_the_same_person_asked_in_the_channel(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    with running_service(workspace, tmp_path, with_model(model)):
        mine, other = talk.ask("why is checkout slow?"), talk.ask("why is search slow?", user="jonas")
        _busy(talk, model, 2)
        talk.ask("cancel")

        assert "Stopped by Maya Okafor." in talk.answers(mine, seconds=SOON)[0]
        assert model.thinking == 1
        talk.say("stop", other, user="jonas")
        talk.answers(other, seconds=SOON)


@pytest.mark.slow
def test_outside_of_a_thread_it_reaches_every_worker(
    workspace: RunningWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slack_app.worker.HELD_BEYOND_WORKERS", 0)
    monkeypatch.setattr("slack_app.worker.PUT_BACK_SECONDS", 1.0)
    talk, model = Talk(workspace), Unhurried(seconds=FOREVER)
    parts = with_model(model)
    with (
        running_service(workspace, tmp_path, parts, workers=1),
        running_service(workspace, tmp_path, parts, workers=1),
    ):
        mine = [talk.ask("why is checkout slow?"), talk.ask("why is search slow?")]
        _busy(talk, model, 2)
        talk.ask("stop")

        for ts in mine:
            assert "Stopped by Maya Okafor." in talk.answers(ts, seconds=SOON)[0]


@pytest.mark.slow
def test_what_had_been_found_is_told_with_its_sources(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    """CloudTrail hangs when it is asked about the function that the costs have led to by then."""
    account.load(load_scenario("lambda-cost-spike"))
    account.put(Fault("cloudtrail:*", seconds=FOREVER))
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, **PATIENT):
        ts = talk.ask("why did our Lambda costs spike?")
        workspace.wait_for(lambda: _looks_at(workspace, "What changed on media-thumbnailer"), 60)
        workspace.press_stop("maya", "general", ts)
        workspace.wait_for(lambda: talk.at_rest(ts), SOON)
        account.heal()  # or the service would end only with its call
        (reply,) = talk.replies(ts)
    assert "Stopped by Maya Okafor." in text_of(reply)
    assert "This is what had been found:" in text_of(reply)
    assert "[1]" in text_of(reply)
    assert "show_evidence" in str(reply["blocks"])


def _looks_at(workspace: RunningWorkspace, what: str) -> bool:
    """Whether a card has told that this is being looked at."""
    return any(what in str(call.args) for call in workspace.api_calls("chat.appendStream"))


@pytest.mark.slow
def test_an_alerts_analysis_can_be_stopped_too(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    with running_service(workspace, tmp_path, **PATIENT) as deps:
        account.put(Fault("cloudtrail:*", seconds=FOREVER))  # the analysis is not over before it is stopped
        ts = fire("rds-connections-exhausted", account, workspace)
        workspace.wait_for(lambda: replies(workspace, "alerts", ts), 30)
        workspace.post_as("maya", "alerts", "stop", ts)
        workspace.wait_for(lambda: "Stopped by Maya Okafor" in text_of(replies(workspace, "alerts", ts)[0]), 20)
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, SOON)
        account.heal()
    assert len([m for m in replies(workspace, "alerts", ts) if m.get("user") == workspace.bot_user]) == 1
