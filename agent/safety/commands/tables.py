"""The allow-list: which commands only read, with which flags. The data is in `data/`; its README says how to add."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

from prompts.loader import YAML

_DATA = Path(__file__).parent / "data"
FILES = ("files", "text", "system", "services", "network", "packages", "git", "containers", "clouds", "databases")
SENT = "what it sends over the network is computed"


class Rule(BaseModel):
    """What a command, or a subcommand of it, may be given and still only read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flags: Literal["any"] | frozenset[str] = "any"
    """All that it has (`any`), or a list; `--name=` takes a value, `-#` is a number as in `head -20`."""
    never: frozenset[str] = frozenset()
    """Flags that write or execute, where `flags` is `any`; an abbreviation of one counts."""
    values: frozenset[str] = frozenset()
    """Flags that take the next word as their value, where `flags` is `any`."""
    needs: frozenset[str] = frozenset()
    """At least one of these must be given (`tar -t`)."""
    operands: Literal["any", "none"] | int | tuple[str, ...] = "any"
    """Any, none, so many at most, or only such as match one of these globs."""
    subcommands: dict[str, Rule] = {}
    alone: bool = False
    """Whether it only reads without a subcommand too, where it has subcommands."""
    words: bool = False
    """Whether a flag of one dash is one word (`-json`), not a row of letters."""
    sends: bool = False
    """Whether its words leave the machine, as a name that is looked up does: then none of them may be computed."""
    check: str = ""
    """The name of a further check in code."""
    contents: bool = False
    """Whether it prints what is in the files that it is given."""

    @property
    def never_here(self) -> frozenset[str]:
        """`never`, and that of all subcommands: before the subcommand its flags are read as well."""
        return self.never.union(*(each.never_here for each in self.subcommands.values()))

    @field_validator("flags", "never", "values", "needs", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return frozenset(value.split()) if isinstance(value, str) and value != "any" else value

    @field_validator("operands", mode="before")
    @classmethod
    def _globs(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) and value not in ("any", "none") else value

    @field_validator("subcommands", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return spread(value)


class Wrapper(BaseModel):
    """A command that runs another one, which is judged in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flags: frozenset[str] = frozenset()
    """What it may be given; `-u=` takes a value. Anything else makes it approval."""
    operands: int = 0
    """How many words come before the command (`timeout 5 ls`)."""
    at_best: Literal["auto", "approval"] = "approval"
    text: bool = False
    """Whether its words are joined and read by a shell once more (`watch`, `ssh`)."""
    fed: bool = False
    """Whether it adds words that it reads from its input (`xargs`)."""

    @field_validator("flags", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return frozenset(value.split()) if isinstance(value, str) else value


def spread(entries: dict[str, Any] | None) -> dict[str, Any]:
    """`a|b: {...}` as two entries; an entry that says nothing allows everything."""
    return {name: entry or {} for names, entry in (entries or {}).items() for name in str(names).split("|")}


@cache
def read_yaml(name: str) -> Any:
    """One file of the data, read once."""
    return yaml.load((_DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=YAML)  # noqa: S506 - a safe loader


@cache
def allowed() -> dict[str, Rule]:
    """The rule of every bash command on the allow-list."""
    rules: dict[str, Rule] = {}
    for file in FILES:
        for name, entry in spread(read_yaml(file)).items():
            if name in rules:
                raise ValueError(f"{name} is in the allow-list twice; the second time in {file}.yaml")
            rules[name] = Rule.model_validate(entry)
    return rules


@cache
def wrappers() -> dict[str, Wrapper]:
    return {name: Wrapper.model_validate(entry) for name, entry in spread(read_yaml("wrappers")).items()}


@cache
def word_list(name: str) -> frozenset[str]:
    """A list of words in `lists.yaml`."""
    return frozenset(str(each) for each in str(read_yaml("lists")[name]).split())
