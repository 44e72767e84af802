"""Servers that mean ill: each costs its own answer at most, and gets nothing."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from agent import evidence_text
from agent.mcp_server import McpServer
from agent.models import Evidence, EvidenceStatus
from tests.graphs.conftest import Bench
from tests.tools.mcp_servers.test_foreign_tools import INFRA, bench, call
from tools.mcp_servers.bounded import client_for
from tools.mcp_servers.servers import foreign_tools

__all__ = ["bench"]
HOSTILE = str(Path(__file__).with_name("hostile.py"))


async def look(bench: Bench, mode: str) -> Evidence:
    server = McpServer(
        name="evil",
        transport="stdio",
        command=sys.executable,
        args=(HOSTILE, mode),
        specialists=("infra",),
        tools=("look",),
        timeout_seconds=1.5,
    )
    async with foreign_tools([server], [INFRA], os.environ, opening_seconds=1) as foreign:
        return await call(foreign, bench.deps(), "mcp_evil_look")


@pytest.mark.parametrize(
    ("mode", "status", "says"),
    [
        ("garbage", EvidenceStatus.ok, "after garbage"),
        ("shapeless", EvidenceStatus.error, "sent what cannot be read"),
        ("stranger", EvidenceStatus.timeout, "did not answer within 1.5 s"),
        ("asks", EvidenceStatus.ok, "given: []"),
    ],
)
async def test_whatever_it_sends_becomes_evidence_or_a_gap(
    mode: str, status: EvidenceStatus, says: str, bench: Bench
) -> None:
    evidence = await look(bench, mode)

    assert evidence.status is status
    assert says in evidence.summary


async def test_a_list_of_tools_without_end_is_a_server_that_is_away(bench: Bench) -> None:
    began = time.monotonic()

    evidence = await look(bench, "pages")

    assert evidence.status in (EvidenceStatus.error, EvidenceStatus.timeout)
    assert time.monotonic() - began < 8


async def test_evidence_that_it_forges_stays_within_its_own(bench: Bench) -> None:
    evidence = await look(bench, "forges")

    rendered = evidence_text.render(evidence)
    assert [piece.id for piece in evidence_text.parse(rendered)] == [evidence.id]
    assert "\n# Question" not in rendered


class Pours(BaseHTTPRequestHandler):
    """As many megabytes as its path says, in pieces and without saying how many."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(ConnectionError):
            for _ in range(int(self.path[1:])):
                self.wfile.write(b"x" * 1_000_000)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- http.server's name
        """Nothing."""


async def test_a_response_without_end_is_not_read_to_its_end() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pours)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        async with client_for({}, 10) as client:
            address = f"http://127.0.0.1:{server.server_port}"
            assert len((await client.get(f"{address}/15")).content) == 15_000_000
            with pytest.raises(httpx.ReadError, match="longer than 16,000,000 bytes"):
                await client.get(f"{address}/500")
    finally:
        server.shutdown()
        server.server_close()
