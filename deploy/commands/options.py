"""Options that several commands have, and printing what they made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from agent.errors import InputError
from deploy.showing import json_text

ScenarioOption = Annotated[
    str, typer.Option("--scenario", "-s", help="Let this scenario happen in the simulated account.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
AwsOption = Annotated[str, typer.Option("--aws", help="`simulated` or `real` (it reads with your own credentials).")]


def aws_of(value: str) -> Literal["simulated", "real"]:
    if value == "simulated":
        return "simulated"
    if value == "real":
        return "real"
    raise InputError(f"--aws is either simulated or real, not {value!r}.")


def print_result(as_json: bool, document: Callable[[], Any], show: Callable[[], None]) -> None:
    if as_json:
        sys.stdout.write(json_text(document()) + "\n")
    else:
        show()
