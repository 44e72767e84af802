"""Streaming messages, and what an agent shows around them."""

from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from deploy.local.workspace.background import RunningWorkspace
from tests.deploy.local.workspace.conftest import Connect
from tests.deploy.local.workspace.test_web_api import refusal


def start(ws: RunningWorkspace, client: WebClient, **more: Any) -> tuple[str, str, str]:
    """Start a stream in #general below a question; returns channel, question ts, stream ts."""
    question, channel = ws.post_as("maya", "general", "why?"), ws.channel_id("general")
    recipient = {"recipient_user_id": ws.user_id("maya"), "recipient_team_id": ws.team_id}
    stream = client.chat_startStream(channel=channel, thread_ts=question, **recipient, **more)
    return channel, question, str(stream["ts"])


def test_a_streamed_answer_grows_and_is_finished(ws: RunningWorkspace, client: WebClient) -> None:
    channel, question, ts = start(ws, client, markdown_text="Lambda ")
    client.chat_appendStream(channel=channel, ts=ts, markdown_text="costs ")
    assert ws.thread("general", question)[1]["streaming"]

    footer = {"type": "context", "elements": [{"type": "mrkdwn", "text": "2 sources"}]}
    client.chat_stopStream(channel=channel, ts=ts, markdown_text="rose.", blocks=[footer])

    answer = ws.thread("general", question)[1]
    assert answer["text"] == "Lambda costs rose."
    assert [block["type"] for block in answer["blocks"]] == ["markdown", "context"]
    assert "streaming" not in answer


def test_the_sdks_stream_helper_works(ws: RunningWorkspace, client: WebClient) -> None:
    question = ws.post_as("maya", "general", "why?")
    stream = client.chat_stream(
        channel=ws.channel_id("general"),
        thread_ts=question,
        recipient_user_id=ws.user_id("maya"),
        recipient_team_id=ws.team_id,
        buffer_size=8,
    )
    for word in ("one ", "two ", "three ", "four"):
        stream.append(markdown_text=word)
    stream.stop()
    assert ws.thread("general", question)[1]["text"] == "one two three four"


def test_tasks_stand_between_text_in_a_timeline(ws: RunningWorkspace, client: WebClient) -> None:
    channel, question, ts = start(ws, client)
    task = {"type": "task_update", "id": "logs", "title": "Reading logs", "status": "in_progress"}
    client.chat_appendStream(channel=channel, ts=ts, chunks=[task])
    client.chat_appendStream(channel=channel, ts=ts, chunks=[{"type": "markdown_text", "text": "Found it."}])
    client.chat_appendStream(channel=channel, ts=ts, chunks=[task | {"status": "complete", "output": "12 errors"}])

    card, text = ws.thread("general", question)[1]["blocks"]
    assert (card["type"], card["status"], card["output"]["type"]) == ("task_card", "complete", "rich_text")
    assert text["text"] == "Found it."


def test_tasks_are_grouped_in_a_plan(ws: RunningWorkspace, client: WebClient) -> None:
    channel, question, ts = start(ws, client, task_display_mode="plan")
    chunks = [
        {"type": "plan_update", "title": "Looking into it"},
        {"type": "task_update", "id": "a", "title": "Costs", "status": "pending"},
        {"type": "task_update", "id": "b", "title": "Logs", "status": "in_progress"},
    ]
    client.chat_appendStream(channel=channel, ts=ts, chunks=chunks)
    (plan,) = ws.thread("general", question)[1]["blocks"]
    assert (plan["type"], plan["title"], [task["task_id"] for task in plan["tasks"]]) == (
        "plan",
        "Looking into it",
        ["a", "b"],
    )


def test_a_stream_in_a_channel_needs_a_person_as_recipient(ws: RunningWorkspace, client: WebClient) -> None:
    question, channel = ws.post_as("maya", "general", "why?"), ws.channel_id("general")
    call = client.chat_startStream
    args = {"channel": channel, "thread_ts": question}
    assert refusal(call, **args) == "missing_recipient_team_id"
    assert refusal(call, **args, recipient_team_id=ws.team_id) == "missing_recipient_user_id"
    assert refusal(call, **args, recipient_team_id=ws.team_id, recipient_user_id=ws.bot_user) == "user_not_found"
    direct = ws.post_as("maya", "maya", "why?")
    assert client.chat_startStream(channel=ws.channel_id("maya"), thread_ts=direct)["ok"]


