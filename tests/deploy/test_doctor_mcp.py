"""The doctor's look at foreign MCP servers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from agent.settings import Settings
from deploy.doctor_mcp import check_mcp

PEER = Path(__file__).parents[1] / "tools" / "mcp_servers" / "peer.py"


def checks(**fields: Any) -> dict[str, dict[str, Any]]:
    server = {"name": "peer", "transport": "stdio", "command": sys.executable, "args": [str(PEER), "stdio"]}
    settings = Settings.read(mcp_servers=[{**server, "specialists": ["infra"], **fields}])
    return {check["name"]: check for check in check_mcp(settings, os.environ)}


def test_without_servers_there_is_nothing_to_say() -> None:
    assert list(check_mcp(Settings.read(), os.environ)) == []


def test_a_server_is_listed_with_the_tools_that_are_used_and_why_others_are_not() -> None:
    found = checks(tools=["panels", "delete_everything"])
    assert (found["MCP server peer"]["status"], found["MCP server peer"]["message"]) == ("ok", "mcp_peer_panels")
    assert "slow" in found["MCP server peer"]["fix"]
    refused = found["MCP server peer, delete_everything"]
    assert (refused["status"], refused["message"]) == ("warn", "not used: the server says that it changes things")


def test_a_server_that_is_down_is_said_to_be() -> None:
    found = checks(command="no-such-program", tools=["panels"])
    assert found["MCP server peer"]["status"] == "warn"
    assert "its command was not found" in found["MCP server peer"]["message"]


def test_a_specialist_that_does_not_exist_is_a_failure() -> None:
    assert checks(specialists=["nobody"])["MCP servers"]["status"] == "fail"
