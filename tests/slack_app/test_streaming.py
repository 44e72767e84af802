from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.models import Answer, Chart, Claim, Evidence, Series, SlackPlace, Table
from deploy.local.workspace.background import RunningWorkspace
from slack_app import live_message
from slack_app import streaming as module
from slack_app.blocks.answers import answer_blocks, answer_markdown, answer_text, closing_blocks
from slack_app.blocks.parts import section
from slack_app.messenger import SlackMessenger
from slack_app.streaming import LiveAnswer
from tests.agent.examples import evidence, finding
from tests.slack_app.conftest import Thread

EVIDENCE = [evidence(id="ev_1", console_url="https://console.aws.amazon.com/x")]
ANSWER = Answer(headline="It is the database.", claims=(Claim(text="It is full.", evidence=("ev_1",)),))
PARTS: list[dict[str, Any]] = [
    {"kind": "phase", "phase": "route"},
    {"kind": "specialist_started", "specialist": "infra", "title": "Infrastructure"},
    {"kind": "tool_started", "specialist": "infra", "tool": "t", "question": "Which <!channel> errors?"},
    {"kind": "specialist_done", "specialist": "infra", "pieces": 1},
    {"kind": "phase", "phase": "analyse", "pieces": 1},
]


@pytest.fixture(autouse=True)
def _quick_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_message, "SECONDS_BETWEEN_EDITS", 0.05)


@pytest.fixture
def live(messenger: SlackMessenger, thread: Thread) -> LiveAnswer:
    return LiveAnswer(messenger, thread.place, thread.ws.user_id("maya"))


async def follow(live: LiveAnswer, count: int = len(PARTS)) -> None:
    for part in PARTS[:count]:
        await live.follow(part)


async def finish(live: LiveAnswer, answer: Answer = ANSWER, pieces: list[Evidence] = EVIDENCE) -> None:
    await live.finish(
        answer_markdown(answer, pieces),
        answer_text(answer),
        closing_blocks(answer, pieces),
        answer_blocks(answer, pieces),
    )


def shown(thread: Thread) -> str:
    """Everything that the one reply says."""
    (reply,) = thread.replies
    assert not reply.get("streaming")
    return str(reply.get("blocks") or reply["text"])


def assert_answered_once(thread: Thread, headline: str = ANSWER.headline) -> None:
    said = shown(thread)
    assert said.count(headline) == 1
    assert said.count("It is full. [1]") == 1
    assert said.count("[1] <https://console.aws.amazon.com/x|") == 1


async def test_an_answer_is_streamed_in_a_channel_under_its_plan(live: LiveAnswer, thread: Thread) -> None:
    """The recipient's workspace has to be named, or Slack refuses to stream in channels."""
    await follow(live)
    await finish(live)

    assert_answered_once(thread)
    assert len(thread.ws.api_calls("chat.startStream")) == 1
    assert thread.ws.api_calls("chat.update") == []
    assert thread.ws.api_calls("chat.postMessage") == []
    plan = thread.replies[0]["blocks"][0]
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Checked: Infrastructure (1)", "complete"),
        ("Weighed 1 piece of evidence", "complete"),
    ]


async def test_a_card_quotes_nothing_live(live: LiveAnswer, thread: Thread) -> None:
    await follow(live)

    chunks = str([call.args for call in thread.ws.api_calls("chat.appendStream")])
    assert "Which &lt;!channel&gt; errors?" in chunks
    assert "<!channel>" not in chunks
    await finish(live)


async def test_an_answer_without_any_progress_is_streamed_too(live: LiveAnswer, thread: Thread) -> None:
    await finish(live)

    assert_answered_once(thread)


@pytest.mark.parametrize(
    "error", ["missing_recipient_user_id", "method_not_supported_for_channel_type", "unknown_method"]
)
async def test_where_streaming_is_refused_the_message_is_edited(live: LiveAnswer, thread: Thread, error: str) -> None:
    thread.ws.faults.fail("chat.startStream", error)

    await follow(live)
    await finish(live)

    assert_answered_once(thread)
    assert len(thread.ws.api_calls("chat.postMessage")) == 1