def test_an_expired_stream_takes_no_more_text_but_can_be_updated(ws: RunningWorkspace, client: WebClient) -> None:
    ws.faults.stream_lifetime = 0.1
    channel, question, ts = start(ws, client, markdown_text="Lambda ")
    ws.wait_for(lambda: "streaming" not in ws.thread("general", question)[1])

    append = {"channel": channel, "ts": ts, "markdown_text": "more"}
    assert refusal(client.chat_appendStream, **append) == "message_not_in_streaming_state"
    assert refusal(client.chat_stopStream, channel=channel, ts=ts) == "message_not_in_streaming_state"
    assert client.chat_update(channel=channel, ts=ts, text="Lambda more")["ok"]


def test_streams_refuse_what_slack_refuses(ws: RunningWorkspace, client: WebClient) -> None:
    channel, question, ts = start(ws, client)
    assert refusal(client.chat_appendStream, channel=channel, ts=ts) == "no_text"
    assert refusal(client.chat_appendStream, channel=channel, ts=ts, markdown_text="x" * 12_001) == "msg_too_long"
    assert (
        refusal(client.chat_appendStream, channel=channel, ts=question, markdown_text="x") == "message_not_owned_by_app"
    )
    assert refusal(client.chat_appendStream, channel=channel, ts="1.0", markdown_text="x") == "message_not_found"
    chunk = {"type": "task_update", "id": "a", "title": "A", "status": "done"}
    with pytest.raises(SlackApiError, match="invalid_chunks"):
        client.api_call("chat.appendStream", json={"channel": channel, "ts": ts, "chunks": [chunk]})


def test_a_call_with_one_bad_chunk_adds_nothing(ws: RunningWorkspace, client: WebClient) -> None:
    channel, question, ts = start(ws, client, markdown_text="so far")
    chunks = [{"type": "markdown_text", "text": " and more"}, {"type": "task_update", "id": ["a"], "title": "A"}]
    call = {"channel": channel, "ts": ts, "chunks": chunks}
    assert refusal(client.api_call, api_method="chat.appendStream", json=call) == "invalid_chunks"
    assert ws.thread("general", question)[1]["text"] == "so far"


def test_a_status_shows_until_the_answer_comes(ws: RunningWorkspace, client: WebClient) -> None:
    question, channel = ws.post_as("maya", "general", "why?"), ws.channel_id("general")
    client.assistant_threads_setStatus(channel_id=channel, thread_ts=question, status="is reading logs…")
    assert ws.status("general", question) == "is reading logs…"
    client.chat_postMessage(channel=channel, thread_ts=question, text="Done.")
    assert ws.status("general", question) is None


def test_suggested_prompts_are_at_most_four(ws: RunningWorkspace, client: WebClient) -> None:
    direct = ws.channel_id("maya")
    prompts = [{"title": f"Question {n}", "message": f"What about {n}?"} for n in range(5)]
    set_prompts = client.assistant_threads_setSuggestedPrompts
    assert refusal(set_prompts, channel_id=direct, prompts=prompts) == "too_many_prompts"
    set_prompts(channel_id=direct, prompts=prompts[:4], title="Try")
    assert len(ws.workspace.assistant.prompts[direct]["prompts"]) == 4


def test_the_stop_button_ends_the_stream_and_tells_the_app(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    stopped: list[dict[str, Any]] = []
    app.event("message")(lambda: None)
    app.event("agent_session_stopped")(lambda event: stopped.append(event))
    connect(app)
    channel, question, ts = start(ws, client, markdown_text="Thinking")
    session = {"channel_id": channel, "thread_ts": question, "status": "processing"}
    assert client.api_call("agents.sessions.setStatus", json=session)["agent_status"] == "processing"

    ws.press_stop("maya", "general", question)

    ws.wait_for(lambda: stopped)
    assert stopped[0]["streaming_message_ts"] == [ts]
    assert (stopped[0]["thread_ts"], stopped[0]["user"]) == (question, ws.user_id("maya"))
    append = {"channel": channel, "ts": ts, "markdown_text": "more"}
    assert refusal(client.chat_appendStream, **append) == "message_not_in_streaming_state"
