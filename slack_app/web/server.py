"""Signed HTTP: the same listeners behind POST /slack/events, with /webhooks/…, GET /health and GET /metrics."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from agent.errors import SettingsError
from agent.ports import Deps
from slack_app.bolt import SlackApp, dispatched
from slack_app.web.metrics import metrics_handler
from slack_app.web.reading import MAX_BODY_BYTES, NotRead, Reading, first_headers
from slack_app.web.webhooks import Webhooks

UNAUTHORIZED = 401
_STAMP = re.compile(r"\d{1,12}", re.ASCII)
"""Seconds since 1970."""
LISTEN_ON = "0.0.0.0"  # noqa: S104 -- Slack calls from outside; every request is verified by its signature


@asynccontextmanager
async def signed_http(slack: SlackApp, deps: Deps, host: str = LISTEN_ON) -> AsyncGenerator[str]:
    """Listening while the context is open; yields the address."""
    settings = deps.settings
    if settings.slack_signing_secret is None:
        raise SettingsError("WATCHKEEPER_SLACK_SIGNING_SECRET is not set; take it from the app's Basic Information.")
    runner = web.AppRunner(web_app(slack, deps), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, settings.http_port)
        try:
            await site.start()
        except OSError as error:
            raise SettingsError(f"WATCHKEEPER_HTTP_PORT: {settings.http_port} is taken; set another one.") from error
        port = runner.addresses[0][1]
        yield f"http://{'127.0.0.1' if host == LISTEN_ON else host}:{port}"
    finally:
        await runner.cleanup()


def _could_be_signed(request: web.Request) -> bool:
    """Bolt would raise on a time that is no number, and on a signature that is not plain text."""
    stamp = request.headers.get("X-Slack-Request-Timestamp", "")
    return bool(_STAMP.fullmatch(stamp)) and request.headers.get("X-Slack-Signature", "").isascii()


def web_app(slack: SlackApp, deps: Deps) -> web.Application:
    reading = Reading()

    async def events(request: web.Request) -> web.Response:
        if not _could_be_signed(request):
            deps.metrics.request_refused("timestamp")
            return web.Response(status=401, text="invalid request")
        try:
            async with reading.body(request) as read:
                body, headers = read.decode("utf-8", "replace"), first_headers(request)
                reply = await asyncio.to_thread(dispatched, slack.bolt, body, request.query_string, headers)
        except NotRead as error:
            deps.metrics.request_refused("size")
            return web.Response(status=error.status, text="refused")
        if reply.status == UNAUTHORIZED:
            deps.metrics.request_refused("signature")
        said = {name: values[0] for name, values in reply.headers.items() if name.lower() != "content-length"}
        content_type = said.pop("content-type", said.pop("Content-Type", "text/plain")).split(";")[0]
        return web.Response(status=reply.status, text=reply.body or "", headers=said, content_type=content_type)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(
        [
            web.post("/slack/events", events),
            web.post("/webhooks/{source}", Webhooks(deps, slack.identity.team_id).post),
            web.get("/health", health),
            web.get("/metrics", metrics_handler(deps)),
        ]
    )
    return app
