"""The running service: listeners on one side, workers on the other, the queue between them.

`listen` and `work` run in processes of their own, because ten analyses in one interpreter would keep Slack waiting for
its acknowledgements (docs/adr/0005). `serve` does both in one, for tests and for tracing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from agent.errors import WatchkeeperError
from agent.ports import Deps
from agent.settings import Settings
from slack_app.bolt import build_slack_app
from slack_app.bootstrap import application
from slack_app.handlers.remediation_jobs import go_on_after_a_start
from slack_app.incoming_webhook import WebhookMessenger
from slack_app.messenger import SlackMessenger, web_client
from slack_app.scheduler import schedule
from slack_app.socket import socket_mode
from slack_app.tokens import check_tokens, is_one_shot
from slack_app.web.metrics import metrics_port
from slack_app.web.server import signed_http
from slack_app.web.webhooks import webhook_port
from slack_app.worker import Worker
from tools.inventory import read_inventory

log = logging.getLogger(__name__)

Ready = Callable[[str], Awaitable[None]]
"""Called once when events can arrive, with a word on how they do."""


async def listen(deps: Deps, ready: Ready | None = None) -> None:
    """Turn events into jobs, until cancelled. Socket Mode when there is an app-level token, else signed HTTP."""
    settings = deps.settings
    check_tokens(settings)
    if is_one_shot(settings):
        await _listen_for_webhooks(deps, ready)
        return
    slack = await asyncio.to_thread(build_slack_app, deps)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(metrics_port(deps))
        if settings.slack_app_token is not None:
            await stack.enter_async_context(webhook_port(deps, slack.identity.team_id))
            stack.enter_context(socket_mode(slack, settings))
            how = "Socket Mode"
        else:
            how = f"signed HTTP at {await stack.enter_async_context(signed_http(slack, deps))}/slack/events"
        if ready is not None:
            await ready(how)
        await asyncio.Event().wait()


async def _listen_for_webhooks(deps: Deps, ready: Ready | None) -> None:
    """One-shot mode: alerts come by webhook or by looking for them, and nothing comes from Slack."""
    port = deps.settings.webhook_port
    async with metrics_port(deps), webhook_port(deps, ""):
        if ready is not None:
            where = f"alerts arrive at port {port}" if port else "no port for alerts is set"
            await ready(f"an incoming webhook ({where})")
        await asyncio.Event().wait()


async def work(deps: Deps) -> None:
    """Turn jobs into answers, until cancelled."""
    async with application(deps) as running:
        beside = [asyncio.create_task(work) for work in (_warm_up(deps), schedule(deps), _go_on(deps))]
        try:
            await Worker(running, _messenger(deps.settings)).run()
        finally:
            for task in beside:
                task.cancel()


async def _warm_up(deps: Deps) -> None:
    """Make the AWS clients that the first question would wait for: a cold one takes seconds."""
    try:
        await read_inventory(deps)
    except Exception as error:  # only a head start: a question that needs it says what is wrong
        log.info("the inventory could not be read in advance (%s)", type(error).__name__)


async def _go_on(deps: Deps) -> None:
    """With the changes that were on their way when the last process ended."""
    try:
        await go_on_after_a_start(deps)
    except WatchkeeperError as error:
        log.warning("remediations that are on their way go on by their own jobs only: %s", error)


async def serve(deps: Deps, ready: Ready | None = None) -> None:
    """Both in one process, until cancelled or until one of them fails."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen(deps, ready))
            tasks.create_task(work(deps))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


def _messenger(settings: Settings) -> SlackMessenger:
    if is_one_shot(settings):
        return WebhookMessenger(settings)
    assert settings.slack_bot_token is not None, "check_tokens comes first"
    return SlackMessenger(web_client(settings.slack_bot_token, settings.slack_api_url, only_in_jobs=True))
