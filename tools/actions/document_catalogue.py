"""The Systems Manager documents that may be run, from a file that people own.

- document: Shop-RotateLogs
  version: "3"
  kind: automation               # or command
  means: compresses and removes logs that are older than a week
  risk: medium
  target: InstanceId             # the parameter that the instance's id goes into; a command document needs none
  role: watchkeeper-automation   # optional: the role that it works with, if it asks for AutomationAssumeRole
  parameters:
    Directory: {allowed: [/var/log/shop, /var/log/nginx]}
    Days: {pattern: "[1-9][0-9]?", required: false}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator

from agent.errors import SettingsError
from agent.models import Model, Risk

ON_BOARD = Path(__file__).with_name("document_catalogue.yaml")
FREE_TEXT = re.compile(r"^AWS-Run(Shell|PowerShell|Remote|Document|Ansible|Python|Salt)|^AWS-ApplyAnsible|Script$")
"""Documents that run what they are given: with them each value must be on a list."""


class DocumentParameter(Model):
    """One that people may set. A pattern must match the whole value."""

    allowed: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = True

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if bool(self.allowed) == bool(self.pattern):
            raise ValueError("give allowed values or a pattern, one of them")
        return self

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"it is no regular expression ({error})") from None
        return value

    def takes(self, value: str) -> bool:
        return value in self.allowed if self.allowed else re.fullmatch(self.pattern, value) is not None


class KnownDocument(Model):
    document: str = Field(pattern=r"^[A-Za-z0-9_.-]{3,128}$")
    kind: Literal["automation", "command"]
    owner: Literal["Amazon", "Self"] = "Self"
    version: str = Field(default="", pattern=r"^\d{0,9}$", description="Of a document of your own")
    means: str = Field(min_length=1, description="What comes of it, in words: the approval card shows it")
    risk: Risk
    target: str = Field(default="", pattern=r"^\w*$", description="The parameter that the instance's id goes into")
    role: str = Field(
        default="", pattern=r"^(watchkeeper-automation[\w+=,.@-]*)?$", description="Name of the role that it works with"
    )
    parameters: Mapping[str, DocumentParameter] = {}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.owner == "Self" and not self.version:
            raise ValueError("a document of your own needs its version: another one may do something else")
        if bool(self.target) != (self.kind == "automation"):
            raise ValueError("an automation needs the parameter that is its target, and a command has none")
        if self.role and self.kind == "command":
            raise ValueError("only an automation works with a role")
        unbounded = [name for name, each in self.parameters.items() if not each.allowed]
        if FREE_TEXT.search(self.document) and unbounded:
            raise ValueError(f"the document runs what it is given: list what {unbounded[0]} may be")
        if {self.target, "AutomationAssumeRole"} & set(self.parameters):
            raise ValueError("the target and the role are not for people to set")
        return self

    def wrong(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Why these parameters are not what the catalogue allows."""
        unknown = [f"It has no parameter {name}." for name in given if name not in self.parameters]
        absent = [f"It needs {name}." for name, each in self.parameters.items() if each.required and name not in given]
        unfit = [
            f"{name} may not be {value!r}: {_bounds(self.parameters[name])}."
            for name, value in given.items()
            if name in self.parameters and not self.parameters[name].takes(value)
        ]
        return (*unknown, *absent, *unfit)


_Documents = TypeAdapter(tuple[KnownDocument, ...])


def read_documents(path: Path | None = None) -> tuple[KnownDocument, ...]:
    """Those of the file, then those on board. SettingsError that says what is wrong in it."""
    return (*(_read(path) if path else ()), *_read(ON_BOARD))


def _read(path: Path) -> tuple[KnownDocument, ...]:
    try:
        return _parsed(path.read_text(encoding="utf-8"), path)
    except OSError as error:
        raise SettingsError(f"The document catalogue {path} cannot be read ({type(error).__name__}).") from None


@lru_cache(maxsize=8)
def _parsed(text: str, path: Path) -> tuple[KnownDocument, ...]:
    """Once for each edit: every card and every click asks for it."""
    try:
        return _Documents.validate_python(yaml.safe_load(text) or ())
    except yaml.YAMLError as error:
        raise SettingsError(f"The document catalogue {path} cannot be read ({type(error).__name__}).") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"The document catalogue {path} is wrong at {where}: {first['msg']}.") from None


def _bounds(parameter: DocumentParameter) -> str:
    return f"it is one of {', '.join(parameter.allowed)}" if parameter.allowed else f"it must match {parameter.pattern}"
