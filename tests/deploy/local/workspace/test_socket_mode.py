"""Socket Mode, with the real Bolt app and the real slack_sdk socket client."""

import threading
import time
from typing import Any

import httpx
import pytest
from slack_bolt import App
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace, running_workspace
from tests.deploy.local.workspace.conftest import IMPATIENT, QUICK, Connect, authorisation


def test_a_mention_arrives_as_two_events_with_different_ids(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    bodies: list[dict[str, Any]] = []
    app.event("message")(lambda body: bodies.append(body))
    app.event("app_mention")(lambda body: bodies.append(body))
    connect(app)

    ts = ws.post_as("maya", "general", f"<@{ws.bot_user}> why did costs rise?")

    ws.wait_for(lambda: len(bodies) == 2)
    assert {body["event"]["type"] for body in bodies} == {"message", "app_mention"}
    assert len({body["event_id"] for body in bodies}) == 2
    assert {body["event"]["ts"] for body in bodies} == {ts}


def test_a_direct_message_is_one_event_even_with_a_mention(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    bodies: list[dict[str, Any]] = []
    app.event("message")(lambda body: bodies.append(body))
    app.event("app_mention")(lambda body: bodies.append(body))
    connect(app)

    ws.post_as("sofia", "sofia", f"<@{ws.bot_user}> hello")
    ws.post_as("sofia", "sofia", "second")

    ws.wait_for(lambda: len(bodies) == 2)
    assert [body["event"]["channel_type"] for body in bodies] == ["im", "im"]


def test_an_answer_lands_in_the_thread(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    @app.event("app_mention")
    def answer(event: dict[str, Any], say: Any) -> None:
        say("On it.", thread_ts=event["ts"])

    connect(app)
    ts = ws.post_as("maya", "general", f"<@{ws.bot_user}> status?")

    ws.wait_for(lambda: len(ws.thread("general", ts)) == 2)
    root, reply = ws.thread("general", ts)
    assert (root["reply_count"], root["reply_users"]) == (1, [ws.bot_user])
    assert (reply["text"], reply["thread_ts"]) == ("On it.", ts)


def test_a_webhook_post_is_a_bot_message_without_a_user(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    events: list[dict[str, Any]] = []
    app.event("message")(lambda event: events.append(event))
    connect(app)

    url = ws.incoming_webhook_url("alerts", "CloudWatch Alarms")
    response = httpx.post(url, json={"attachments": [{"color": "danger", "title": "ALARM: errors", "text": "12 > 5"}]})

    assert response.text == "ok"
    ws.wait_for(lambda: events)
    assert events[0]["subtype"] == "bot_message"
    assert events[0]["bot_id"].startswith("B")
    assert events[0]["text"] == ""
    assert events[0]["attachments"][0]["title"] == "ALARM: errors"
    assert "user" not in events[0]


def test_the_apps_own_posts_come_back_to_it(ws: RunningWorkspace, client: WebClient, connect: Connect) -> None:
    bolt = App(
        client=client,
        signing_secret=ws.signing_secret,
        authorize=lambda **_: authorisation(ws),
        ignoring_self_events_enabled=False,
    )
    events: list[dict[str, Any]] = []
    bolt.event("message")(lambda event: events.append(event))
    connect(bolt)

    client.chat_postMessage(channel="#general", text="talking to myself")

    ws.wait_for(lambda: events)
    assert (events[0]["user"], events[0]["bot_id"]) == (ws.bot_user, ws.workspace.app.bot_id)


def test_edits_and_deletions_are_events_too(ws: RunningWorkspace, client: WebClient, connect: Connect) -> None:
    bolt = App(
        client=client,
        signing_secret=ws.signing_secret,
        authorize=lambda **_: authorisation(ws),
        ignoring_self_events_enabled=False,
    )
    events: list[dict[str, Any]] = []
    bolt.event("message")(lambda event: events.append(event))
    connect(bolt)

    ts = client.chat_postMessage(channel="#general", text="first")["ts"]
    client.chat_update(channel=ws.channel_id("general"), ts=ts, text="second")
    client.chat_delete(channel=ws.channel_id("general"), ts=ts)

    ws.wait_for(lambda: len(events) == 3)
    changed = next(event for event in events if event.get("subtype") == "message_changed")
    deleted = next(event for event in events if event.get("subtype") == "message_deleted")
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("first", "second")
    assert deleted["deleted_ts"] == ts


def test_joining_a_channel_and_reacting_are_events(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    events: list[dict[str, Any]] = []
    app.event("member_joined_channel")(lambda event: events.append(event))
    app.event("reaction_added")(lambda event: events.append(event))
    app.event({"type": "message", "subtype": "channel_join"})(lambda event: events.append(event))
    connect(app)
    ts = ws.post_as("maya", "general", "hello")
    httpx.post(f"{ws.url}/_/reactions", json={"channel": ws.channel_id("general"), "ts": ts, "name": "eyes"})
    ws.workspace.state.channel("finops").members.remove(ws.user_id("jonas"))
    ws.post_as("jonas", "finops", "I am new here")

    ws.wait_for(lambda: len(events) == 3)
    assert {event["type"] for event in events} == {"member_joined_channel", "reaction_added", "message"}
    reaction = next(event for event in events if event["type"] == "reaction_added")
    assert reaction["item"] == {"type": "message", "channel": ws.channel_id("general"), "ts": ts}


@pytest.mark.parametrize("timing", [IMPATIENT])
def test_an_unacknowledged_event_is_sent_again_with_the_same_id(
    ws: RunningWorkspace, app: App, connect: Connect
) -> None:
    attempts: list[tuple[str, str | None]] = []
    refused = threading.Event()

    @app.middleware
    def refuse_first(req: Any, body: dict[str, Any], next: Any) -> Any:  # noqa: A002 - Bolt's own argument name
        attempts.append((body["event_id"], req.headers.get("x-slack-retry-num", [None])[0]))
        if not refused.is_set():
            refused.set()
            time.sleep(0.5)
        return next()

    app.event("message")(lambda: None)
    connect(app)
    ws.post_as("maya", "general", "anyone there?")

    ws.wait_for(lambda: len(attempts) == 2)
    assert attempts[0][0] == attempts[1][0]
    assert [attempt[1] for attempt in attempts] == ["0", "1"]


def test_each_event_can_be_redelivered_on_demand(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    ids: list[str] = []
    app.event("message")(lambda body: ids.append(body["event_id"]))
    connect(app)
    ws.faults.redeliveries = 3

    ws.post_as("maya", "general", "once")

    ws.wait_for(lambda: len(ids) == 4)
    assert len(set(ids)) == 1


def test_two_connections_take_turns(ws: RunningWorkspace, app: App, client: WebClient, connect: Connect) -> None:
    first: list[str] = []
    second: list[str] = []
    other = App(client=client, signing_secret=ws.signing_secret, authorize=lambda **_: authorisation(ws))
    app.event("message")(lambda body: first.append(body["event_id"]))
    other.event("message")(lambda body: second.append(body["event_id"]))
    connect(app)
    connect(other)

    for number in range(6):
        ws.post_as("maya", "general", f"message {number}")

    ws.wait_for(lambda: len(first) + len(second) == 6)
    assert (len(first), len(second)) == (3, 3)
    assert not set(first) & set(second)


def test_events_wait_until_an_app_connects(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    texts: list[str] = []
    app.event("message")(lambda event: texts.append(event["text"]))

    ws.post_as("maya", "general", "early")
    connect(app)

    ws.wait_for(lambda: texts == ["early"])


def test_an_app_reconnects_when_asked_to(ws: RunningWorkspace, app: App, connect: Connect) -> None:
    texts: list[str] = []
    app.event("message")(lambda event: texts.append(event["text"]))
    connect(app)

    ws.request_reconnect()
    ws.wait_for(lambda: len(ws.api_calls("apps.connections.open")) >= 2)
    ws.wait_for(lambda: ws.connected)
    ws.post_as("maya", "general", "still there?")

    ws.wait_for(lambda: texts == ["still there?"])


def test_an_event_lost_with_its_connection_is_delivered_to_the_next(
    ws: RunningWorkspace, app: App, client: WebClient, connect: Connect
) -> None:
    started = threading.Event()
    texts: list[str] = []
    stuck = App(client=client, signing_secret=ws.signing_secret, authorize=lambda **_: authorisation(ws))

    @stuck.middleware
    def hang(next: Any) -> Any:  # noqa: A002 - Bolt's own argument name
        started.set()
        time.sleep(0.3)
        return next()

    stuck.event("message")(lambda: None)
    app.event("message")(lambda event: texts.append(event["text"]))
    first = connect(stuck)
    ws.post_as("maya", "general", "do not lose me")
    started.wait(5)
    first.client.auto_reconnect_enabled = False
    ws.drop_connections()
    connect(app)

    ws.wait_for(lambda: texts == ["do not lose me"])


def test_only_subscribed_events_are_sent() -> None:
    with running_workspace(timing=QUICK, subscriptions={"app_mention"}) as ws:
        client = WebClient(token=ws.bot_token, base_url=ws.api_url)
        answer = client.api_call(
            "agents.sessions.setStatus",
            json={
                "channel_id": ws.channel_id("general"),
                "thread_ts": ws.post_as("maya", "general", "hello"),
                "status": "processing",
            },
        )
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
