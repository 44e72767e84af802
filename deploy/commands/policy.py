"""`watchkeeper policy check | explain`: whether a policy file is right, and what it says of an action."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.errors import InputError
from agent.models import Risk, Severity
from agent.safety.policy import ActionPolicy, PolicyRequest, Ruling
from agent.times import parse_time
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

app = typer.Typer(help="Who may approve which change, and what may run by itself.", no_args_is_help=True)


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="The policy file; WATCHKEEPER_ACTION_POLICY if none is given.")
    ] = None,
) -> None:
    """Check a policy file: every mistake with its line; exit code 2 if there is one."""
    from agent.settings import Settings
    from deploy.doctor_policy import described

    settings = Settings.read()
    path = file or settings.action_policy
    if path is None:
        raise InputError("There is no policy file: name one, or set WATCHKEEPER_ACTION_POLICY.")
    sys.stdout.write(f"{path}: {described(_policy(path, settings.approvers))}\n")


@app.command()
def explain(
    action: Annotated[str, typer.Argument(help="Its kind, such as lambda_rollback.")],
    target: Annotated[str, typer.Option(help="Id of the resource.")] = "",
    account: Annotated[str, typer.Option(help="Its account; nobody knows it if empty.")] = "",
    region: Annotated[str, typer.Option(help="Its region.")] = "",
    environment: Annotated[str, typer.Option(help="Its environment, such as prod.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="One of its tags, env=prod; may be repeated.")] = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help="Of the diagnosis.")] = 0.9,
    risk: Annotated[str, typer.Option(help="low, medium or high; that of the kind if empty.")] = "",
    severity: Annotated[str, typer.Option(help="Of the incident.")] = "error",
    affected: Annotated[int, typer.Option(min=0, help="How many resources it touches.")] = 1,
    usd_month: Annotated[float, typer.Option(help="What it costs more in a month.")] = 0.0,
    requester: Annotated[str, typer.Option(help="Who asks for it: a user's id; else Watchkeeper.")] = "",
    at: Annotated[str, typer.Option(help="When: ISO 8601, or an offset such as +2h.")] = "now",
    file: Annotated[
        Path | None, typer.Option("--policy", help="A policy file to try instead of WATCHKEEPER_ACTION_POLICY.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Say whether an action would be refused, asked or run by itself; who may approve it, how many, and why."""
    from agent.settings import Settings
    from deploy.policy_cases import supposed

    settings = Settings.read()
    policy = _policy(file or settings.action_policy, settings.approvers, settings.kill_switch)
    request = supposed(
        action,
        target={"id": target, "account": account, "region": region},
        tags=_tags(tag or ()),
        risk=_one_of(Risk, risk, "--risk") if risk else None,
        affected=affected,
        usd_month=usd_month,
        severity=_one_of(Severity, severity, "--severity"),
        confidence=confidence,
        environment=environment,
        requester=requester,
        now=_moment(at),
    )
    ruling = policy.rule(request)
    print_result(json_output, lambda: ruling.model_dump(mode="json"), lambda: _print(request, ruling))


def _policy(path: Path | None, approvers: Sequence[str], kill_switch: bool = False) -> ActionPolicy:
    """Every mistake on a line of its own."""
    from agent.safety.policy import PolicyError, read_policy

    try:
        return read_policy(path, approvers, kill_switch)
    except PolicyError as error:
        raise InputError("\n  ".join([f"{error.found}:", *error.mistakes])) from None


def _print(request: PolicyRequest, ruling: Ruling) -> None:
    says = {"refuse": "is refused", "ask": "needs approval", "by_itself": "runs by itself"}[ruling.decision]
    lines = [f"{request.action.type} {says} (by: {ruling.rule})"]
    if ruling.decision == "ask":
        lines.append(f"  Who may approve: {', '.join(ruling.approvers)}")
    lines += [f"  {reason}" for reason in ruling.reasons]
    lines.append(f"  Policy version {ruling.policy_version}")
    tell("\n".join(lines) + "\n")


def _tags(given: Sequence[str]) -> dict[str, str]:
    if wrong := [each for each in given if "=" not in each]:
        raise InputError(f"--tag is a name and a value such as env=prod, not {wrong[0]!r}.")
    return {name: value for name, _, value in (each.partition("=") for each in given)}


def _one_of(choices: Any, given: str, option: str) -> Any:
    try:
        return choices(given)
    except ValueError:
        raise InputError(f"{option} is one of {', '.join(choices)}, not {given!r}.") from None


def _moment(at: str) -> datetime:
    try:
        return parse_time(at, datetime.now(UTC))
    except ValueError as error:
        raise InputError(f"--at: {error}") from None
