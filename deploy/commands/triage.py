"""`watchkeeper triage explain | check`: what the rules make of an alert, and whether a rules file is right."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import InputError
from agent.times import parse_time
from deploy.commands.options import JsonOption, print_result

app = typer.Typer(help="What becomes of alerts before a model sees them.", no_args_is_help=True)

RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="A rules file to try instead of WATCHKEEPER_ALERT_RULES.")
]


@app.command()
def explain(
    file: Annotated[str, typer.Argument(help="A file with the alert's payload, or - for stdin.")] = "-",
    channel: Annotated[str, typer.Option(help="The Slack channel that it is posted in; none for a webhook.")] = "",
    at: Annotated[str, typer.Option(help="When it comes: ISO 8601, or an offset such as -2h.")] = "now",
    rules: RulesOption = None,
    json_output: JsonOption = False,
) -> None:
    """Say which rule decides on an alert, why none above it does, where it is told and what it is grouped with."""
    from agent.settings import Settings
    from deploy.explaining import explained, print_explained
    from deploy.payloads import read_payload

    settings = Settings.read(**({"alert_rules": rules} if rules else {}))
    told = explained(read_payload(file), settings, channel.removeprefix("#"), _moment(at))
    print_result(json_output, lambda: told, lambda: print_explained(told))


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="The rules file; WATCHKEEPER_ALERT_RULES if none is given.")
    ] = None,
) -> None:
    """Check a rules file: every mistake with its line; exit code 2 if there is one."""
    from agent.alert_rules import RulesMistaken, read_rules
    from agent.settings import Settings
    from deploy.explaining import described, not_checked

    settings = Settings.read()
    path = file or settings.alert_rules
    if path is None:
        raise InputError("There is no rules file: name one, or set WATCHKEEPER_ALERT_RULES.")
    try:
        rules = read_rules(path)
    except RulesMistaken as error:
        raise InputError("\n  ".join([f"{error.found}:", *error.mistakes])) from None
    sys.stdout.write("\n  ".join([f"{path}: {described(rules)}", *not_checked(rules, settings)]) + "\n")


def _moment(at: str) -> datetime:
    try:
        return parse_time(at, datetime.now(UTC))
    except ValueError as error:
        raise InputError(f"--at: {error}") from None
