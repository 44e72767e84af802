"""Finding one's own message again, editing it at a measured pace, and knowing channels by name."""

from __future__ import annotations

import time
from collections import deque

import aiohttp
import pytest
from slack_sdk import WebClient

from agent.models import SlackPlace
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.workspace import Workspace
from slack_app.messenger import CLOCKS_APART_SECONDS, SlackMessenger, web_client
from tests.slack_app.conftest import Thread
from tests.slack_app.delivery_machine.backends import Free
from tests.slack_app.delivery_machine.slack_wire import SlackSession, Troubles


@pytest.mark.parametrize("threaded", [True, False])
async def test_a_marked_message_is_found_among_others(
    messenger: SlackMessenger, thread: Thread, threaded: bool
) -> None:
    place = thread.place if threaded else thread.place.model_copy(update={"thread_ts": ""})
    after = float(thread.ts) - 1
    await messenger.post(place, "something else")
    marked = await messenger.post_marked(place, "inc_1", "the one")
    await messenger.post_marked(place, "inc_2", "another one")

    assert await messenger.find_marked(place, "inc_1", after) == marked
    assert await messenger.find_marked(place, "inc_3", after) == ""
    assert await messenger.find_marked(place, "inc_1", float(marked) + CLOCKS_APART_SECONDS + 1) == ""


async def test_a_mark_is_found_though_this_machines_clock_was_hours_ahead(
    messenger: SlackMessenger, thread: Thread
) -> None:
    marked = await messenger.post_marked(thread.place, "inc_1", "the one")
    assert await messenger.find_marked(thread.place, "inc_1", float(marked) + 3 * 3600) == marked


@pytest.mark.parametrize(("method", "sent"), [("chat_postMessage", 1), ("conversations_history", 2)])
async def test_a_post_whose_answer_was_lost_is_not_posted_again_by_itself(method: str, sent: int) -> None:
    workspace = Workspace(subscriptions=())
    troubles = Troubles(deque(["answer lost", "answer lost"]))
    client = web_client(workspace.bot_token, "https://slack.invalid/api/")
    client.session = SlackSession(workspace, troubles, Free())  # type: ignore[assignment]

    with pytest.raises(aiohttp.ServerDisconnectedError):
        await getattr(client, method)(channel=workspace.state.channel("alerts").id, text="an alert")

    assert 2 - len(troubles.calls) == sent
    assert len(workspace.state.channel("alerts").messages) == (method == "chat_postMessage")


async def test_a_mark_is_found_behind_a_page_of_messages(messenger: SlackMessenger, thread: Thread) -> None:
    place = thread.place
    for number in range(205):
        thread.ws.post_as("maya", "general", f"{number}", thread.ts)
    marked = await messenger.post_marked(place, "inc_1", "the one")
    assert await messenger.find_marked(place, "inc_1", float(thread.ts)) == marked


async def test_slack_shows_metadata_only_to_those_who_ask(messenger: SlackMessenger, thread: Thread) -> None:
    await messenger.post_marked(thread.place, "inc_1", "the one")
    client = WebClient(token=thread.ws.bot_token, base_url=thread.ws.api_url)
    plain = client.conversations_replies(channel=thread.place.channel, ts=thread.ts)["messages"]
    told = client.conversations_replies(channel=thread.place.channel, ts=thread.ts, include_all_metadata=True)
    assert "metadata" not in plain[-1]
    assert told["messages"][-1]["metadata"]["event_payload"] == {"mark": "inc_1"}


async def test_edits_of_one_message_keep_their_distance_and_those_of_others_do_not(
    ws: RunningWorkspace, thread: Thread
) -> None:
    messenger = SlackMessenger(web_client(ws.bot_token, ws.api_url), seconds_between_edits=1.5)
    one, other = [await messenger.post(thread.place, "first") for _ in range(2)]
    began = time.monotonic()
    await messenger.edit(thread.place, one, "second")
    await messenger.edit(thread.place, other, "second")
    assert time.monotonic() - began < 1.5
    await messenger.edit(thread.place, one, "third")
    assert time.monotonic() - began >= 1.5
    assert thread.texts == ["third", "second"]


async def test_a_channel_is_known_by_its_name_or_its_id(messenger: SlackMessenger, ws: RunningWorkspace) -> None:
    assert await messenger.channel_id("#alerts") == ws.channel_id("alerts")
    assert await messenger.channel_id("general") == ws.channel_id("general")
    assert await messenger.channel_id("C0ELSEWHERE") == "C0ELSEWHERE"
    assert await messenger.channel_id("nowhere") == ""
    assert len(ws.api_calls("conversations.list")) == 2


async def test_who_may_see_a_channel_and_where_a_message_is_are_asked_once(
    messenger: SlackMessenger, thread: Thread
) -> None:
    ws, channel = thread.ws, thread.place.channel
    for _ in range(3):
        assert not await messenger.is_private(channel)
        assert thread.ts.replace(".", "") in await messenger.permalink(channel, thread.ts)
    assert len(ws.api_calls("conversations.info")) == len(ws.api_calls("chat.getPermalink")) == 1


async def test_what_slack_does_not_tell_is_private_and_has_no_address(messenger: SlackMessenger) -> None:
    nowhere = SlackPlace(channel="C0ELSEWHERE", thread_ts="1.0")
    assert await messenger.is_private(nowhere.channel)
    assert await messenger.permalink(nowhere.channel, "1.0") == ""
