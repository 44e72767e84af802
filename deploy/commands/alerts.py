"""`watchkeeper alert FILE` analyses one alert; `watchkeeper alert parse FILE` only shows how payloads are read."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from agent.errors import InputError
from agent.models import Alert
from agent.settings import Settings
from agent.sources import parse_alerts, read_mappings, source_named
from deploy.commands.options import AwsOption, JsonOption, ScenarioOption, aws_of, print_result
from deploy.payloads import read_payload
from deploy.showing import tell

JSON_BEGINS = re.compile(r'\s*(\{\s*"|\[\s*[{\["])')
"""An alert's text may well begin with a bracket: [Triggered] ..."""
DEFAULT_COMMAND = "analyse"
MAX_LINES = 3
"""Links and lines of text that are shown of an alert; `--json` has all."""

FileArgument = Annotated[str, typer.Argument(help="A file with the alert's payload, or - for stdin.")]


class _AnalysingGroup(TyperGroup):
    """Whatever is no sub-command, a file above all, is for the default command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if known else [DEFAULT_COMMAND, *args])


app = typer.Typer(cls=_AnalysingGroup, help="Analyse one alert (`watchkeeper alert FILE`), or see how alerts are read.")


@app.command(DEFAULT_COMMAND)
def analyse(
    file: FileArgument = "-",
    scenario: ScenarioOption = "",
    json_output: JsonOption = False,
    aws: AwsOption = "simulated",
) -> None:
    """Analyse one alert: a Slack post, a CloudWatch notification, a webhook's body or any other JSON or text."""
    payload = _whole_payload(file)
    from deploy.once import analyse_once
    from deploy.terminal import diagnosis_json, print_diagnosis

    parsed, diagnosis, evidence = asyncio.run(analyse_once(payload, scenario, aws_of(aws)))
    print_result(
        json_output,
        lambda: diagnosis_json(parsed, diagnosis, evidence),
        lambda: print_diagnosis(parsed, diagnosis, evidence),
    )


@app.command()
def parse(
    file: FileArgument = "-",
    json_output: JsonOption = False,
    source: Annotated[
        str, typer.Option("--source", help="Read it as if it came to /webhooks/NAME, for instance a mapping of yours.")
    ] = "",
) -> None:
    """Show the normalised alerts of a payload, a JSON list of payloads, or one payload a line."""
    mappings = read_mappings(Settings.read().webhook_mappings)
    payload: Any = read_payload(file)
    if source and source_named(source, mappings) is None:
        raise InputError(f"There is no source {source!r}; docs/alert-sources.md lists them, and how to map one.")
    job = {"source": source, "body": payload} if source else payload
    alerts = parse_alerts(job, datetime.now(UTC), mappings)
    print_result(json_output, lambda: [alert_json(alert) for alert in alerts], lambda: _show(alerts))


def alert_json(alert: Alert) -> dict[str, Any]:
    """The documented shape of `alert parse --json`."""
    own = alert.model_dump(mode="json", exclude={"resource", "raw_reference", "delivery_id"})
    place = alert.resource
    return own | {
        "service": place.service,
        "resource": place.arn or place.id,
        "resource_type": place.type,
        "region": place.region,
        "account": place.account,
    }


def _show(alerts: Sequence[Alert]) -> None:
    tell("\n".join(_lines(alert_json(alert)) for alert in alerts))
    if len(alerts) > 1:
        tell(f"\n{len(alerts)} alerts\n")


def _lines(shown: dict[str, Any]) -> str:
    """The title with how things stand, a line for each fact that is known, and the first lines of the text."""
    facts = [
        *("service", "resource", "metric", "value", "threshold", "region", "account", "system"),
        *("dag_id", "task_id", "run_id", "started_at", "ended_at", "external_id", "fingerprint"),
    ]
    rows = [(name.replace("_", " "), str(shown[name])) for name in facts if shown[name]]
    rows += [("labels", ", ".join(f"{name}={_short(value)}" for name, value in shown["labels"].items()))]
    rows += [("link", link) for link in shown["links"][:MAX_LINES]]
    rows += [("text", _short(line)) for line in shown["description"].splitlines()[:MAX_LINES]]
    heading = f"{shown['title']}\n  {shown['status']}, {shown['severity']}, from {shown['source']}\n"
    return heading + "".join(f"  {name:<12} {value}\n" for name, value in rows if value)


def _short(text: str, limit: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _whole_payload(file: str) -> Any:
    """Broken JSON is a slip that its author wants to know of before an analysis."""
    payload = read_payload(file)
    if isinstance(payload, str) and JSON_BEGINS.match(payload):
        try:
            json.loads(payload)
        except (ValueError, RecursionError) as error:
            where = "stdin" if file == "-" else Path(file).name
            raise InputError(f"{where} looks like JSON but is broken: {error}.") from None
    return payload
