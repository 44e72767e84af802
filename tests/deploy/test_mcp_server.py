"""`watchkeeper mcp` as a process, asked by the MCP library's own client, and by Watchkeeper's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent, TextResourceContents
from pydantic import AnyUrl

from agent.mcp_server import McpServer
from agent.models import Evidence, EvidenceStatus
from tests.graphs.conftest import Bench, specialist
from tests.graphs.scripted import ScriptedModel
from tests.tools.mcp_servers.test_foreign_tools import call
from tools.evidence.catalog import TOOLS
from tools.mcp_servers.servers import foreign_tools

SCENARIO = "lambda-errors-after-deploy"
TOKEN = "mcp-" + "token"
COMMAND = ["-m", "deploy.cli", "mcp", "--scenario", SCENARIO]
pytestmark = pytest.mark.slow


def environment(home: Path, **settings: str) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    return plain | {"WATCHKEEPER_HOME": str(home), "WATCHKEEPER_LOG_LEVEL": "INFO"} | settings


@asynccontextmanager
async def by_stdio(home: Path) -> AsyncGenerator[ClientSession]:
    started = StdioServerParameters(command=sys.executable, args=COMMAND, env=environment(home))
    with (home / "stderr").open("w") as errors:
        async with stdio_client(started, errlog=errors) as (read, write), ClientSession(read, write) as session:
            begun = await session.initialize()
            assert begun.serverInfo.version == version(begun.serverInfo.name)
            yield session


@asynccontextmanager
async def by_http(url: str, token: str) -> AsyncGenerator[ClientSession]:
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client,
        streamable_http_client(url, http_client=client) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *COMMAND, "--http", str(port)],
        env=environment(home, WATCHKEEPER_MCP_TOKEN=TOKEN),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        printed, _ = process.communicate(timeout=20)
    assert printed == b""


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


async def test_an_editor_asks_the_evidence_tools_by_stdio(tmp_path: Path) -> None:
    told: list[str | None] = []

    async def progress(_done: float, _total: float | None, message: str | None) -> None:
        told.append(message)

    async with by_stdio(tmp_path) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        looked = await session.call_tool("unhealthy_resources", {})
        wrong = await session.call_tool("resource_metrics", {"resource": ["a"]})
        unknown = await session.call_tool("rm", {})
        backwards = await session.call_tool("unhealthy_resources", {"start": "-1h", "end": "-2h"})
        asked = await session.call_tool("ask", {"question": "why does checkout fail?"}, progress_callback=progress)
        books = (await session.list_resources()).resources
        book = (await session.read_resource(AnyUrl("runbook://lambda-errors-after-deploy"))).contents[0]

    assert set(tools) == {*TOOLS, "ask"}
    assert all(tool.annotations and tool.annotations.readOnlyHint for tool in tools.values())
    assert "runtime" not in tools["resource_metrics"].inputSchema["properties"]
    evidence = Evidence.model_validate(looked.structuredContent)
    assert evidence.status is EvidenceStatus.ok
    assert not looked.isError
    assert isinstance(looked.content[0], TextContent)
    assert looked.content[0].text.startswith(f"[{evidence.id}] unhealthy_resources · ok")
    assert wrong.isError
    assert unknown.isError
    assert backwards.isError
    assert Evidence.model_validate(backwards.structuredContent).status is EvidenceStatus.error
    assert not asked.isError
    assert asked.structuredContent
    assert asked.structuredContent["claims"]
    assert told
    assert len(books) > 20
    assert isinstance(book, TextResourceContents)
    assert "## Next steps\n- " in book.text


async def test_http_serves_who_has_the_token(address: str) -> None:
    async with by_http(address, TOKEN) as session:
        looked = await session.call_tool("unhealthy_resources", {})
    assert not looked.isError

    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with httpx.AsyncClient() as client:
        assert (await client.post(address, json=body)).status_code == 401
        allowed = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json, text/event-stream"}
        rebound = await client.post(address, json=body, headers={**allowed, "Host": "evil.example.net"})
        assert rebound.status_code == 421
        assert (await client.post(address + "x", json=body, headers=allowed)).status_code == 404


async def test_watchkeeper_is_a_server_that_watchkeeper_can_use(address: str) -> None:
    server = McpServer(
        name="peer",
        transport="streamable_http",
        url=address,
        headers={"Authorization": "PEER"},
        specialists=("infra",),
        tools=("unhealthy_resources", "ask"),
        timeout_seconds=60,
    )
    bench = Bench(fast=ScriptedModel(turns=[]), strong=ScriptedModel(turns=[]), tools={})
    async with foreign_tools([server], [specialist("infra")], {"PEER": f"Bearer {TOKEN}"}) as foreign:
        assert foreign.reports[0].refused == {}
        evidence = await call(foreign, bench.deps(), "mcp_peer_unhealthy_resources")
    assert evidence.status is EvidenceStatus.ok
    assert "checkout" in evidence.summary


def test_other_machines_are_let_in_with_a_token_only(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *COMMAND, "--http", "8999", "--host", "0.0.0.0"],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Set WATCHKEEPER_MCP_TOKEN" in done.stderr
