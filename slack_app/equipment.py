"""The specialists with all their tools: those on board, and those of the MCP servers that the settings name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from langchain_core.tools import BaseTool

from agent.errors import SettingsError
from agent.settings import Settings
from agent.specialists import Specialist


@asynccontextmanager
async def equipped(
    settings: Settings, specialists: Sequence[Specialist], tools: Mapping[str, BaseTool], environ: Mapping[str, str]
) -> AsyncGenerator[tuple[Sequence[Specialist], Mapping[str, BaseTool]]]:
    """Specialists and tools; foreign servers stay connected while the context is open."""
    if not settings.mcp_servers:
        yield specialists, tools
        return
    try:
        from tools.mcp_servers.servers import foreign_tools
    except ImportError:
        how = "in Watchkeeper's folder, run: pip install -e '.[mcp]'"
        raise SettingsError(f"WATCHKEEPER_MCP_SERVERS needs a library; {how}") from None
    async with foreign_tools(settings.mcp_servers, specialists, environ) as foreign:
        yield foreign.given_to(specialists), {**tools, **foreign.tools}
