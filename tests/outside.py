"""Loopback servers in place of other systems: each checks requests as the real API does, and can be made to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Outside:
    """`outside.plan(429, headers={"Retry-After": "0"})` answers the next request so, before the system sees it."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list[Seen])
    delay: float = 0.0
    _planned: list[tuple[int, Any, dict[str, str], bool]] = field(
        default_factory=list[tuple[int, Any, dict[str, str], bool]]
    )

    def plan(
        self,
        status: int,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        times: int = 1,
        done: bool = False,
    ) -> None:
        """`done`: the system does what is asked, and only its answer is another one."""
        self._planned += [(status, body, headers or {}, done)] * times

    def calls(self, method: str, path: str = "") -> list[Seen]:
        return [each for each in self.seen if each.method == method and path in each.path]

    async def answer(self, request: web.Request, system: Callable[[Seen], Awaitable[web.Response]]) -> web.Response:
        body = await request.json() if request.can_read_body else None
        seen = Seen(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.seen.append(seen)
        await asyncio.sleep(self.delay)
        if self._planned:
            status, told, headers, done = self._planned.pop(0)
            if done:
                await system(seen)
            return web.json_response(told, status=status, headers=headers)
        if request.method in ("POST", "PUT", "PATCH") and request.can_read_body:
            assert request.content_type == "application/json"
        return await system(seen)


@asynccontextmanager
async def served(system: Callable[[Seen], Awaitable[web.Response]]) -> AsyncGenerator[Outside]:
    """The system at `outside.url`, while the context is open."""
    outside = Outside()

    async def handle(request: web.Request) -> web.StreamResponse:
        return await outside.answer(request, system)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        outside.url = str(server.make_url("")).rstrip("/")
        yield outside


def reply(body: Any = None, status: int = 200) -> web.Response:
    return web.json_response(body, status=status) if body is not None else web.Response(status=status)
