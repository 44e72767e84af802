"""What happens when the queue, a store or Slack has a bad moment: the work goes on, and nothing is shown twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from slack_sdk import WebClient

from agent.errors import StoreUnavailable
from agent.models import ChatMessage, Job, JobKind, Urgency
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from slack_app.bootstrap import Held, build_deps, utc_now
from slack_app.handlers.waiting import begun_key, is_answered, own_messages
from tests.agent.examples import NOW
from tests.e2e.service import post_to_webhook, replies, running_service, text_of
from tests.e2e.talk import Talk, Unhurried, now, with_model
from tools.queues.local import LocalQueue

SOON = 60.0
LEASE = 2.0


class HiccupingQueue(LocalQueue):
    """Refuses to delete, or to release, the first few times."""

    def __init__(self, home: Path, deletes: int = 0, releases: int = 0) -> None:
        super().__init__(home / "hiccups.db", utc_now)
        self.refusals = {"delete": deletes, "release": releases}

    async def delete(self, job: Job) -> None:
        self._refuse("delete")
        await super().delete(job)

    async def release(self, job: Job, delay_seconds: float = 0, reason: str = "") -> None:
        self._refuse("release")
        await super().release(job, delay_seconds, reason)

    def _refuse(self, what: str) -> None:
        self.refusals[what] -= 1
        if self.refusals[what] >= 0:
            raise StoreUnavailable("The queue is throttled.")


def test_a_queue_that_forgets_no_job_for_a_moment_costs_no_worker(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, queue = Talk(workspace), HiccupingQueue(tmp_path, deletes=1)
    parts = {**with_model(Unhurried()), "queue": queue}
    with running_service(workspace, tmp_path, parts, job_lease_seconds=LEASE):
        first = talk.ask("hello")
        talk.answers(first)
        second = talk.ask("hello again")
        talk.answers(second)
        workspace.wait_for(lambda: now(queue.depth()) == 0, SOON)  # the first job came back and was known as done
        assert (len(talk.replies(first)), len(talk.replies(second))) == (1, 1)
        assert queue.refusals["delete"] < 0
    queue.close()


@pytest.mark.slow
def test_a_failed_job_that_cannot_be_given_back_comes_back_with_its_lease(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk, queue = Talk(workspace), HiccupingQueue(tmp_path, releases=1)
    parts = {**with_model(Unhurried()), "queue": queue}
    workspace.faults.fail("chat.startStream", "internal_error", times=1)
    workspace.faults.fail("chat.postMessage", "internal_error", times=1)
    with running_service(workspace, tmp_path, parts, job_lease_seconds=LEASE):
        ts = talk.ask("hello")
        assert len(talk.answers(ts)) == 1
        assert queue.refusals["release"] == 0
        assert len(talk.answers(talk.ask("hello again"))) == 1
    queue.close()


def _mention(workspace: RunningWorkspace, ts: str, thread_ts: str, text: str = "hello") -> Job:
    """The job of a question, as the listener makes it."""
    place = {"team": workspace.team_id, "channel": workspace.channel_id("general"), "thread_ts": thread_ts}
    payload = {**place, "user": workspace.user_id("maya"), "ts": ts, "text": text, "implicit": False}
    return Job(
        id=f"job_{ts}",
        kind=JobKind.mention,
        idempotency_key=f"late:{ts}",
        payload=payload,
        urgency=Urgency.critical,
        created_at=NOW,
    )


def _redelivered(deps: Deps, job: Job) -> None:
    """Queue it as a job whose first worker died."""

    async def work() -> None:
        deps.queue.send(job)
        (taken,) = await deps.queue.receive(1)
        await deps.queue.release(taken)

    asyncio.run(work())


def _own(workspace: RunningWorkspace, ts: str, text: str) -> str:
    client = WebClient(token=workspace.bot_token, base_url=workspace.api_url)
    return str(client.chat_postMessage(channel=workspace.channel_id("general"), thread_ts=ts, text=text)["ts"])


def _prepared(workspace: RunningWorkspace, home: Path) -> Held:
    """The dependencies before any worker runs."""
    return build_deps(Settings.read(home=home, slack_bot_token=workspace.bot_token))


@pytest.mark.parametrize("noted", [True, False])
def test_a_redelivered_question_is_answered_where_its_answer_was_begun(
    workspace: RunningWorkspace, tmp_path: Path, *, noted: bool
) -> None:
    """Between the question and its begun answer stand the second page of another answer and an apology.

    Where it began is noted, or else found: then what else Watchkeeper said there must be known.
    """
    talk, held = Talk(workspace), _prepared(workspace, tmp_path)
    root = talk.say("the first question")
    ts = talk.say(f"<@{workspace.bot_user}> hello", root)
    first, page, apology = (_own(workspace, root, text) for text in ("First answer", "(continued)", "I could not"))
    begun = _own(workspace, root, "Looking into it")
    turns = [
        ChatMessage(role="user", text="the first question", author="U9", ts=root, at=NOW),
        ChatMessage(
            role="assistant", text="!", ts=f"answer:{root}", message_ts=first, pages=() if noted else (page,), at=NOW
        ),
        ChatMessage(role="assistant", text="!", ts="answer:1.5", message_ts=apology, at=NOW),
    ]
    if noted:
        turns.append(ChatMessage(role="assistant", text="", ts=begun_key(ts), message_ts=begun, at=NOW))
    for turn in turns:
        now(held.deps.conversations.append(talk.place(root), turn))
    _redelivered(held.deps, _mention(workspace, ts, root))
    held.close()

    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, SOON)
        shown = {message["ts"]: text_of(message) for message in talk.replies(root)}
    assert (shown[first], shown[page], shown[apology]) == ("First answer", "(continued)", "I could not")
    assert "Ask me about AWS" in shown[begun]
    assert len(shown) == 4


def test_where_an_answer_begins_is_kept_with_the_question(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        talk.answers(ts)
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, SOON)
        (reply,) = talk.replies(ts)
        thread = now(deps.conversations.get(talk.place(ts)))
        turns = {turn.ts: turn for turn in thread.messages} if thread else {}
    assert turns[begun_key(ts)].message_ts == turns[f"answer:{ts}"].message_ts == reply["ts"]
    assert turns[f"answer:{ts}"].covers == (ts,)


@pytest.mark.slow
def test_a_restart_between_an_answer_and_its_end_leaves_nothing_turning(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=2)
    with running_service(workspace, tmp_path, with_model(model)) as deps:
        ts = talk.ask("hello")
        workspace.wait_for(lambda: workspace.session("general", ts), SOON)
        workspace.faults.rate_limit("agents.sessions.setStatus", retry_after=100)
        workspace.wait_for(lambda: len(workspace.api_calls("agents.sessions.setStatus")) == 2, SOON)
        assert is_answered(now(deps.conversations.get(talk.place(ts))), ts)
    assert not talk.at_rest(ts)
    with running_service(workspace, tmp_path, with_model(model)):
        assert len(talk.answers(ts, seconds=SOON)) == len(talk.replies(ts)) == 1


@pytest.mark.slow
def test_an_apology_is_never_written_over(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    workspace.faults.fail("agents.sessions.setStatus", "unknown_method", times=99)
    workspace.faults.fail("chat.startStream", "internal_error", times=3)
    workspace.faults.fail("chat.postMessage", "internal_error", times=3)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        workspace.wait_for(lambda: talk.replies(ts), SOON)
        (apology,) = talk.replies(ts)
        assert "I could not finish this" in text_of(apology)
        workspace.wait_for(lambda: apology["ts"] in own_messages(talk.remembered(deps, ts)), SOON)


@pytest.mark.parametrize("error", ["ratelimited", "internal_error"])
def test_an_alert_is_not_lost_when_slack_does_not_say_which_channel_it_is_in(
    workspace: RunningWorkspace, tmp_path: Path, error: str
) -> None:
    workspace.faults.fail("conversations.info", error)
    with running_service(workspace, tmp_path, with_model(Unhurried(seconds=60))):
        post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": "ALARM: everything is on fire"})
        alarm = workspace.messages("alerts")[-1]["ts"]
        workspace.wait_for(lambda: replies(workspace, "alerts", alarm), SOON)
        post_to_webhook(workspace.incoming_webhook_url("general"), {"text": "A build has finished"})
        post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": "ALARM: and now the sprinklers"})
        second = workspace.messages("alerts")[-1]["ts"]
        workspace.wait_for(lambda: replies(workspace, "alerts", second), SOON)
        other = workspace.messages("general")[-1]["ts"]
        assert replies(workspace, "general", other) == []


def test_even_a_muted_alert_makes_old_answers_old(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace, "alerts")
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        workspace.command("maya", "alerts", "/watchkeeper", "mute 1h")
        talk.whispers()
        for key in ("answer|a", "evidence|b", "ce|c"):
            deps.cache.fetch(key, 600, lambda: "old")
        post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": "ALARM: everything is on fire"})
        workspace.wait_for(lambda: _event(deps, "alert.muted"), SOON)
        kept = {key: deps.cache.fetch(key, 0, lambda: "new") for key in ("answer|a", "evidence|b", "ce|c")}
    assert kept == {"answer|a": "new", "evidence|b": "new", "ce|c": "old"}


def _event(deps: Deps, name: str) -> bool:
    return any(entry.event == name for entry in now(deps.audit.read()))


@pytest.mark.slow
def test_quick_jobs_get_through_when_a_worker_holds_all_it_may(
    workspace: RunningWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slack_app.worker.HELD_BEYOND_WORKERS", 1)
    monkeypatch.setattr("slack_app.worker.PUT_BACK_SECONDS", 1.0)
    talk, model = Talk(workspace), Unhurried(seconds=120)
    with running_service(workspace, tmp_path, with_model(model), workers=1) as deps:
        threads = [talk.ask(f"hello, number {n}") for n in range(12)]
        workspace.wait_for(lambda: model.thinking, SOON)
        began = time.monotonic()
        workspace.command("maya", "general", "/watchkeeper", "whoami")
        assert "Maya Okafor" in talk.whispers()[0]
        assert time.monotonic() - began < 30

        model.seconds = 0
        workspace.press_stop("maya", "general", threads[0])
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, 60)
        assert [len(talk.replies(ts)) for ts in threads] == [1] * 12
        assert now(deps.queue.dead_letters()) == []
