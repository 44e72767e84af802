"""`/watchkeeper …`, and the same words in a mention: answered in private, and at once."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from agent.models import Mute
from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from tests.e2e.service import post_to_webhook, replies, running_service
from tests.e2e.talk import Talk, Unhurried, now, with_model

ACK_SECONDS = 3.0
"""Slack's own limit."""
pytestmark = pytest.mark.usefixtures("account")


def _command(talk: Talk, text: str, user: str = "maya") -> str:
    """What the command answers; its acknowledgement must be quick."""
    before = len(talk.ws.whispers(user, talk.channel))
    began = time.monotonic()
    talk.ws.command(user, talk.channel, "/watchkeeper", text)
    assert time.monotonic() - began < ACK_SECONDS
    return talk.whispers(before + 1, user)[-1]


@pytest.mark.slow
def test_status_tells_what_there_is_to_know(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=60)
    with running_service(workspace, tmp_path, with_model(model)):
        talk.ask("why is checkout slow?")
        workspace.wait_for(lambda: model.thinking, 60)
        said = _command(talk, "status")
    assert "1 job queued or running; this worker is on 0 alerts and 1 question" in said
    assert "offline analyst" in said
    assert "account 123456789012, us-east-1" in said
    assert "*Muted:* nothing" in said
    assert "no tokens" in said


def test_whoami_knows_name_and_zone(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path):
        said = _command(talk, "whoami", "priya")
        workspace.faults.fail("users.info", "missing_scope")
        unknown = _command(talk, "whoami", "jonas")
    assert "*Priya Nair* (`U0PRIYANAI`)" in said
    assert "Asia/Kolkata" in said
    assert "You are not among those who may approve changes" in said
    assert "`U0JONASBRG`" in unknown
    assert "UTC" in unknown


@pytest.mark.slow
def test_help_tells_it_all_and_anything_else_where_it_belongs(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path):
        helped = [_command(talk, text) for text in ("", "help", "HELP")]
        asked = [_command(talk, text) for text in ("dance", "why is checkout slow?")]
    assert all("stands watch over AWS" in said and "/watchkeeper mute 1h" in said for said in helped)
    assert asked[0].startswith("Ask me in a channel, so that everybody sees the answer: @watchkeeper dance")
    assert all("`help`" in said and "stands watch" not in said for said in asked)


@pytest.mark.slow
def test_stop_as_a_command_ends_what_its_author_asked_in_the_channel(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk, model = Talk(workspace), Unhurried(seconds=60)
    with running_service(workspace, tmp_path, with_model(model)):
        mine, other = talk.ask("why is checkout slow?"), talk.ask("what changed?", user="jonas")
        workspace.wait_for(lambda: model.thinking == 2, 60)
        assert "ends now" in _command(talk, "stop")
        assert "Stopped by Maya Okafor." in talk.answers(mine)[0]
        assert model.thinking == 1
        assert talk.replies(other) == []


@pytest.mark.slow
def test_in_a_muted_channel_only_mentions_are_answered(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    talk = Talk(workspace, "alerts")
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        first = talk.ask("hello")
        talk.answers(first)
        assert "This channel is muted until" in _command(talk, "mute 1h")
        post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": "ALARM: everything is on fire"})
        alarm = workspace.messages("alerts")[-1]["ts"]
        talk.say("is it still failing?", first)
        mention = talk.ask("hello?", user="jonas")

        assert len(talk.answers(mention)) == 1
        assert "answer only when I am mentioned" in talk.whispers(1, "jonas")[0]
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, 60)
        assert replies(workspace, "alerts", alarm) == []
        assert len(talk.replies(first)) == 1
        assert "*Muted:* this channel until" in _command(talk, "status")
        (told,) = [m for m in workspace.messages("alerts") if "muted this channel" in m.get("text", "")]
        assert told["text"].startswith("Maya Okafor muted this channel until")
        assert "alerts here are not analysed" in told["text"]
        now(deps.mutes.mute(Mute(channel="C0SECRET", by="U9", at=deps.clock())))
        elsewhere = _command(Talk(workspace), "status", "jonas")
        assert "*Muted:* 2 places" in elsewhere
        assert "C0SECRET" not in elsewhere + _command(talk, "status")

        assert "not muted any more" in _command(talk, "unmute")
        assert "was not muted" in _command(talk, "unmute")
        talk.say("is it still failing?", first)
        assert len(talk.answers(first, 2)) == 2


@pytest.mark.slow
def test_a_thread_is_muted_by_a_mention_in_it(workspace: RunningWorkspace, tmp_path: Path) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path, with_model(Unhurried())) as deps:
        ts = talk.ask("hello")
        talk.answers(ts)
        talk.ask("mute until tomorrow", ts)

        said = talk.whispers()[0]
        assert "This thread is muted until" in said
        assert "09:00 (America/Toronto)" in said
        assert not any("muted" in message["text"] for message in workspace.messages("general"))
        (mute,) = now(deps.mutes.all())
        assert (mute.thread_ts, mute.by) == (ts, workspace.user_id("maya"))
        assert len(talk.answers(talk.ask("hello elsewhere"))) == 1
        talk.say("anybody?", ts)
        workspace.wait_for(lambda: now(deps.queue.depth()) == 0, 60)
        talk.ask("unmute", ts)
        assert "This thread is not muted any more" in talk.whispers(2)[-1]
        assert len(talk.replies(ts)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("text", ["mute for ages", "mute until 25:00", "mute 90d"])
def test_a_mute_that_cannot_be_understood_says_how_to_write_it(
    workspace: RunningWorkspace, tmp_path: Path, text: str
) -> None:
    talk = Talk(workspace)
    with running_service(workspace, tmp_path) as deps:
        assert "`mute until tomorrow`" in _command(talk, text)
        assert now(deps.mutes.all()) == []


@pytest.mark.slow
def test_over_signed_http_commands_are_answered_too(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (
        running_workspace(events_url=f"http://127.0.0.1:{port}/slack/events") as workspace,
        running_service(workspace, tmp_path, slack_app_token=None, http_port=port),
    ):
        assert "Maya Okafor" in _command(Talk(workspace), "whoami")
