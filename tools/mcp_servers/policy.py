"""Which of a foreign server's tools may be used at all."""

from __future__ import annotations

import json

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator
from mcp.types import Tool

from agent.errors import WatchkeeperError
from agent.mcp_server import McpServer

MAX_SCHEMA_CHARS = 6000
RESERVED = "runtime"
"""LangGraph fills in a parameter of this name by itself."""


class Refused(WatchkeeperError):
    """The tool may not be used."""


def permitted(server: McpServer, name: str, tool: Tool | None) -> Tool:
    """The tool, or Refused with the reason."""
    why = refusal(server, name, tool)
    if tool is None or why:
        raise Refused(f"The tool {name} of the MCP server {server.name} is not used: {why}.")
    return tool


def refusal(server: McpServer, name: str, tool: Tool | None) -> str:
    """Why a tool is not used, in one clause; "" when it is.

    What a server says of its own tools can only make us more careful. A tool that says it writes is refused, and no
    setting changes that; one that says nothing, which MCP reads as "writes", needs a person's word.
    """
    if name not in server.tools:
        return "it is not on the allow-list"
    if tool is None:
        return "the server has no such tool"
    said = tool.annotations
    if said is not None and (said.readOnlyHint is False or said.destructiveHint):
        return "the server says that it changes things"
    if (said is None or said.readOnlyHint is None) and name not in server.trust:
        return 'the server does not say whether it only reads; if you know that it does, add it to "trust"'
    if RESERVED in tool.inputSchema.get("properties", {}):
        return f"it has a parameter called {RESERVED}"
    if len(json.dumps(tool.inputSchema)) > MAX_SCHEMA_CHARS:
        return f"its input schema is longer than {MAX_SCHEMA_CHARS} characters"
    return "" if _takes_an_object(tool) else "its input schema is no JSON schema of an object"


def _takes_an_object(tool: Tool) -> bool:
    """A model's provider would refuse the whole request for one schema that is wrong."""
    try:
        Draft202012Validator.check_schema(tool.inputSchema)
    except SchemaError:
        return False
    return tool.inputSchema.get("type", "object") == "object"
