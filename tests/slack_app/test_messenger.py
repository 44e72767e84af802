from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from deploy.local.workspace.background import RunningWorkspace
from slack_app import live_message
from slack_app import messenger as module
from slack_app.blocks.parts import section
from slack_app.live_message import LiveMessage
from slack_app.messenger import SECONDS_BETWEEN_EDITS, TEXT_LIMIT, SlackMessenger
from tests.slack_app.conftest import Thread

BLOCKS = [section("Shown")]


async def test_a_message_is_posted_into_its_thread(messenger: SlackMessenger, thread: Thread) -> None:
    ts = await messenger.post(thread.place, "Fallback", BLOCKS)

    (reply,) = thread.replies
    assert (reply["ts"], reply["text"], reply["user"]) == (ts, "Fallback", thread.ws.bot_user)
    assert reply["blocks"][0]["text"]["text"] == "Shown"
    (call,) = thread.ws.api_calls("chat.postMessage")
    assert str(call.args["unfurl_links"]).lower() in ("false", "0")


async def test_an_update_replaces_text_and_blocks(messenger: SlackMessenger, thread: Thread) -> None:
    ts = await messenger.post(thread.place, "First", BLOCKS)
    await messenger.update(thread.place, ts, "Second")

    assert thread.texts == ["Second"]
    assert not thread.replies[0].get("blocks")


async def test_a_rate_limit_is_waited_for(messenger: SlackMessenger, thread: Thread) -> None:
    thread.ws.faults.rate_limit("chat.postMessage", times=1, retry_after=1)
    began = time.monotonic()

    await messenger.post(thread.place, "Patience")

    assert thread.texts == ["Patience"]
    assert time.monotonic() - began >= 1
    assert len(thread.ws.api_calls("chat.postMessage")) == 2


async def test_refused_blocks_become_text(messenger: SlackMessenger, thread: Thread) -> None:
    ts = await messenger.post(thread.place, "First", BLOCKS)
    thread.ws.faults.refuse_blocks = True

    await messenger.post(thread.place, "New words", BLOCKS)
    await messenger.update(thread.place, ts, "Old words", BLOCKS)

    assert thread.texts == ["Old words", "New words"]
    assert not any(reply.get("blocks") for reply in thread.replies)


async def test_any_other_refusal_is_an_error(messenger: SlackMessenger, thread: Thread) -> None:
    thread.ws.faults.fail("chat.postMessage", "channel_not_found", times=2)

    with pytest.raises(SlackApiError, match="channel_not_found"):
        await messenger.post(thread.place, "x", BLOCKS)


@pytest.mark.parametrize("editing", [False, True])
async def test_text_that_is_too_long_follows_in_more_messages(
    messenger: SlackMessenger, thread: Thread, editing: bool
) -> None:
    text = " ".join(f"word{n}" for n in range(1500))
    ts = await messenger.post(thread.place, "short" if editing else text)
    if editing:
        await messenger.update(thread.place, ts, text)

    assert len(thread.texts) > 1
    assert max(map(len, thread.texts)) <= TEXT_LIMIT
    assert " ".join(thread.texts).split() == text.split()
    assert thread.replies[0]["ts"] == ts


async def test_blocks_that_are_too_many_follow_in_more_messages(messenger: SlackMessenger, thread: Thread) -> None:
    await messenger.post(thread.place, "Many", [section(f"Block {n}") for n in range(120)])

    shown = [block["text"]["text"] for reply in thread.replies for block in reply["blocks"]]
    assert shown == [f"Block {n}" for n in range(120)]
    assert thread.texts == ["Many", "(continued)", "(continued)"]


async def test_the_own_message_is_found_again(messenger: SlackMessenger, thread: Thread) -> None:
    assert await messenger.find_own(thread.place, thread.ts) == ""

    first = await messenger.post(thread.place, "First")
    again = thread.ws.post_as("maya", "general", "and?", thread_ts=thread.ts)
    second = await messenger.post(thread.place, "Second")

    assert await messenger.find_own(thread.place, thread.ts) == first
    assert await messenger.find_own(thread.place, again) == second
    assert await messenger.find_own(thread.place, second) == ""


async def test_its_own_message_is_found_however_long_the_thread_is(
    messenger: SlackMessenger, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 5)
    for n in range(12):
        thread.ws.post_as("jonas", "general", f"number {n}", thread.ts)
    asked = thread.ws.post_as("maya", "general", "and now?", thread.ts)
    for n in range(12):
        thread.ws.post_as("jonas", "general", f"later {n}", thread.ts)
    own = await messenger.post(thread.place, "Looking into it")

    assert await messenger.find_own(thread.place, asked) == own


async def test_an_answer_knows_all_its_messages_and_none_is_taken_for_anothers(
    messenger: SlackMessenger, thread: Thread
) -> None:
    text = " ".join(f"word{n}" for n in range(1500))
    posted = await messenger.post_all(thread.place, text)
    begun = await messenger.post(thread.place, "short")
    followed = await messenger.update_all(thread.place, begun, text)
    await messenger.upload(thread.place, "rows.csv", "a,b")

    assert len(posted) > 1
    assert len(followed) == len(posted) - 1
    assert await messenger.find_own(thread.place, thread.ts, [*posted, begun, *followed]) == ""


