"""The connection to one foreign server: opened when first needed, kept, and opened again when it broke."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TextIO

import anyio
import httpx
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CONNECTION_CLOSED, CallToolResult, Implementation, PaginatedRequestParams, Tool

from agent.errors import InputError, WatchkeeperError
from agent.mcp_server import McpServer
from tools.mcp_servers.bounded import client_for
from tools.mcp_servers.policy import permitted

log = logging.getLogger(__name__)
CLOSING_SECONDS = 5
MAX_TOOLS = 500
_SESSION_GONE = 32600
"""What the client library says when an HTTP server has forgotten the session."""
_REQUEST_TIMEOUT = 408


class ServerDown(WatchkeeperError):
    """The server cannot be reached, or what it says is not MCP."""


class Link:
    """`await link.tools()` and `await link.call_tool(name, arguments)`; ServerDown or TimeoutError when it is away."""

    def __init__(self, server: McpServer, environ: Mapping[str, str]) -> None:
        self.server = server
        self._environ = environ
        self._held: _Held | None = None
        self._opening = asyncio.Lock()

    async def tools(self) -> dict[str, Tool]:
        """What the server offers now; as it was when the connection was opened."""
        return (await self._opened()).tools

    async def call_tool(self, name: str, arguments: dict[str, Any], **_: Any) -> CallToolResult:
        """The server's result. All tools only read, so a call over a connection that broke is made once more."""
        held = await self._opened()
        try:
            return await self._call(held, name, arguments)
        except ServerDown:
            await self._drop(held)
            return await self._call(await self._opened(), name, arguments)

    async def close(self) -> None:
        if self._held is not None:
            await self._drop(self._held)

    async def _call(self, held: _Held, name: str, arguments: dict[str, Any]) -> CallToolResult:
        permitted(self.server, name, held.tools.get(name))  # it may have changed since the connection broke
        limit = timedelta(seconds=self.server.timeout_seconds)
        try:
            return await held.session.call_tool(name, arguments, read_timeout_seconds=limit)
        except McpError as error:
            if error.error.code == _REQUEST_TIMEOUT:
                raise TimeoutError(f"no answer within {self.server.timeout_seconds:g} s") from None
            if error.error.code in (CONNECTION_CLOSED, _SESSION_GONE):
                raise ServerDown(f"The MCP server {self.server.name} has gone away.") from None
            raise InputError(f"The MCP server {self.server.name} refused the call: {error.error.message}") from None
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, httpx.HTTPError):
            raise ServerDown(f"The MCP server {self.server.name} has gone away.") from None

    async def _opened(self) -> _Held:
        async with self._opening:
            if self._held is None or self._held.over:
                self._held = _Held(self.server, self._environ)
            held = self._held
        try:
            await held.wait()
        except WatchkeeperError:
            await self._drop(held)
            raise
        return held

    async def _drop(self, held: _Held) -> None:
        if self._held is held:
            self._held = None
        await held.close()


class _Held:
    """A session, kept open by a task of its own: in anyio, whoever opened one has to close it."""

    def __init__(self, server: McpServer, environ: Mapping[str, str]) -> None:
        self.session: ClientSession
        self.tools: dict[str, Tool] = {}
        self._server, self._environ = server, environ
        self._settled, self._enough = asyncio.Event(), asyncio.Event()
        self._error = ""
        # It outlives the run that asked first, so it has none of that run's context.
        self._task = asyncio.create_task(self._keep(), name=f"mcp {server.name}", context=contextvars.Context())

    @property
    def over(self) -> bool:
        return self._task.done()

    async def wait(self) -> None:
        """Until the session is open; ServerDown when it cannot be opened."""
        await self._settled.wait()
        if self._error:
            raise ServerDown(self._error)

    async def close(self) -> None:
        self._enough.set()
        patience = CLOSING_SECONDS if self._settled.is_set() else 0
        _, late = await asyncio.wait({self._task}, timeout=patience)
        for task in late:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep(self) -> None:
        try:
            async with _session(self._server, self._environ) as session:
                async with asyncio.timeout(self._server.timeout_seconds):
                    await session.initialize()
                    self.tools = await _all_tools(session)
                self.session = session
                self._settled.set()
                await self._enough.wait()
        except Exception as error:  # a foreign program: whatever it does wrong is a gap, never our failure
            log.info("the MCP server %s is down", self._server.name, exc_info=True)
            self._error = f"The MCP server {self._server.name} cannot be reached ({_reason(error)})."
        finally:
            self._error = self._error or ("" if self._settled.is_set() else "The MCP server was not asked.")
            self._settled.set()


@asynccontextmanager
async def _session(server: McpServer, environ: Mapping[str, str]) -> AsyncGenerator[ClientSession]:
    """A session of either transport. The process gets the variables that are named for it, and a few such as PATH."""
    who = Implementation(name="watchkeeper", version="1")
    if server.transport == "stdio":
        handed = {name: environ[name] for name in server.env if name in environ}
        started = StdioServerParameters(command=server.command, args=list(server.args), env=handed)
        # What a foreign program writes to stderr is neither ours to log nor redacted.
        with _nowhere() as nowhere:
            async with (
                stdio_client(started, errlog=nowhere) as (read, write),
                ClientSession(read, write, client_info=who) as session,
            ):
                yield session
        return
    headers = {header: environ[name] for header, name in server.headers.items() if name in environ}
    async with (
        client_for(headers, server.timeout_seconds) as client,
        streamable_http_client(server.url, http_client=client) as (read, write, _),
        ClientSession(read, write, client_info=who) as session,
    ):
        yield session


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


async def _all_tools(session: ClientSession) -> dict[str, Tool]:
    tools: dict[str, Tool] = {}
    page = await session.list_tools()
    while True:
        tools |= {tool.name: tool for tool in page.tools}
        if not page.nextCursor or not page.tools or len(tools) > MAX_TOOLS:
            return tools
        page = await session.list_tools(params=PaginatedRequestParams(cursor=page.nextCursor))


def _reason(error: BaseException) -> str:
    """The first cause within groups, in a few words."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    if isinstance(error, McpError):
        return "it hung up" if error.error.code == CONNECTION_CLOSED else "it refused to connect"
    if isinstance(error, FileNotFoundError):
        return "its command was not found"
    return type(error).__name__
