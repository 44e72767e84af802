"""What the account's resources are, how they are configured, and which of them feed themselves."""

from __future__ import annotations

from langchain_core.tools import BaseTool

from tools.evidence.infra import loops, resources

TOOLS: tuple[BaseTool, ...] = (*resources.TOOLS, *loops.TOOLS)
