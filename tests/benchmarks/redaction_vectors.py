"""Reads vectors of secret scanners: JSON lines, CSV, Go rule files in the manner of gitleaks, and folders of texts.

- `*.jsonl`: `{"text": …, "secrets": […]}`, `{"line": …, "secret": …}` or `{"input": …, "expected_redacted": true}`;
  `kind` may name the kind.
- `*.csv`: columns `text` or `line`, and `secret` or `label` (1, true, secret, T: it holds one).
- `*.go`: the strings that are written out in `tps := …` and `fps := …`. What helpers make at run time is left out.
- `positive/` and `negative/`: one text a file.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

TRUE = {"1", "true", "t", "yes", "y", "secret", "positive"}
GO_STRING = re.compile(r'`([^`]*)`|"((?:[^"\\\n]|\\.)*)"|(//[^\n]*)')
GO_LIST = re.compile(r"\b(tps|fps)\s*(?::?=|=\s*append\()[^{(\n]*(?:\{|\()", re.IGNORECASE)
GO_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class Vector(NamedTuple):
    """A text and the secrets in it. `secret` without `secrets`: it holds one, and nobody says which."""

    kind: str
    text: str
    secret: bool
    secrets: tuple[str, ...] = ()

    def is_hidden_in(self, redacted: str) -> bool:
        """Whether none of the secrets is left; when they are not named, whether anything went."""
        return not any(secret in redacted for secret in self.secrets) if self.secrets else redacted != self.text


def read_vectors(folder: Path) -> list[Vector]:
    """All vectors under a folder."""
    return [vector for path in sorted(folder.rglob("*")) if path.is_file() for vector in _of_file(path)]


def _of_file(path: Path) -> Iterable[Vector]:
    if path.parent.name in ("positive", "negative"):
        return [Vector(path.stem, path.read_text("utf-8", "replace"), path.parent.name == "positive")]
    readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv, ".go": _go}
    reader = readers.get(path.suffix)
    return reader(path) if reader else ()


def _json_lines(path: Path) -> Iterator[Vector]:
    for line in path.read_text("utf-8", "replace").splitlines():
        if line.strip():
            yield _of_row(path.stem, json.loads(line))


def _csv(path: Path) -> Iterator[Vector]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        yield from (_of_row(path.stem, row) for row in csv.DictReader(file))


def _of_row(kind: str, row: Mapping[str, Any]) -> Vector:
    text = str(row.get("text") or row.get("line") or row.get("input") or "")
    named = row.get("secrets") or ([row["secret"]] if row.get("secret") else [])
    secrets = tuple(str(each) for each in named if str(each) in text)
    label = row.get("expected_redacted", row.get("label"))
    holds = bool(secrets) if label is None else str(label).strip().lower() in TRUE
    return Vector(str(row.get("kind") or row.get("rule") or row.get("type") or kind), text, holds, secrets)


def _go(path: Path) -> Iterator[Vector]:
    source = path.read_text("utf-8", "replace")
    for found in GO_LIST.finditer(source):
        for text in _literals(source, found.end()):
            yield Vector(path.stem, text, found.group(1).lower() == "tps")


def _literals(source: str, start: int) -> Iterator[str]:
    """The elements of a Go list that are one literal and nothing else, up to the list's closing bracket."""
    depth, at, element, plain = 1, start, list[str](), True
    while depth and at < len(source):
        string = GO_STRING.match(source, at)
        character = source[at]
        if string:
            if string.group(3) is None:
                element.append(string.group(1) if string.group(1) is not None else _unescaped(string.group(2)))
            at = string.end()
            continue
        depth += (character in "{([") - (character in "})]")
        ends = character == "," and depth == 1
        plain = plain and (ends or character.isspace() or depth == 0)
        if (ends or depth == 0) and plain and len(element) == 1:
            yield element[0]
        if ends:
            element, plain = [], True
        at += 1


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: GO_ESCAPES.get(found.group(1), found.group(0)), text)
