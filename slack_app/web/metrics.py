"""GET /metrics for Prometheus. Without a token only this machine may read them: they tell what people ask and spend."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from agent.errors import SettingsError, WatchkeeperError
from agent.ports import Deps
from agent.secret_references import accepted
from agent.settings import Settings
from tools.telemetry.prometheus import exposition, forget_ended

ANYWHERE = "0.0.0.0"  # noqa: S104 -- only with a token
LOOPBACK = ("127.0.0.1", "::1")
OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What a reader on this machine calls it; by another name, a page in its browser was led here through DNS."""
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
"""Who sets these is a proxy on this machine that speaks for another one."""
QUEUE_SECONDS = 2.0
_PORT = re.compile(r":\d+$")


def metrics_folder(settings: Settings) -> Path | None:
    """Where the service's processes count; None when nobody can read it anyway."""
    signed_http = settings.slack_signing_secret is not None and settings.slack_app_token is None
    return settings.home / "metrics" if settings.metrics_port or signed_http else None


def metrics_handler(deps: Deps) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of GET /metrics."""
    folder = metrics_folder(deps.settings)
    token = deps.settings.metrics_token

    async def metrics(request: web.Request) -> web.Response:
        if folder is None or not await asyncio.to_thread(_may_read, request, token):
            deps.metrics.request_refused("metrics")
            return web.Response(status=403, text="metrics are read from this machine, or with a token")
        body, content_type = await asyncio.to_thread(exposition, folder, await _depth(deps))
        return web.Response(body=body, headers={"Content-Type": content_type})

    return metrics


@asynccontextmanager
async def metrics_port(deps: Deps) -> AsyncGenerator[None]:
    """Listening at `metrics_port` while the context is open, when it is set. Forgets what ended processes counted."""
    folder, port = metrics_folder(deps.settings), deps.settings.metrics_port
    if folder is not None:
        forget_ended(folder)
    if not port:
        yield
        return
    app = web.Application()
    app.add_routes([web.get("/metrics", metrics_handler(deps))])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, ANYWHERE if deps.settings.metrics_token else LOOPBACK[0], port).start()
        except OSError as error:
            raise SettingsError(f"WATCHKEEPER_METRICS_PORT: {port} is taken; set another one.") from error
        yield
    finally:
        await runner.cleanup()


def _may_read(request: web.Request, token: SecretStr | None) -> bool:
    if token:
        given = request.headers.get("Authorization", "").encode()
        return any(hmac.compare_digest(given, f"Bearer {each}".encode()) for each in accepted(token))
    return (
        request.remote in LOOPBACK
        and _PORT.sub("", request.host) in OWN_NAMES
        and not any(header in request.headers for header in FORWARDED)
    )


async def _depth(deps: Deps) -> int | None:
    """None when the queue cannot say: that must not hide all other metrics."""
    try:
        async with asyncio.timeout(QUEUE_SECONDS):
            return await deps.queue.depth()
    except (WatchkeeperError, TimeoutError):
        return None
