"""All configured servers, opened together: their tools, what became of each, and the specialists who get them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from langchain_core.tools import BaseTool

from agent.errors import SettingsError, WatchkeeperError
from agent.mcp_server import McpServer
from agent.specialists import Specialist
from tools.mcp_servers.link import Link
from tools.mcp_servers.policy import refusal
from tools.mcp_servers.tool import mcp_tool, tool_name

log = logging.getLogger(__name__)
OPENING_SECONDS = 5.0
"""The start waits so long for all servers together. Who is late is asked again when a tool is called."""


@dataclass(frozen=True)
class ServerReport:
    """What `watchkeeper doctor` tells of one server. `refused` says why, by tool."""

    name: str
    state: Literal["ok", "down"]
    reason: str = ""
    used: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    others: tuple[str, ...] = ()
    """Offered, but not on the allow-list."""


@dataclass(frozen=True)
class ForeignTools:
    """The tools by name, the names that each specialist gets, and a report of each server."""

    tools: Mapping[str, BaseTool]
    of_specialist: Mapping[str, tuple[str, ...]]
    reports: tuple[ServerReport, ...]

    def given_to(self, specialists: Sequence[Specialist]) -> tuple[Specialist, ...]:
        """Copies of the specialists, with these tools added to their own."""
        return tuple(
            each.model_copy(update={"tools": (*each.tools, *self.of_specialist.get(each.name, ()))})
            for each in specialists
        )


@asynccontextmanager
async def foreign_tools(
    servers: Sequence[McpServer],
    specialists: Sequence[Specialist],
    environ: Mapping[str, str],
    opening_seconds: float = OPENING_SECONDS,
) -> AsyncGenerator[ForeignTools]:
    """The servers' tools while the context is open. A server that is away costs its answers, and nothing else."""
    check_servers(servers, [specialist.name for specialist in specialists], environ)
    links = [Link(server, environ) for server in servers]
    try:
        opened = await asyncio.gather(*(_open(link, opening_seconds) for link in links))
        tools: dict[str, BaseTool] = {}
        of_specialist: dict[str, tuple[str, ...]] = {}
        for link, (made, _) in zip(links, opened, strict=True):
            tools |= made
            for name in link.server.specialists:
                of_specialist[name] = (*of_specialist.get(name, ()), *made)
        yield ForeignTools(tools, of_specialist, tuple(report for _, report in opened))
    finally:
        await asyncio.gather(*(link.close() for link in links), return_exceptions=True)


def check_servers(servers: Sequence[McpServer], specialists: Sequence[str], environ: Mapping[str, str]) -> None:
    """SettingsError for what only a person can put right."""
    names = [server.name for server in servers]
    own = [tool_name(server, name) for server in servers for name in server.tools]
    for server in servers:
        begin = f"WATCHKEEPER_MCP_SERVERS: {server.name}"
        if names.count(server.name) > 1:
            raise SettingsError(f"{begin} is there twice; give each server a name of its own.")
        if unknown := [name for name in server.specialists if name not in specialists]:
            raise SettingsError(f"{begin} names the specialist {unknown[0]!r}; use {', '.join(specialists)}.")
        if missing := [name for name in (*server.env, *server.headers.values()) if not environ.get(name)]:
            raise SettingsError(f"{begin} needs the environment variable {missing[0]}, which is not set.")
        if alike := [name for name in server.tools if own.count(tool_name(server, name)) > 1]:
            raise SettingsError(f"{begin} allows {alike[0]}, whose name is too much like another's; allow one of them.")


async def _open(link: Link, seconds: float) -> tuple[dict[str, BaseTool], ServerReport]:
    server = link.server
    try:
        async with asyncio.timeout(seconds):
            offered = await link.tools()
    except (TimeoutError, WatchkeeperError) as error:
        reason = str(error) or f"The MCP server {server.name} did not answer within {seconds:g} s."
        log.warning("%s Its tools are kept, and it is asked again when one is called.", reason)
        made = {tool_name(server, name): mcp_tool(link, name, None) for name in server.tools}
        return made, ServerReport(server.name, "down", reason, tuple(made))
    refused = {name: why for name in server.tools if (why := refusal(server, name, offered.get(name)))}
    for name, why in refused.items():
        log.warning("the tool %s of the MCP server %s is not used: %s", name, server.name, why)
    allowed = [name for name in server.tools if name not in refused]
    made = {tool_name(server, name): mcp_tool(link, name, offered[name]) for name in allowed}
    others = tuple(sorted(name for name in offered if name not in server.tools))
    return made, ServerReport(server.name, "ok", "", tuple(made), refused, others)
