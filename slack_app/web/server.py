"""Signed HTTP: the same listeners behind POST /slack/events, and GET /health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.request import BoltRequest

from agent.errors import SettingsError
from agent.settings import Settings
from slack_app.bolt import SlackApp

MAX_BODY_BYTES = 1_000_000
LISTEN_ON = "0.0.0.0"  # noqa: S104 -- Slack calls from outside; every request is verified by its signature


@asynccontextmanager
async def signed_http(slack: SlackApp, settings: Settings, host: str = LISTEN_ON) -> AsyncGenerator[str]:
    """Listening while the context is open; yields the address."""
    if settings.slack_signing_secret is None:
        raise SettingsError("WATCHKEEPER_SLACK_SIGNING_SECRET is not set; take it from the app's Basic Information.")
    runner = web.AppRunner(web_app(slack), access_log=None)
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


def web_app(slack: SlackApp) -> web.Application:
    async def events(request: web.Request) -> web.Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        if not stamp.isdigit():  # Bolt would raise on anything else
            return web.Response(status=401, text="invalid request")
        body = (await request.read()).decode("utf-8", "replace")
        asked = BoltRequest(body=body, query=request.query_string, headers=dict(request.headers.items()))
        reply = await asyncio.to_thread(slack.bolt.dispatch, asked)
        headers = {name: values[0] for name, values in reply.headers.items() if name.lower() != "content-length"}
        content_type = headers.pop("content-type", headers.pop("Content-Type", "text/plain")).split(";")[0]
        return web.Response(status=reply.status, text=reply.body or "", headers=headers, content_type=content_type)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes([web.post("/slack/events", events), web.get("/health", health)])
    return app
