from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.models import Job, JobKind, SlackPlace, Urgency
from slack_app.intake import Identity, Intake
from tests.agent.examples import NOW
from tools.queues.local import LocalQueue

BOT = "U0WATCHKPR"
IDENTITY = Identity(team_id="T1", bot_user_id=BOT, bot_id="B0OWN", app_id="A0OWN")
NAMES = {"C0ALERTS": "alerts", "C0GENERAL": "general"}


class Desk:
    """An intake over a real queue, and what it put there."""

    def __init__(self, queue: LocalQueue, channels: tuple[str, ...] = ("alerts", "C0BYID")) -> None:
        self.queue = queue
        self.looked_up: list[str] = []
        self.silent = False
        self.stops: list[tuple[SlackPlace, datetime, str]] = []
        self.intake = Intake(queue, lambda: NOW, IDENTITY, channels, self._name, self._stop)

    def _stop(self, place: SlackPlace, at: datetime, by: str) -> None:
        self.stops.append((place, at, by))

    def _name(self, channel: str) -> str | None:
        self.looked_up.append(channel)
        return None if self.silent else NAMES.get(channel, "")

    async def jobs(self) -> list[Job]:
        return await self.queue.receive(10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    queue = LocalQueue(tmp_path / "queue.db", lambda: NOW)
    yield Desk(queue)
    queue.close()


def said(text: str = "hello", **more: Any) -> dict[str, Any]:
    event = {"type": "message", "channel": "C0GENERAL", "channel_type": "channel", "user": "U1", "ts": "100.1"}
    return event | {"text": text} | more


def posted(**more: Any) -> dict[str, Any]:
    """What a monitoring app's incoming webhook posts into #alerts."""
    event = {"type": "message", "subtype": "bot_message", "channel": "C0ALERTS", "bot_id": "B0MON", "ts": "200.1"}
    return event | {"text": "", "attachments": [{"title": "ALARM"}]} | more


async def test_an_apps_post_in_an_alert_channel_is_an_alert(desk: Desk) -> None:
    assert desk.intake.message(posted())

    (job,) = await desk.jobs()
    assert job.kind is JobKind.alert
    known = {"team": "T1", "channel": "C0ALERTS", "channel_name": "alerts", "edit": False, "unsure": False}
    assert job.payload == {**known, "event": posted()}
    assert (job.created_at, job.urgency) == (NOW, Urgency.normal)


async def test_an_alert_that_says_that_it_is_critical_goes_first(desk: Desk) -> None:
    desk.intake.message(posted())
    desk.intake.message(posted(ts="200.2", attachments=[{"title": "[CRITICAL] payments are down"}]))

    assert [job.payload["event"]["ts"] for job in await desk.jobs()] == ["200.2", "200.1"]


async def test_what_people_ask_goes_before_alerts(desk: Desk) -> None:
    desk.intake.message(posted())
    desk.intake.mention(said(f"<@{BOT}> why?"))

    assert [job.kind for job in await desk.jobs()] == [JobKind.mention, JobKind.alert]


@pytest.mark.parametrize(
    "event",
    [
        posted(channel="C0BYID"),
        posted(subtype=None, user="U0MON"),
        posted(text="ALARM", attachments=[]),
        posted(thread_ts="200.1"),
        posted(subtype="file_share"),
    ],
)
async def test_alert_channels_are_known_by_name_and_by_id(desk: Desk, event: dict[str, Any]) -> None:
    assert desk.intake.message(event)


@pytest.mark.parametrize(
    "event",
    [
        posted(channel="C0GENERAL"),
        posted(channel="C0OTHER"),
        posted(thread_ts="100.0"),
        posted(bot_id="B0OWN"),
        posted(user=BOT),
        posted(app_id="A0OWN"),
        posted(subtype="channel_join"),
        posted(subtype="bot_add"),
    ],
)
async def test_other_posts_are_no_alerts(desk: Desk, event: dict[str, Any]) -> None:
    assert not desk.intake.message(event)
    assert await desk.jobs() == []


async def test_a_persons_words_in_an_alert_channel_are_no_alert(desk: Desk) -> None:
    assert not desk.intake.message(said("ALARM! everything is down", channel="C0ALERTS"))


async def test_with_no_channel_allowed_no_post_is_an_alert(tmp_path: Path) -> None:
    queue = LocalQueue(tmp_path / "none.db", lambda: NOW)
    try:
        assert not Desk(queue, ()).intake.message(posted())
        assert not Desk(queue, ()).intake.message(posted(channel="C0NAMELESS"))
    finally:
        queue.close()


async def test_a_channel_is_looked_up_once(desk: Desk) -> None:
    for n in range(3):
        desk.intake.message(posted(ts=f"200.{n}"))
        desk.intake.message(posted(channel="C0GENERAL", ts=f"300.{n}"))

    assert desk.looked_up == ["C0ALERTS", "C0GENERAL"]


async def test_what_slack_did_not_say_of_a_channel_is_not_believed_for_long(desk: Desk) -> None:
    desk.silent = True
    assert desk.intake.message(posted())
    desk.silent = False
    assert desk.intake.message(posted(ts="200.2"))
    assert not desk.intake.message(posted(ts="200.3", channel="C0GENERAL"))

    assert [job.payload["unsure"] for job in await desk.jobs()] == [True, False]


async def test_a_channel_that_slack_does_not_show_is_asked_for_again_later(desk: Desk) -> None:
    for minutes, times_asked in ((0, 1), (4, 1), (6, 2)):
        desk.intake.clock = lambda minutes=minutes: NOW + timedelta(minutes=minutes)
        assert not desk.intake.message(posted(channel="C0HIDDEN"))
        assert desk.looked_up == ["C0HIDDEN"] * times_asked


async def test_a_redelivered_alert_is_queued_once(desk: Desk) -> None:
    assert [desk.intake.message(posted()) for _ in range(4)] == [True, False, False, False]


def edited(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    event = {"type": "message", "subtype": "message_changed", "channel": "C0ALERTS", "ts": "300.1", "event_ts": "300.1"}
    return event | {"message": message, "previous_message": {}} | more


async def test_an_edit_of_an_alert_is_an_update_of_it(desk: Desk) -> None:
    message = posted(attachments=[{"title": "OK"}], edited={"user": "B0MON", "ts": "300.0"})

    desk.intake.message(posted())
    assert desk.intake.message(edited(message))
    assert not desk.intake.message(edited(message))
    assert desk.intake.message(edited(message | {"edited": {"ts": "301.0"}}))

    first, second, third = await desk.jobs()
    assert (first.payload["edit"], second.payload["edit"], third.payload["edit"]) == (False, True, True)
    assert second.payload["event"]["ts"] == first.payload["event"]["ts"] == "200.1"
    assert second.payload["event"]["attachments"] == [{"title": "OK"}]


@pytest.mark.parametrize(
    "event",
    [
        edited(said("typo", channel="C0ALERTS")),
        edited(said(f"<@{BOT}> typo")),
        edited(posted(bot_id="B0OWN")),
        edited(posted(user=BOT)),
        edited(posted(thread_ts="100.0")),
        edited(posted(), channel="C0GENERAL"),
        {"type": "message", "subtype": "message_changed", "channel": "C0ALERTS"},
        {"type": "message", "subtype": "message_deleted", "channel": "C0ALERTS", "previous_message": posted()},
    ],
)
async def test_other_edits_are_nothing_new(desk: Desk, event: dict[str, Any]) -> None:
    assert not desk.intake.message(event)


async def test_a_mention_arrives_twice_and_is_asked_once(desk: Desk) -> None:
    event = said(f"<@{BOT}> why is <@U2>'s db &gt; 80% &amp; slow?", team="T1")
    as_mention = event | {"type": "app_mention"}

    heard = [desk.intake.message(event), desk.intake.mention(as_mention), desk.intake.message(event)]

    assert heard == [True, False, False]
    (job,) = await desk.jobs()
    assert job.kind is JobKind.mention
    assert job.payload == {
        "team": "T1",
        "channel": "C0GENERAL",
        "user": "U1",
        "ts": "100.1",
        "thread_ts": "100.1",
        "text": "why is <@U2>'s db > 80% & slow?",
        "implicit": False,
    }


@pytest.mark.parametrize("first", ["message", "mention"])
async def test_a_mention_with_a_label_is_a_mention_whichever_event_comes_first(desk: Desk, first: str) -> None:
    event = said(f"<@{BOT}|watchkeeper> why?", thread_ts="99.0")

    assert getattr(desk.intake, first)(event)

    (job,) = await desk.jobs()
    assert (job.payload["text"], job.payload["implicit"], job.payload["thread_ts"]) == ("why?", False, "99.0")


async def test_the_same_words_in_another_message_are_another_question(desk: Desk) -> None:
    assert desk.intake.mention(said(f"<@{BOT}> why?"))
    assert desk.intake.mention(said(f"<@{BOT}> why?", ts="100.2"))
    assert desk.intake.mention(said(f"<@{BOT}> why?", channel="C0ALERTS"))


async def test_a_reply_in_a_thread_may_be_a_follow_up(desk: Desk) -> None:
    assert desk.intake.message(said("and since when?", thread_ts="99.0"))

    (job,) = await desk.jobs()
    assert (job.payload["implicit"], job.payload["thread_ts"], job.payload["ts"]) == (True, "99.0", "100.1")


@pytest.mark.parametrize("thread_ts", ["99.0", None])
async def test_a_direct_message_needs_no_mention(desk: Desk, thread_ts: str | None) -> None:
    assert desk.intake.message(said("why?", channel="D1", channel_type="im", thread_ts=thread_ts))

    (job,) = await desk.jobs()
    assert not job.payload["implicit"]


@pytest.mark.parametrize(
    "event",
    [
        said("just talking"),
        said("just talking", thread_ts="100.1"),
        said("for <@U2>"),
        said(f"<@{BOT}> has joined the channel", subtype="channel_join"),
        said(f"<@{BOT}> has joined the group", subtype="group_join"),
        said(f"<@{BOT}> archived this", subtype="channel_unarchive"),
        said("started a thread", subtype="assistant_app_thread", channel_type="im", channel="D1"),
        said(f"<@{BOT}> hello", user=BOT),
        said("my own words", user=BOT, channel_type="im", channel="D1"),
        said("my own words", bot_id="B0OWN", thread_ts="99.0"),
        said(f"<@{BOT}> hello", bot_id="B0MON"),
        said("hello", bot_id="B0MON", channel_type="im", channel="D1"),
        said("hello", bot_id="B0MON", thread_ts="99.0"),
    ],
)
async def test_what_nobody_asked_is_not_answered(desk: Desk, event: dict[str, Any]) -> None:
    assert not desk.intake.message(event)
    assert await desk.jobs() == []


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
async def test_people_ask_in_messages_of_several_kinds(desk: Desk, subtype: str) -> None:
    assert desk.intake.message(said(f"<@{BOT}> what is in this?", subtype=subtype))


async def test_another_bot_cannot_mention_watchkeeper_into_a_loop(desk: Desk) -> None:
    event = said(f"<@{BOT}> why?", type="app_mention", bot_id="B0MON", channel="C0ALERTS")

    assert not desk.intake.mention(event)
    assert not desk.intake.mention(said(f"<@{BOT}> why?", user=BOT))


async def test_an_apps_post_that_mentions_watchkeeper_is_an_alert_and_no_question(desk: Desk) -> None:
    event = posted(text=f"<@{BOT}> ALARM")

    assert desk.intake.message(event)
    assert not desk.intake.mention(event | {"type": "app_mention"})
    assert [job.kind for job in await desk.jobs()] == [JobKind.alert]


async def test_words_to_somebody_else_in_a_thread_are_not_for_watchkeeper(desk: Desk) -> None:
    assert not desk.intake.message(said("<@U2> can you look?", thread_ts="99.0"))
    assert desk.intake.message(said("what did <@U2> change?", thread_ts="99.0"))


STOPS = ["stop", "Stop!", " cancel. ", "never mind", "Never  mind", "abbrechen", "arrête", "para", "停止", "やめて"]


@pytest.mark.parametrize("text", STOPS)
async def test_a_short_order_to_stop_passes_by_the_queue(desk: Desk, text: str) -> None:
    assert desk.intake.message(said(text, thread_ts="99.0"))

    place = SlackPlace(team="T1", channel="C0GENERAL", thread_ts="99.0")
    assert desk.stops == [(place, datetime.fromtimestamp(100.1, UTC), "U1")]
    (job,) = await desk.jobs()
    assert (job.kind, job.payload["how"]) == (JobKind.stop, "implicit")


@pytest.mark.parametrize("channel_type", ["channel", "im"])
async def test_outside_of_threads_a_stop_is_kept_for_whoever_ordered_it(desk: Desk, channel_type: str) -> None:
    assert desk.intake.message(said(f"<@{BOT}> stop", channel_type=channel_type))

    place = SlackPlace(team="T1", channel="C0GENERAL", thread_ts="by:U1")
    assert desk.stops == [(place, datetime.fromtimestamp(100.1, UTC), "U1")]


@pytest.mark.parametrize("channel_type", ["channel", "im"])
async def test_a_picture_without_words_in_a_thread_asks_nothing(desk: Desk, channel_type: str) -> None:
    picture = said("", subtype="file_share", thread_ts="99.0", channel_type=channel_type)

    assert not desk.intake.message(picture)
    assert await desk.jobs() == []
    assert desk.intake.message({**picture, "text": f"<@{BOT}>"})


@pytest.mark.parametrize("text", ["stop the payments service", "why did it stop?", "cancel my order", "don't stop", ""])
async def test_other_words_about_stopping_are_questions(desk: Desk, text: str) -> None:
    desk.intake.message(said(f"<@{BOT}> {text}", thread_ts="99.0"))

    assert desk.stops == []
    assert [job.kind for job in await desk.jobs()] == [JobKind.mention]


async def test_the_stop_button_stops_its_thread(desk: Desk) -> None:
    event = {"type": "agent_session_stopped", "user": "U2", "channel": "D1", "thread_ts": "99.0", "event_ts": "101.5"}

    assert desk.intake.stop(event)
    assert not desk.intake.stop(event)

    assert desk.stops[0][1:] == (datetime.fromtimestamp(101.5, UTC), "U2")
    (job,) = await desk.jobs()
    assert (job.kind, job.payload["how"], job.payload["thread_ts"]) == (JobKind.stop, "button", "99.0")


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("mute", "mute"),
        ("Mute 1h", "mute 1h"),
        ("mute until tomorrow", "mute until tomorrow"),
        ("mute this thread for 2 hours", "mute this thread for 2 hours"),
        ("mute until 5 pm", "mute until 5 pm"),
        ("unmute", "unmute"),
        ("who am i", "whoami"),
        ("status", "status"),
    ],
)
async def test_a_mention_may_be_a_command(desk: Desk, text: str, command: str) -> None:
    assert desk.intake.mention(said(f"<@{BOT}> {text}"))

    (job,) = await desk.jobs()
    assert (job.kind, job.payload["text"]) == (JobKind.command, command)


