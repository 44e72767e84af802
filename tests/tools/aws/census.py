"""Every AWS call that stands in the source of the evidence tools, and what actions may call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TOOLS = Path(__file__).parents[3] / "tools" / "evidence"
ACTIONS = Path(__file__).parents[3] / "tools" / "actions"
METHODS = frozenset({"call", "poll", "pages", "end"})


def calls_in_source() -> Iterator[tuple[str, ast.Call]]:
    """(where, call) of each `look.call(...)`, `look.poll(...)` and `look.pages(...)`."""
    for path in sorted(TOOLS.rglob("*.py")):
        if path.name == "look.py":  # it defines them
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                receiver = ast.unparse(node.func.value)
                if receiver.split(".")[-1].lstrip("_") == "look":
                    yield f"{path.relative_to(TOOLS)}:{node.lineno}", node


def clients_in_source() -> Iterator[str]:
    """Where a tool takes a client for itself, past the counting."""
    for path in sorted(TOOLS.rglob("*.py")):
        if path.name == "look.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("aws.client"):
                yield f"{path.relative_to(TOOLS)}:{node.lineno}"


def operations_of_actions() -> set[tuple[str, str]]:
    """(service, method) for each method that a file calls which takes a client, or a paginator, of that service."""
    found: set[tuple[str, str]] = set()
    for path in sorted(ACTIONS.rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        named = [call for call in calls if isinstance(call.func, ast.Attribute)]
        services = {_first_text(call) for call in named if call.func.attr == "client"}  # type: ignore[attr-defined]
        methods = {call.func.attr for call in named}  # type: ignore[attr-defined]
        pages = {_first_text(call) for call in named if call.func.attr == "get_paginator"}  # type: ignore[attr-defined]
        found |= {(service, method) for service in services for method in methods | pages}
    return found


def _first_text(call: ast.Call) -> str:
    return str(call.args[0].value) if call.args and isinstance(call.args[0], ast.Constant) else ""
