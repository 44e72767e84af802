"""What a call of any evidence tool tells around its looking, whoever is asked: AWS, or a foreign MCP server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.tools import ToolRuntime

from agent.evidence_text import render
from agent.models import Evidence


async def reported(
    runtime: ToolRuntime[Any, Any], tool: str, question: str, gather: Callable[[], Awaitable[Evidence]]
) -> tuple[str, dict[str, Any]]:
    """The text that a model reads and the evidence itself; the run's progress hears of the start and of the end."""
    runtime.stream_writer({"kind": "tool_started", "tool": tool, "question": question})
    evidence = await gather()
    plain = evidence.model_dump(mode="json")
    runtime.stream_writer({"kind": "evidence", "evidence": plain})
    return render(evidence), plain
