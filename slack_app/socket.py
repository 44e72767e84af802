"""Socket Mode: Slack's events over a WebSocket, for a laptop or a small team. No public address is needed."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from agent.errors import SettingsError
from agent.settings import Settings
from slack_app.bolt import SlackApp
from slack_app.live_tokens import follow_app_token


@contextmanager
def socket_mode(slack: SlackApp, settings: Settings) -> Generator[None]:
    """Connected while the context is open; reconnects by itself."""
    if settings.slack_app_token is None:
        raise SettingsError("WATCHKEEPER_SLACK_APP_TOKEN is not set; make an app-level token with connections:write.")
    token = settings.slack_app_token
    handler = SocketModeHandler(slack.bolt, token.get_secret_value())
    follow_app_token(handler.client, token)
    try:
        handler.connect()
    except SlackApiError as error:
        reason = error.response.get("error")
        raise SettingsError(
            f"WATCHKEEPER_SLACK_APP_TOKEN: Slack refuses it ({reason}); copy the app-level token (xapp-) again."
        ) from error
    try:
        yield
    finally:
        handler.client.logger = _while_closing()
        handler.close()


def _while_closing() -> logging.Logger:
    """What is being acknowledged then cannot be, and nobody needs to read of it: Slack sends it again."""
    silent = logging.getLogger("slack_app.socket.closing")
    silent.disabled = True
    return silent
