"""docs/security.md promises nothing that no test shows."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_BEGIN, _END = "## What is guaranteed, whatever a model does", "## Where secrets are"
ROWS = [line for line in DOCUMENT.split(_BEGIN)[1].split(_END)[0].splitlines() if line.startswith("| ")][1:]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions_of(path: Path) -> set[str]:
    """Functions that pytest collects, those of state machines too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in functions if name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.strip("| ").partition(" |")[0][:60])
def test_each_guarantee_names_tests_that_exist(row: str) -> None:
    named = _TEST.findall(row)
    assert named, "a guarantee without a test is a hope"
    assert row.count("`tests/") == len(named)
    for path, name in named:
        assert name in functions_of(ROOT / path), f"{path} has no {name}"


def test_there_are_guarantees() -> None:
    assert len(ROWS) >= 25


def test_links_lead_to_documents_that_are_there() -> None:
    linked = re.findall(r"\]\(([\w-]+\.md)(?:#[\w-]+)?\)", DOCUMENT)
    assert [name for name in linked if not (ROOT / "docs" / name).exists()] == []
