"""YAML files that people write: where each value stands, and every mistake as a clause that says what to write instead.

Scalars stay as they are written: an account id keeps its zeros, and 22:00 stays a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, cast

import yaml
from pydantic import BaseModel

from agent.errors import SettingsError

MAX_DEPTH, MAX_VALUES = 20, 200_000
"""Aliases of aliases make a small file a large one."""
_QUOTED = re.compile("'([^']+)'")

Place = tuple[str | int, ...]


class FileMistaken(SettingsError):
    """`mistakes`: a clause without its full stop for each, in the order of the file."""

    def __init__(self, name: str, mistakes: Sequence[str]) -> None:
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        self.found = f"{name} has {count}"
        self.mistakes = tuple(mistakes)
        super().__init__(f"{self.found}: {'; '.join(mistakes)}.")


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


def located(text: str | bytes, name: str) -> tuple[Any, Lines]:
    """Plain values and their lines; an empty file is `{}`. SettingsError for what is no YAML, which calls it `name`."""
    lines = Lines()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return ({} if node is None else _plain(node, (), lines)), lines
    except yaml.YAMLError as error:
        raise SettingsError(f"{name} is no YAML: {_yaml_words(error)}.") from None
    except (ValueError, RecursionError):
        raise SettingsError(
            f"{name} is no YAML that can be read: it is nested too deeply, too large, or no text."
        ) from None


def doubled(lines: Lines) -> list[tuple[int, str]]:
    """(line, clause) of each name that is there twice, of which YAML takes the last without a word."""
    return [(line, f"line {line}: {place[-1]} is there twice") for place, line in lines.doubled]


def in_order(mistakes: list[tuple[int, str]]) -> list[str]:
    """The clauses in the order of the file, each once."""
    return list(dict.fromkeys(text for _, text in sorted(mistakes)))


def clause(place: Place, mistake: Any, model: type[BaseModel], instead: Mapping[str, str]) -> str:
    """One of pydantic's errors for people: `when.severity is 'eror'; write critical, error, warning or info`.

    `place` is within the entry that is named before, `model` the part of the file in which it stands. `instead` has
    what other tools call a name.
    """
    name = ".".join(str(part) for part in place if not isinstance(part, int)) or "it"
    kind, message, given = str(mistake["type"]), str(mistake["msg"]), str(mistake["input"])[:40]
    if kind == "extra_forbidden":
        return _unknown(str(mistake["loc"][-1]), model, instead)
    if kind == "missing":
        return f"{name} is missing"
    if kind in ("enum", "literal_error"):
        *wanted, last = _QUOTED.findall(str(mistake["ctx"]["expected"]))
        return f"{name} is {given!r}; write {', '.join(wanted)} or {last}" if wanted else f"{name}: write {last}"
    if kind in ("tuple_type", "list_type"):
        return f"{name} is {given!r}; write a list, each entry with a dash"
    if kind in ("model_type", "dict_type"):
        return f"{name} is {given!r}; write names with values (`name: value`)"
    words = message.removeprefix("Value error, ")
    return words if name == "it" else f"{name}: {words}"


def _plain(node: yaml.Node, place: Place, lines: Lines) -> Any:
    if len(place) > MAX_DEPTH or len(lines.at) > MAX_VALUES:
        raise ValueError("too much")
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


def _unknown(word: str, model: type[BaseModel], instead: Mapping[str, str]) -> str:
    """A misspelt name, with the one that was meant."""
    known = [entry.alias or name for name, entry in model.model_fields.items()]
    close = [instead[word]] if instead.get(word) in known else get_close_matches(word, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"{word} is not known here; {hint}"
