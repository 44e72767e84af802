"""Statements that nobody wrote for this benchmark: what the installed packages write to their own logs."""

from __future__ import annotations

import ast
import re
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.log_values import Draw

_LOGS = re.compile(r"\blog(?:ger)?\.(?:info|warn|error|debug)")
_METHODS = {"info", "warning", "error", "debug", "critical", "exception"}
_VARIABLE = re.compile(r"\{\w+\}")
MAX_CHARS = 200
SPARE = 2
"""So many times the wanted number is looked for, and drawn from, so that no package is most of it."""


def found_statements(variables: Sequence[str], wanted: int) -> list[str]:
    """Statements with one of the variables drawn for each of theirs. Those that differ only in that are one."""
    draw = Draw(5)
    found: dict[str, str] = {}
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        for statement in _statements(path, lambda: "{" + draw.choice(variables) + "}"):
            found.setdefault(_VARIABLE.sub("", statement), statement)
        if len(found) >= SPARE * wanted:
            break
    return draw.sample(list(found.values()), wanted)


def _statements(path: Path, variable: Callable[[], str]) -> Iterator[str]:
    try:
        source = path.read_text()
        tree = ast.parse(source) if _LOGS.search(source) else ast.Module([], [])
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            text = " ".join(_text(node.args[0], variable).split()) if node.args else ""
            words = re.findall(r"[A-Za-z]{3,}", _VARIABLE.sub("", text))
            if len(words) >= 2 and len(text) < MAX_CHARS:
                yield text


def _text(argument: ast.expr, variable: Callable[[], str]) -> str:
    """The statement of a log call; "" when it is none that can be read from the source."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        text = argument.value
        if "{" in text or not re.fullmatch(r"(?:[^%]|%[sdrif])*", text):
            return ""
        return re.sub(r"%[sr]", lambda _: variable(), re.sub(r"%[dif]", "{n}", text))
    if isinstance(argument, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in argument.values]
        return "" if any("{" in part for part in parts) else "".join(part or variable() for part in parts)
    return ""