@pytest.mark.parametrize("expires_after", [1, 3, len(PARTS)])
async def test_a_stream_that_expires_still_ends_in_one_answer(
    live: LiveAnswer, thread: Thread, expires_after: int
) -> None:
    thread.ws.faults.stream_lifetime = 0.4
    await follow(live, min(expires_after, 2))
    await asyncio.sleep(0.6)
    for part in PARTS[2:]:
        await live.follow(part)
    await finish(live)

    assert_answered_once(thread)


async def test_a_stream_is_left_well_before_it_expires(
    live: LiveAnswer, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack refuses to edit a message while it is a stream, so the stream is closed first."""
    await follow(live, 3)
    monkeypatch.setattr(module, "STREAM_SECONDS", 0)
    await live.follow(PARTS[3])
    await finish(live)

    assert_answered_once(thread)
    assert len(thread.ws.api_calls("chat.stopStream")) == 1


async def test_a_stream_that_breaks_between_two_pieces_is_not_doubled(live: LiveAnswer, thread: Thread) -> None:
    await follow(live)
    broken = [*answer_markdown(ANSWER, EVIDENCE)]
    ws: RunningWorkspace = thread.ws

    class Chunks(list[str]):
        """Makes the second append fail."""

        def __iter__(self) -> Any:
            for n, chunk in enumerate(broken):
                if n == 1:
                    ws.faults.fail("chat.appendStream", "message_not_in_streaming_state")
                yield chunk

    await live.finish(
        Chunks(broken), answer_text(ANSWER), closing_blocks(ANSWER, EVIDENCE), answer_blocks(ANSWER, EVIDENCE)
    )

    assert_answered_once(thread)


async def test_an_answer_too_long_to_stream_is_edited_in(live: LiveAnswer, thread: Thread) -> None:
    headline = "long " * 2200

    await follow(live)
    await finish(live, ANSWER.model_copy(update={"headline": headline.strip()}))

    assert len(thread.replies) == 1
    assert shown(thread).count("long ") >= 2000
    assert not thread.replies[0].get("streaming")


async def test_refused_closing_blocks_still_leave_one_answer(live: LiveAnswer, thread: Thread) -> None:
    await follow(live)
    thread.ws.faults.refuse_blocks = True
    await finish(live)

    (reply,) = thread.replies
    assert reply["text"].count(ANSWER.headline) == 1
    assert "It is full." in reply["text"]
    assert not reply.get("streaming")


async def test_a_second_attempt_goes_on_in_the_message_of_the_first(messenger: SlackMessenger, thread: Thread) -> None:
    maya = thread.ws.user_id("maya")
    killed = LiveAnswer(messenger, thread.place, maya)
    await follow(killed, 3)

    found = await messenger.find_own(thread.place, thread.ts)
    second = LiveAnswer(messenger, thread.place, maya, found)
    assert second.ts == found
    await follow(second)
    await finish(second)

    assert_answered_once(thread)


async def test_in_a_direct_message_an_answer_is_streamed(messenger: SlackMessenger, ws: RunningWorkspace) -> None:
    ts = ws.post_as("maya", "maya", "why?")
    place = SlackPlace(channel=ws.channel_id("maya"), thread_ts=ts)
    live = LiveAnswer(messenger, place, ws.user_id("maya"))

    await follow(live)
    await finish(live)

    assert ANSWER.headline in str(ws.thread("maya", ts)[1:])
    assert ws.api_calls("chat.update") == []


async def test_whole_blocks_may_take_more_than_one_message(live: LiveAnswer, thread: Thread) -> None:
    thread.ws.faults.fail("chat.startStream", "unknown_method")

    await live.finish(["x"], "x", [], [section(f"Block {n}") for n in range(60)])

    assert [len(reply["blocks"]) for reply in thread.replies] == [50, 10]


async def test_where_slack_shows_no_status_a_card_is_there_before_anything_is_known(
    live: LiveAnswer, thread: Thread
) -> None:
    thread.ws.faults.fail("assistant.threads.setStatus", "not_allowed_token_type")

    await live.begin()
    (card,) = thread.replies[0]["blocks"][0]["tasks"]
    assert (card["title"], card["status"]) == ("Reading the question", "in_progress")
    await follow(live)
    await finish(live)

    assert_answered_once(thread)
    assert thread.replies[0]["blocks"][0]["tasks"][0]["title"] == "Read the question"


async def test_where_slack_shows_a_status_nothing_else_is_needed(live: LiveAnswer, thread: Thread) -> None:
    await live.begin()

    assert thread.ws.status("general", thread.ts) == "is looking into it…"
    assert thread.replies == []


async def test_a_failure_leaves_no_stream_open(live: LiveAnswer, thread: Thread) -> None:
    async def run() -> None:
        async with live:
            await follow(live, 3)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await run()

    (reply,) = thread.replies
    assert not reply.get("streaming")
    (card,) = reply["blocks"][0]["tasks"]
    assert (card["title"], card["status"]) == ("Checking: Infrastructure (not finished)", "error")


async def test_a_run_that_is_cancelled_leaves_no_stream_open(live: LiveAnswer, thread: Thread) -> None:
    async def run() -> None:
        async with live:
            await follow(live, 3)
            await asyncio.sleep(60)

    task = asyncio.create_task(run())
    await asyncio.to_thread(thread.ws.wait_for, lambda: len(thread.ws.api_calls("chat.appendStream")) >= 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not thread.replies[0].get("streaming")


@pytest.mark.parametrize("reached", ["chat.startStream", "chat.stopStream"])
async def test_a_run_that_is_cancelled_while_slack_is_asked_goes_on_in_the_same_message(
    live: LiveAnswer, thread: Thread, reached: str
) -> None:
    """Once a second message was begun, and the first was left turning."""
    if reached == "chat.stopStream":
        await follow(live, 3)
        thread.ws.press_stop("maya", "general", thread.ts)
    thread.ws.faults.reply_delay = 0.3
    task = asyncio.create_task(follow(live, 4))
    await asyncio.to_thread(thread.ws.wait_for, lambda: thread.ws.api_calls(reached))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    thread.ws.faults.reply_delay = 0

    await finish(live)

    assert_answered_once(thread)


async def test_what_was_stopped_shows_which_looks_were_not_finished_and_calls_none_a_failure(
    live: LiveAnswer, thread: Thread
) -> None:
    await follow(live, 3)
    await live.finish(
        answer_markdown(ANSWER, EVIDENCE), answer_text(ANSWER), closing_blocks(ANSWER, EVIDENCE), [], complete=False
    )

    assert_answered_once(thread)
    plan = thread.replies[0]["blocks"][0]
    assert plan["title"] == "Stopped"
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Checking: Infrastructure (not finished)", "pending")
    ]


async def test_after_slacks_own_stop_button_the_rest_is_edited_in(live: LiveAnswer, thread: Thread) -> None:
    await follow(live, 3)
    thread.ws.press_stop("maya", "general", thread.ts)
    await finish(live)

    assert_answered_once(thread)
    assert len(thread.ws.api_calls("chat.update")) == 1


async def test_where_a_stream_cannot_be_closed_the_answer_follows_it(live: LiveAnswer, thread: Thread) -> None:
    await follow(live)
    thread.ws.faults.fail("chat.stopStream", "internal_error", times=9)
    await finish(live)

    assert str(thread.replies[-1]["blocks"]).count("It is full. [1]") == 1
    assert live.pages == [thread.replies[-1]["ts"]]


async def test_where_somebody_deleted_the_message_the_answer_is_posted_anew(live: LiveAnswer, thread: Thread) -> None:
    thread.ws.faults.fail("chat.startStream", "unknown_method")
    await follow(live)
    thread.ws.faults.fail("chat.update", "message_not_found", times=9)
    await finish(live)

    assert str(thread.replies[-1]["blocks"]).count("It is full. [1]") == 1


async def test_charts_and_tables_come_in_the_closing_of_a_stream(live: LiveAnswer, thread: Thread) -> None:
    chart = Chart(title="Cost", labels=("a", "b"), series=(Series(name="s", values=(1.0, 2.0)),))
    table = Table(title="T", columns=("x", "y"), rows=(("1", "2"), ("3", "4")))
    pieces = [
        evidence(finding("cost_rise"), id="ev_1", charts=(chart,)),
        evidence(finding("no_change"), id="ev_2", tables=(table,)),
    ]
    answer = ANSWER.model_copy(update={"claims": (*ANSWER.claims, Claim(text="Listed.", evidence=("ev_2",)))})

    await follow(live)
    await finish(live, answer, pieces)

    kinds = [block["type"] for block in thread.replies[0]["blocks"]]
    assert kinds[:5] == ["plan", "markdown", "data_visualization", "context", "table"]
