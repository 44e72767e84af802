"""The doctor's look at foreign MCP servers: which answer, which of their tools are used, and why others are not."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agent.errors import SettingsError
from agent.settings import Settings
from agent.specialists import read_specialists

if TYPE_CHECKING:
    from tools.mcp_servers.servers import ServerReport

OPENING_SECONDS = 15.0
SHOWN = 12


def check_mcp(settings: Settings, environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The fields of one check a server, and one for each refused tool."""
    if not settings.mcp_servers:
        return
    if importlib.util.find_spec("langchain_mcp_adapters") is None:
        fix = "in Watchkeeper's folder, run: pip install -e '.[mcp]'"
        yield _check("MCP servers", "fail", "the library is not installed", fix)
        return
    try:
        reports = asyncio.run(_reports(settings, environ))
    except SettingsError as error:
        yield _check("MCP servers", "fail", str(error), "correct WATCHKEEPER_MCP_SERVERS")
        return
    for report in reports:
        yield from _of(report)


async def _reports(settings: Settings, environ: Mapping[str, str]) -> tuple[ServerReport, ...]:
    from tools.mcp_servers.servers import foreign_tools

    async with foreign_tools(settings.mcp_servers, read_specialists(), environ, OPENING_SECONDS) as foreign:
        return foreign.reports


def _of(report: ServerReport) -> Iterator[dict[str, Any]]:
    name = f"MCP server {report.name}"
    if report.state == "down":
        yield _check(name, "warn", report.reason, "start it, or correct its entry; meanwhile its answers are missing")
        return
    others = f'allow more in its "tools": {_list(report.others)}' if report.others else ""
    used = _list(report.used) or "no tool is allowed"
    yield _check(name, "ok" if report.used else "warn", used, others)
    for tool, why in report.refused.items():
        yield _check(f"{name}, {tool}", "warn", f"not used: {why}", 'take it out of "tools", or correct its entry')


def _list(names: tuple[str, ...]) -> str:
    more = len(names) - SHOWN
    return ", ".join(name[:80] for name in names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _check(name: str, status: str, message: str, fix: str) -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "fix": fix}
