"""Reads a rules file. Every mistake in it is told at once, with its line and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, ValidationError

from agent.alert_rules.conditions import When
from agent.alert_rules.document import Document, Maintenance, Rule, Then
from agent.alert_rules.schedule import Week
from agent.errors import SettingsError

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 20
_QUOTED = re.compile("'([^']+)'")
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

Place = tuple[str | int, ...]


@dataclass
class Lines:
    """Where in the file each value stands, by its path; and what YAML itself says nothing about."""

    at: dict[Place, int] = field(default_factory=dict[Place, int])
    doubled: list[tuple[Place, int]] = field(default_factory=list[tuple[Place, int]])

    def line(self, place: Place) -> int:
        """Of a value, or of the nearest thing around it."""
        while place and place not in self.at:
            place = place[:-1]
        return self.at.get(place, 1)


class RulesMistaken(SettingsError):
    """`mistakes`: a sentence without its full stop for each, in the order of the file."""

    def __init__(self, name: str, mistakes: Sequence[str]) -> None:
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        self.found = f"{name} has {count}"
        self.mistakes = tuple(mistakes)
        super().__init__(f"{self.found}: {'; '.join(mistakes)}.")


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
    lines = Lines()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = {} if node is None else _plain(node, (), lines)
    except yaml.YAMLError as error:
        raise SettingsError(f"{name} is no YAML: {_yaml_words(error)}.") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{name} is no YAML that can be read: it is nested too deeply, or no text.") from None
    mistakes = [(line, f"line {line}: {place[-1]} is there twice") for place, line in lines.doubled]
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
    raise RulesMistaken(name, list(dict.fromkeys(text for _, text in sorted(mistakes))))


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


def _plain(node: yaml.Node, place: Place, lines: Lines) -> Any:
    """Plain values, scalars as they are written: an account id keeps its zeros, and 22:00 stays a time."""
    if len(place) > MAX_DEPTH:
        raise ValueError("too deep")
    lines.at.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, number), lines) for number, item in enumerate(node.value)]
    text = str(cast("object", node.value))
    return None if node.tag == "tag:yaml.org,2002:null" else text


def _mapping(node: yaml.MappingNode, place: Place, lines: Lines) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in node.value:
        name, line = str(key.value), int(key.start_mark.line) + 1
        if name in found:
            lines.doubled.append(((*place, name), line))
        lines.at[(*place, name)] = line
        found[name] = _plain(item, (*place, name), lines)
    return found


def _yaml_words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _mistakes(error: ValidationError, value: Any, lines: Lines) -> Iterator[tuple[int, str]]:
    """(line, sentence)."""
    for mistake in error.errors():
        place: Place = tuple(mistake["loc"])
        line, named = lines.line(place), _owner(place, value)
        where = f"line {line}, {named}" if named else f"line {line}"
        yield line, f"{where}: {_said(place, cast('dict[str, Any]', mistake))}"


def _owner(place: Place, value: Any) -> str:
    """`rule “staging is quiet”`, of a mistake in it."""
    kind = {"rules": "rule", "maintenance": "window"}.get(str(place[0]) if place else "", "")
    if not kind or len(place) < 2:
        return ""
    entry = value[place[0]][place[1]]
    name = str(cast("dict[str, Any]", entry).get("name") or "") if isinstance(entry, dict) else ""
    return f"{kind} “{name}”" if name else f"{kind} {int(place[1]) + 1}"


def _said(place: Place, mistake: dict[str, Any]) -> str:
    inner = place[2:] if len(place) > 1 and place[0] in ("rules", "maintenance") else place
    name = ".".join(str(part) for part in inner if not isinstance(part, int)) or ("it" if place else "the file")
    kind, message = str(mistake["type"]), str(mistake["msg"])
    if kind == "extra_forbidden":
        return _unknown(place)
    if kind == "missing":
        return f"{name} is missing"
    if kind in ("enum", "literal_error"):
        *wanted, last = _QUOTED.findall(str(mistake["ctx"]["expected"]))
        return f"{name} is {str(mistake['input'])[:40]!r}; write {', '.join(wanted)} or {last}"
    if kind in ("model_type", "dict_type", "tuple_type", "list_type"):
        return f"{name} is {str(mistake['input'])[:40]!r}; write {_shape(kind)}"
    words = message.removeprefix("Value error, ")
    return words if name == "it" else f"{name}: {words}"


def _shape(kind: str) -> str:
    if kind in ("tuple_type", "list_type"):
        return "a list, each entry with a dash"
    return "names with values (`name: value`)"


def _unknown(place: Place) -> str:
    """A misspelt name, with the one that was meant."""
    word = str(place[-1]) if place else ""
    known = [field.alias or name for name, field in _model_at(place).model_fields.items()]
    close = [INSTEAD[word]] if INSTEAD.get(word) in known else get_close_matches(word, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"{word} is not known here; {hint}"


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
