"""The running service: listeners on one side, workers on the other, the queue between them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from agent.ports import Deps
from slack_app.bolt import build_slack_app
from slack_app.bootstrap import application
from slack_app.messenger import SlackMessenger, web_client
from slack_app.socket import socket_mode
from slack_app.tokens import check_tokens
from slack_app.web.server import signed_http
from slack_app.worker import Worker

Ready = Callable[[str], Awaitable[None]]
"""Called once when events can arrive, with a word on how they do."""


async def serve(deps: Deps, ready: Ready | None = None) -> None:
    """Until cancelled. Socket Mode when there is an app-level token, else signed HTTP."""
    settings = deps.settings
    check_tokens(settings)
    assert settings.slack_bot_token is not None
    slack = await asyncio.to_thread(build_slack_app, deps)
    messenger = SlackMessenger(
        web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url), slack.identity.bot_user_id
    )
    async with AsyncExitStack() as stack:
        if settings.slack_app_token is not None:
            stack.enter_context(socket_mode(slack, settings))
            how = "Socket Mode"
        else:
            how = f"signed HTTP at {await stack.enter_async_context(signed_http(slack, settings))}/slack/events"
        # Listeners are up before the agents are imported: Slack gets its acknowledgements at once.
        running = await stack.enter_async_context(application(deps))
        if ready is not None:
            await ready(how)
        await Worker(running, messenger).run()
