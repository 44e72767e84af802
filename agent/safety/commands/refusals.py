"""Patterns of what is never run, and of what a person has to know of before. They only ever make a verdict stricter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from agent.safety.commands.tables import read_yaml
from agent.safety.commands.verdict import Verdict, approval, refusal


@dataclass(frozen=True, slots=True)
class Pattern:
    names: tuple[str, ...]
    when: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    verdict: Verdict
    replaces: bool = False
    """Whether it is only meant of what replaces a file, and not of what is added to its end."""

    def meets(self, text: str) -> bool:
        return all(each.search(text) for each in self.when) and not (self.unless and self.unless.search(text))


@dataclass(frozen=True, slots=True)
class Refusals:
    commands: tuple[Pattern, ...]
    writes: tuple[Pattern, ...]
    text: tuple[Pattern, ...]

    def of_command(self, name: str, arguments: Sequence[str]) -> list[Verdict]:
        joined = " ".join(arguments)
        return [
            each.verdict
            for each in self.commands
            if any(fnmatchcase(name, glob) for glob in each.names) and each.meets(joined)
        ]

    def of_write(self, path: str, appended: bool = False) -> list[Verdict]:
        return [each.verdict for each in self.writes if not (appended and each.replaces) and each.meets(path)]

    def of_text(self, text: str) -> list[Verdict]:
        return [each.verdict for each in self.text if each.meets(text)]


@cache
def refusals(shell: str) -> Refusals:
    """The patterns of `refuse_<shell>.yaml`."""
    data = read_yaml(f"refuse_{shell}")
    flags = re.IGNORECASE if shell == "windows" else 0
    return Refusals(*(_patterns(data.get(kind) or [], flags) for kind in ("commands", "writes", "text")))


def _patterns(rows: list[dict[str, Any]], flags: int) -> tuple[Pattern, ...]:
    return tuple(
        Pattern(
            tuple(str(row.get("names", "*")).split()),
            tuple(re.compile(each, flags) for each in row.get("when", [])),
            re.compile(row["unless"], flags) if row.get("unless") else None,
            (approval if row.get("ask") else refusal)(str(row["reason"])),
            bool(row.get("replaces")),
        )
        for row in rows
    )
