"""A running workspace, a real slack_sdk client, and a real Bolt app on Socket Mode."""

from collections.abc import Callable, Iterator

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.delivery import Timing

QUICK = Timing(ack_timeout=3.0, retry_delays=(0.0, 0.05, 0.1))
"""Slack's patience, but retries follow at once."""
IMPATIENT = Timing(ack_timeout=0.3, retry_delays=(0.0, 0.05, 0.1))
"""For tests in which the app is meant to be too slow."""

Connect = Callable[[App], SocketModeHandler]


@pytest.fixture
def timing() -> Timing:
    """Override with `@pytest.mark.parametrize("timing", [IMPATIENT])`."""
    return QUICK


@pytest.fixture
def ws(timing: Timing) -> Iterator[RunningWorkspace]:
    with running_workspace(timing=timing) as workspace:
        yield workspace


@pytest.fixture
def client(ws: RunningWorkspace) -> WebClient:
    return WebClient(token=ws.bot_token, base_url=ws.api_url)


@pytest.fixture
def app(ws: RunningWorkspace, client: WebClient) -> App:
    """A Bolt app that is authorised for this workspace without asking it each time."""
    return App(client=client, signing_secret=ws.signing_secret, authorize=lambda **_: authorisation(ws))


@pytest.fixture
def connect(ws: RunningWorkspace) -> Iterator[Connect]:
    """Connects an app by Socket Mode and waits until events can flow."""
    handlers: list[SocketModeHandler] = []

    def start(app: App) -> SocketModeHandler:
        before = ws.connection_count
        handler = SocketModeHandler(app, ws.app_token)
        handler.connect()
        handlers.append(handler)
        ws.wait_for(lambda: ws.connection_count > before)
        return handler

    yield start
    for handler in handlers:
        close_quickly(ws, handler)


def close_quickly(ws: RunningWorkspace, handler: SocketModeHandler) -> None:
    """The SDK's close() waits up to seconds for a blocking read and an empty queue; wake both first."""
    handler.client.auto_reconnect_enabled = False
    ws.drop_connections()
    handler.client.message_processor.event.set()
    handler.client.message_queue.put("{}")
    handler.close()


def authorisation(ws: RunningWorkspace) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=None,
        team_id=ws.team_id,
        bot_token=ws.bot_token,
        bot_id=ws.workspace.app.bot_id,
        bot_user_id=ws.bot_user,
    )