async def test_a_status_comes_and_goes_and_a_refusal_is_no_error(messenger: SlackMessenger, thread: Thread) -> None:
    await messenger.set_status(thread.place, "is looking")
    assert thread.ws.status("general", thread.ts) == "is looking"

    await messenger.set_status(thread.place, "")
    assert not thread.ws.status("general", thread.ts)

    thread.ws.faults.fail("assistant.threads.setStatus", "not_allowed_token_type")
    await messenger.set_status(thread.place, "is looking")


async def test_the_workspace_is_asked_for_once(messenger: SlackMessenger, ws: RunningWorkspace) -> None:
    assert await messenger.team_id() == await messenger.team_id() == ws.team_id
    assert len(ws.api_calls("auth.test")) == 1


async def test_edits_keep_their_distance_and_the_last_content_wins(messenger: SlackMessenger, thread: Thread) -> None:
    ts = await messenger.post(thread.place, "Looking")
    live = LiveMessage(messenger, thread.place, ts)
    began = time.monotonic()

    for n in range(30):
        live.show(f"Step {n}", [section(f"Step {n}")])
        await asyncio.sleep(0.05)
    await live.finish("Step last", [section("Step last")])

    assert thread.replies[0]["blocks"][0]["text"]["text"] == "Step last"
    assert 2 <= len(thread.ws.api_calls("chat.update")) <= (time.monotonic() - began) / SECONDS_BETWEEN_EDITS
    assert len(thread.replies) == 1


async def test_what_is_shown_while_an_edit_is_under_way_is_shown_next(
    messenger: SlackMessenger, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was once kept until somebody showed something else."""
    monkeypatch.setattr(live_message, "SECONDS_BETWEEN_EDITS", 0.05)
    ts = await messenger.post(thread.place, "Looking")
    live = LiveMessage(messenger, thread.place, ts)
    thread.ws.faults.reply_delay = 0.3

    live.show("First", BLOCKS)
    await asyncio.to_thread(thread.ws.wait_for, lambda: thread.ws.api_calls("chat.update"))
    live.show("Second", BLOCKS)

    await asyncio.to_thread(thread.ws.wait_for, lambda: thread.texts == ["Second"])


async def test_a_progress_edit_that_fails_does_not_spoil_the_end(
    messenger: SlackMessenger, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_message, "SECONDS_BETWEEN_EDITS", 0.05)
    ts = await messenger.post(thread.place, "Looking")
    live = LiveMessage(messenger, thread.place, ts)
    thread.ws.faults.fail("chat.update", "internal_error")

    live.show("Step", BLOCKS)
    await asyncio.to_thread(thread.ws.wait_for, lambda: thread.ws.api_calls("chat.update"))
    await live.finish("Done", [section("Done")])

    assert thread.texts == ["Done"]


async def test_an_unreachable_slack_during_progress_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_message, "SECONDS_BETWEEN_EDITS", 0.01)
    nowhere = SlackMessenger(module.web_client("-".join(("xoxb", "test")), "http://127.0.0.1:9/api/"))
    live = LiveMessage(nowhere, module.SlackPlace(channel="C1", thread_ts="1.0"), "2.0")

    live.show("Step", BLOCKS)
    await asyncio.sleep(0.3)

    with pytest.raises(OSError, match="9"):
        await live.finish("Done", BLOCKS)


CHART = {
    "type": "data_visualization",
    "title": "Cost",
    "chart": {
        "type": "bar",
        "series": [{"name": "Lambda", "data": [{"label": "1 Nov", "value": 9}, {"label": "2 Nov", "value": 260}]}],
        "axis_config": {"categories": ["1 Nov", "2 Nov"], "y_label": "USD"},
    },
}


async def test_a_refused_chart_becomes_a_table_and_a_refused_table_text(
    messenger: SlackMessenger, thread: Thread
) -> None:
    tried: list[list[str]] = []

    async def refusing(shown: Sequence[dict[str, Any]]) -> None:
        """A Slack that knows neither charts nor tables."""
        tried.append([block["type"] for block in shown])
        if {"data_visualization", "table"} & set(tried[-1]):
            raise SlackApiError("invalid_blocks", {"error": "invalid_blocks"})

    await module._or_as_text(refusing, [CHART])

    assert tried == [["data_visualization"], ["context", "table"], ["context", "section"]]


async def test_more_tables_and_charts_than_a_message_holds_follow_in_the_next(
    messenger: SlackMessenger, thread: Thread
) -> None:
    await messenger.post(thread.place, "Three", [CHART, CHART, CHART])

    assert [len(reply["blocks"]) for reply in thread.replies] == [2, 1]


async def test_a_file_is_put_into_the_thread_without_secrets(messenger: SlackMessenger, thread: Thread) -> None:
    await messenger.upload(thread.place, "answer.md", "password=" + "hunter2hunter2\n" + "line\n" * 10)

    (reply,) = thread.replies
    assert [file["name"] for file in reply["files"]] == ["answer.md"]
