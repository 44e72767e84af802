"""Reads a rules file. Every mistake in it is told at once, with its line and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from agent.alert_rules.conditions import When
from agent.alert_rules.document import Document, Maintenance, Rule, Then
from agent.alert_rules.schedule import Week
from agent.errors import SettingsError
from agent.located_yaml import FileMistaken, Lines, Place, clause, doubled, in_order, located

MAX_FILE_BYTES = 1_000_000
INSTEAD = {
    "labels": "tags",
    "label": "tags",
    "tag": "tags",
    "timezone": "zone",
    "tz": "zone",
    "action": "treatment",
    "hours": "time",
    "weekdays": "days",
    "min_severity": "at_least",
}
"""What other tools call it."""


class RulesMistaken(FileMistaken):
    """Every mistake of a rules file."""


@dataclass(frozen=True)
class Read:
    """A valid file, and the line at which each rule and each window begins."""

    document: Document
    rule_lines: tuple[int, ...]
    window_lines: tuple[int, ...]


def read_document(path: Path) -> Read:
    """SettingsError with every mistake."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The rules file {path} cannot be read ({error.strerror}).") from None
    if len(text) > MAX_FILE_BYTES:
        raise SettingsError(f"The rules file {path} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    return parse_document(text, str(path))


def parse_document(text: str | bytes, name: str) -> Read:
    """As `read_document`, of a text; `name` is what its mistakes call it."""
    value, lines = located(text, name)
    mistakes = doubled(lines)
    try:
        document = Document.model_validate(value)
    except ValidationError as error:
        mistakes += _mistakes(error, value, lines)
    else:
        mistakes += _same_names("rules", "rule", document.rules, lines)
        mistakes += _same_names("maintenance", "window", document.maintenance, lines)
        if not mistakes:
            rules = _begins("rules", len(document.rules), lines)
            return Read(document, rules, _begins("maintenance", len(document.maintenance), lines))
    raise RulesMistaken(name, in_order(mistakes))


def _same_names(part: str, kind: str, entries: Sequence[Rule | Maintenance], lines: Lines) -> Iterator[tuple[int, str]]:
    """An alert's message says by its name which rule decided."""
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        line = lines.line((part, number))
        above = first.setdefault(entry.name, line)
        if entry.name and above != line:
            yield line, f"line {line}, {kind} “{entry.name}”: the {kind} at line {above} has this name, too"


def _begins(part: str, entries: int, lines: Lines) -> tuple[int, ...]:
    return tuple(lines.line((part, number)) for number in range(entries))


def _mistakes(error: ValidationError, value: Any, lines: Lines) -> Iterator[tuple[int, str]]:
    """(line, sentence)."""
    for mistake in error.errors():
        place: Place = tuple(mistake["loc"])
        line, named = lines.line(place), _owner(place, value)
        where = f"line {line}, {named}" if named else f"line {line}"
        yield line, f"{where}: {_said(place, mistake)}"


def _owner(place: Place, value: Any) -> str:
    """`rule “staging is quiet”`, of a mistake in it."""
    kind = {"rules": "rule", "maintenance": "window"}.get(str(place[0]) if place else "", "")
    if not kind or len(place) < 2:
        return ""
    entry = value[place[0]][place[1]]
    name = str(cast("dict[str, Any]", entry).get("name") or "") if isinstance(entry, dict) else ""
    return f"{kind} “{name}”" if name else f"{kind} {int(place[1]) + 1}"


def _said(place: Place, mistake: Any) -> str:
    if not place:
        return clause(("the file",), mistake, Document, INSTEAD)
    inner = place[2:] if len(place) > 1 and place[0] in ("rules", "maintenance") else place
    return clause(inner, mistake, _model_at(place), INSTEAD)


def _model_at(place: Place) -> type[BaseModel]:
    """Which part of the file a name stands in."""
    return next((PARTS[part] for part in reversed(place[:-1]) if part in PARTS), Document)


PARTS: dict[str | int, type[BaseModel]] = {
    "rules": Rule,
    "maintenance": Maintenance,
    "when": When,
    "unless": When,
    "then": Then,
    "weekly": Week,
    "business_hours": Week,
}
