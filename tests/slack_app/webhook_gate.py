"""The webhooks of a real service, opened for a test."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agent.models import Job
from agent.settings import Settings
from agent.telemetry import NoMetrics
from slack_app.bootstrap import build_deps
from slack_app.web.reading import MAX_BODY_BYTES
from slack_app.web.webhooks import Webhooks
from tools.queues.local import LocalQueue

SECRET = "shared" + "-secret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
ALERT = {"title": "[Triggered] Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}


class Counted(NoMetrics):
    def __init__(self) -> None:
        self.refused: list[str] = []

    def request_refused(self, reason: str) -> None:
        self.refused.append(reason)


@dataclass
class Gate:
    """The webhooks of a real service, and the queue behind them."""

    http: TestClient[web.Request, web.Application]
    queue: LocalQueue
    counted: Counted
    webhooks: Webhooks

    async def post(
        self, source: str = "datadog", body: Any = ALERT, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        shown = BEARER if headers is None else headers
        async with self.http.post(f"/webhooks/{source}", data=data, headers=shown) as reply:
            return reply.status, await reply.text()

    async def jobs(self) -> list[Job]:
        return await self.queue.receive(50)


Opened = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """`async with opened(webhook_burst=1) as gate` with these settings."""

    @asynccontextmanager
    async def gate(sns: Any = None, queue: Any = None, **settings: Any) -> AsyncGenerator[Gate]:
        counted = Counted()
        secrets = f"datadog={SECRET},generic={SECRET},pagerduty={SECRET}"
        read = Settings.read(home=tmp_path, webhook_secrets=secrets, **settings)
        held = build_deps(read, metrics=counted, **({"queue": queue} if queue else {}))
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        webhooks = Webhooks(held.deps, "T1", sns)
        app.add_routes([web.post("/webhooks/{source}", webhooks.post)])
        try:
            async with TestClient(TestServer(app)) as http:
                yield Gate(http, held.deps.queue, counted, webhooks)
        finally:
            held.close()

    return gate
