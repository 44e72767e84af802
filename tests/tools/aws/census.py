"""Every AWS call that stands in the source of the evidence tools."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TOOLS = Path(__file__).parents[3] / "tools" / "evidence"
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
