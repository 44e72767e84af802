"""`watchkeeper mcp`: the server on stdin and stdout, or over streamable HTTP."""

from __future__ import annotations

import hmac
import io
import os
import socket
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio
import anyio.to_thread
import uvicorn
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.errors import InputError, SettingsError
from agent.secret_references import accepted
from agent.settings import Settings
from deploy.looked_up import OF_QUESTIONS, for_one_run
from deploy.mcp_server import McpServerApp, build_server
from deploy.once import Aws, application_once, simulated_account
from deploy.real_account import need_credentials
from tools.evidence.catalog import TOOLS

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PATH = "/mcp"


async def serve_mcp(aws: Aws, scenario: str, host: str, port: int | None) -> None:
    """Until the client hangs up (stdio, when there is no port) or until Ctrl-C (HTTP)."""
    if aws == "real":
        need_credentials()
    settings = for_one_run(Settings.read(), aws, (*OF_QUESTIONS, "mcp_token"))
    token = settings.mcp_token
    if port is not None and host not in LOOPBACK and not token:
        raise SettingsError("Set WATCHKEEPER_MCP_TOKEN: without it only this machine may connect.")
    if port is None:
        async with _running(aws, scenario, settings) as server:
            await serve_stdio(server)
        return
    with _listening(host, port) as listener:
        async with _running(aws, scenario, settings) as server:
            sys.stderr.write(f"Watchkeeper's tools are at http://{host}:{port}{PATH}; Ctrl-C stops it.\n")
            await serve_http(server, listener, token)


@asynccontextmanager
async def _running(aws: Aws, scenario: str, settings: Settings) -> AsyncGenerator[McpServerApp]:
    if aws == "real":
        async with application_once(settings) as app:
            yield build_server(app, TOOLS)
        return
    from deploy.local.account import scenario_names

    with simulated_account([scenario] if scenario else scenario_names(), settings):
        async with application_once(settings) as app:
            yield build_server(app, TOOLS)


async def serve_stdio(server: McpServerApp) -> None:
    """stdout carries the protocol and nothing else: whatever prints, even a child process, writes to stderr."""
    with _own_stdout() as out:
        async with stdio_server(stdout=anyio.wrap_file(out)) as (read, write):
            await server.run(read, write, server.create_initialization_options())


@contextmanager
def _own_stdout() -> Generator[io.TextIOWrapper]:
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield io.TextIOWrapper(os.fdopen(os.dup(kept), "wb"), encoding="utf-8")
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """Opened here, since the server would end the whole process where the port is taken."""
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{host}:{port} cannot be listened at ({reason}); choose another port with --http.") from None
    with listener:
        yield listener


async def serve_http(server: McpServerApp, listener: socket.socket, token: SecretStr | None) -> None:
    """Streamable HTTP at /mcp. A browser's page cannot reach it: unknown Host and Origin headers are refused."""
    host = str(listener.getsockname()[0])
    names = [f"{name}:*" for name in ("127.0.0.1", "localhost", "[::1]")]
    guard = TransportSecuritySettings(
        enable_dns_rebinding_protection=host in LOOPBACK,
        allowed_hosts=names,
        allowed_origins=[f"http://{name}" for name in names],
    )
    manager = StreamableHTTPSessionManager(server, security_settings=guard)
    app = with_token(_at_path(manager), token)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    async with manager.run():
        await uvicorn.Server(config).serve([listener])


def _at_path(manager: StreamableHTTPSessionManager) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") == PATH:
            await manager.handle_request(scope, receive, send)
        else:
            await _refuse(send, 404)

    return app


def with_token(app: ASGIApp, token: SecretStr | None) -> ASGIApp:
    """The app behind a bearer token; as it is without one."""
    if not token:
        return app

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope.get("headers", [])).get(b"authorization", b"")
        if await anyio.to_thread.run_sync(_is_token, given, token):
            await app(scope, receive, send)
        else:
            await _refuse(send, 401)

    return guarded


def _is_token(given: bytes, token: SecretStr) -> bool:
    return any(hmac.compare_digest(given, f"Bearer {each}".encode()) for each in accepted(token))


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"www-authenticate", b"Bearer")] if status == 401 else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