@pytest.mark.parametrize("text", ["status of payments?", "mute the alarm of checkout", "who am i paying for Lambda?"])
async def test_a_question_that_begins_like_a_command_is_a_question(desk: Desk, text: str) -> None:
    assert desk.intake.mention(said(f"<@{BOT}> {text}"))

    assert [job.kind for job in await desk.jobs()] == [JobKind.mention]


async def test_the_word_mute_among_people_is_no_command(desk: Desk) -> None:
    desk.intake.message(said("mute", thread_ts="99.0"))

    assert [job.kind for job in await desk.jobs()] == [JobKind.mention]


async def test_the_first_of_two_choices_counts(desk: Desk) -> None:
    click = {"channel": "C1", "thread_ts": "99.0", "message_ts": "99.5", "user": "U1", "shown": "?", "blocks": []}

    assert desk.intake.choice({**click, "choice": "orders-api", "action_ts": "101.0"})
    assert not desk.intake.choice({**click, "choice": "orders-db", "action_ts": "101.2", "user": "U2"})

    (job,) = await desk.jobs()
    assert (job.kind, job.payload["text"], job.payload["ts"]) == (JobKind.mention, "orders-api", "101.0")
    assert job.payload["answers_ts"] == "99.5"


async def test_of_a_very_long_message_the_beginning_and_the_end_are_asked(desk: Desk) -> None:
    desk.intake.mention(said(f"<@{BOT}> why does it fail? " + "a " * 20_000 + " since when?"))
    [job] = await desk.jobs()
    text = job.payload["text"]
    assert (len(text) < 9000, text[:17], text[-11:]) == (True, "why does it fail?", "since when?")
