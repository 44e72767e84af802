"""The file of questions: what is asked, in which state of the account, and what is expected of each answer.

    questions:
      - id: lambda-bill
        scenarios: [lambda-cost-spike]
        turns:
          - text: why did lambda get so expensive?
            kind: question
            specialists: {ask: [cost], spare: [airflow]}
            facts: ["thumbnailer"]

Several turns are one thread.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, get_args

from pydantic import AfterValidator, Field, ValidationError

from agent.errors import InputError, SettingsError
from agent.located_yaml import located
from agent.models import AnswerKind, Model
from deploy.local.account import scenario_names

TIME = re.compile(r"\{(?:time|date|epoch):[^{}]*\}")


def _pattern(text: str) -> str:
    """A regular expression, in which `{time:-2d|%d %b}` may stand for a time of the scenario."""
    try:
        re.compile(TIME.sub("0", text))
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression ({error})") from None
    return text


def _kinds(text: str) -> str:
    if unknown := set(text.split("|")) - set(get_args(AnswerKind)):
        raise ValueError(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(get_args(AnswerKind))}")
    return text


def _scenario(name: str) -> str:
    if name not in scenario_names():
        raise ValueError(f"there is no scenario {name!r}; there are {', '.join(scenario_names())}")
    return name


Pattern = Annotated[str, AfterValidator(_pattern)]


class Expected(Model):
    """Who must look into a question and who must not."""

    ask: tuple[str, ...] = Field(default=(), description="each of these; `infra|logs` is one of the two")
    spare: tuple[str, ...] = ()


class Turn(Model):
    """One message of a person, and what is expected of its answer."""

    text: str = Field(min_length=1)
    kind: Annotated[str, AfterValidator(_kinds)] = Field(description="one or more of the answer's kinds, as in `a|b`")
    specialists: Expected = Expected()
    facts: tuple[Pattern, ...] = Field(default=(), description="each must match what a person reads")
    forbidden: tuple[Pattern, ...] = ()


class Entry(Model):
    """One question, or one thread of them."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    scenarios: tuple[Annotated[str, AfterValidator(_scenario)], ...] = ()
    held_out: bool = Field(default=False, description="Nothing is tuned for it; it is counted apart")
    turns: tuple[Turn, ...] = Field(min_length=1)


class _File(Model):
    questions: tuple[Entry, ...] = Field(min_length=1)


def read_questions(path: Path) -> tuple[Entry, ...]:
    """The entries of a file. Raises InputError with one sentence that says what to mend."""
    try:
        content, _ = located(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except SettingsError as error:
        raise InputError(str(error)) from None
    try:
        entries = _File.model_validate(content).questions
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its top level"
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise InputError(f"{path} is wrong at {where}: {reason}.") from None
    ids = [entry.id for entry in entries]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise InputError(f"{path} has two questions with the id {twice[0]}.")
    return entries
