"""Reads the Markdown files of this room: front matter in YAML, then text in Jinja. An undefined name is an error."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

import yaml
from jinja2 import Environment, StrictUndefined, Template, TemplateError

HERE = Path(__file__).parent
YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader: the one in C, where there is one, takes a tenth of the time."""
_JINJA = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 -- the output is plain text for a model, not HTML


class PromptFileError(ValueError):
    """A prompt file is wrong; the message names the file."""


@dataclass(frozen=True)
class Prompt:
    """One prompt file. `version` and `hash` go into every diagnosis that it led to."""

    name: str
    version: str
    hash: str
    meta: dict[str, Any]
    text: str

    def render(self, **names: object) -> str:
        return fill(self.text, self.name, **names)


def fill(template: str, where: str, **names: object) -> str:
    """Jinja text with names filled in; a name that is missing is an error that says `where`."""
    try:
        return _compiled(template).render(**names).strip()
    except TemplateError as error:
        raise PromptFileError(f"{where}: {error}") from error


@lru_cache(maxsize=1000)
def _compiled(template: str) -> Template:
    """Compiling takes milliseconds, rendering hardly any; prompts and runbooks are a few hundred texts."""
    return _JINJA.from_string(template)


@cache
def load(name: str) -> Prompt:
    """`load("supervisor")` or `load("specialists/cost")`."""
    return read(HERE / f"{name}.md")


def load_all(folder: str) -> list[Prompt]:
    """Every prompt of a folder, by name: `load_all("runbooks")`."""
    return [*_all(folder)]


@cache
def _all(folder: str) -> tuple[Prompt, ...]:
    return tuple(read(path) for path in sorted((HERE / folder).glob("*.md")))


def read(path: Path) -> Prompt:
    """One file with front matter between two `---` lines."""
    raw = path.read_text(encoding="utf-8")
    parts = raw.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PromptFileError(f"{path.name}: it needs front matter between two lines of ---")
    try:
        loaded = yaml.load(parts[1], Loader=YAML)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise PromptFileError(f"{path.name}: the front matter is not YAML ({error})") from error
    meta = cast("dict[str, Any]", loaded if isinstance(loaded, dict) else {})
    if "name" not in meta or "version" not in meta:
        raise PromptFileError(f"{path.name}: the front matter needs name and version")
    digest = hashlib.sha256(raw.encode()).hexdigest()[:12]
    return Prompt(str(meta["name"]), str(meta["version"]), digest, meta, parts[2].strip())
