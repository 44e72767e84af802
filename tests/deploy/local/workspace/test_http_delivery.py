"""Signed HTTP delivery: signatures, retry headers, and a real Bolt app behind WSGI."""

import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from deploy.local.workspace.background import RunningWorkspace, running_workspace
from tests.deploy.local.workspace.conftest import QUICK, authorisation
from tests.deploy.local.workspace.receiver import Receiver, running_receiver

SECRET = "a signing secret for tests"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver(SECRET) as running:
        yield running


@pytest.fixture
def http_ws(receiver: Receiver) -> Iterator[RunningWorkspace]:
    with running_workspace(timing=QUICK, events_url=receiver.url, signing_secret=SECRET) as ws:
        yield ws


def retry_headers(receiver: Receiver) -> list[tuple[str | None, str | None]]:
    return [(h.get("x-slack-retry-num"), h.get("x-slack-retry-reason")) for h, _ in receiver.requests]


def test_events_are_signed(http_ws: RunningWorkspace, receiver: Receiver) -> None:
    http_ws.post_as("maya", "general", f"<@{http_ws.bot_user}> hello")

    http_ws.wait_for(lambda: len(receiver.requests) == 2)
    assert receiver.signatures_ok == [True, True]
    assert {body["event"]["type"] for _, body in receiver.requests} == {"message", "app_mention"}
    assert all(body["api_app_id"] == http_ws.workspace.app.app_id for _, body in receiver.requests)


def test_a_failing_app_is_tried_three_more_times(http_ws: RunningWorkspace, receiver: Receiver) -> None:
    receiver.statuses = [500]
    http_ws.post_as("maya", "general", "hello")

    http_ws.wait_for(lambda: len(receiver.requests) == 4)
    assert retry_headers(receiver) == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({body["event_id"] for _, body in receiver.requests}) == 1


def test_a_retry_stops_when_the_app_recovers(http_ws: RunningWorkspace, receiver: Receiver) -> None:
    receiver.statuses = [503, 200]
    http_ws.post_as("maya", "general", "first")
    http_ws.wait_for(lambda: len(receiver.requests) == 2)

    http_ws.post_as("maya", "general", "second")
    http_ws.wait_for(lambda: len(receiver.requests) == 3)
    assert retry_headers(receiver)[-1] == (None, None)


def test_an_app_can_ask_for_no_retries(http_ws: RunningWorkspace, receiver: Receiver) -> None:
    receiver.statuses = [500]
    receiver.answer_headers = {"X-Slack-No-Retry": "1"}
    http_ws.post_as("maya", "general", "first")
    http_ws.wait_for(lambda: len(receiver.requests) == 1)
    http_ws.post_as("maya", "general", "second")

    http_ws.wait_for(lambda: len(receiver.requests) == 2)
    assert retry_headers(receiver) == [(None, None), (None, None)]


def test_commands_are_forms_and_their_answer_is_shown(http_ws: RunningWorkspace, receiver: Receiver) -> None:
    seen: list[dict[str, Any]] = []
    http_ws.listen(seen.append)
    receiver.answer_body = "All quiet."

    http_ws.command("maya", "general", "/watchkeeper", "status")

    _, form = receiver.requests[0]
    assert (form["command"], form["text"], form["user_id"]) == ("/watchkeeper", "status", http_ws.user_id("maya"))
    shown = next(event for event in seen if event["type"] == "ephemeral")
    assert (shown["user"], shown["message"]["text"]) == (http_ws.user_id("maya"), "All quiet.")


def test_socket_mode_is_refused_when_events_go_over_http(http_ws: RunningWorkspace) -> None:
    client = WebClient(token=http_ws.app_token, base_url=http_ws.api_url)
    with pytest.raises(SlackApiError, match="socket_mode_not_enabled"):
        client.apps_connections_open(app_token=http_ws.app_token)


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


def test_a_real_bolt_app_accepts_the_requests() -> None:
    texts: list[str] = []
    server = make_server("127.0.0.1", 0, lambda env, start: handler(env, start), handler_class=QuietHandler)
    url = f"http://127.0.0.1:{server.server_port}/slack/events"
    with running_workspace(timing=QUICK, events_url=url) as ws:
        app = App(
            client=WebClient(token=ws.bot_token, base_url=ws.api_url),
            signing_secret=ws.signing_secret,
            authorize=lambda **_: authorisation(ws),
        )
        app.event("message")(lambda event: texts.append(event["text"]))
        handler = SlackRequestHandler(app)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        ws.post_as("maya", "general", "over HTTP")
        ws.wait_for(lambda: texts == ["over HTTP"])
        server.shutdown()
        thread.join()
        server.server_close()
