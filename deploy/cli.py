"""The `watchkeeper` command."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from agent.errors import InputError, WatchkeeperError
from agent.logs import read_log_settings, set_up_logging
from agent.visible import visible
from deploy.commands import (
    alerts,
    approvals,
    audit,
    dlq,
    executor,
    incidents,
    policy,
    remediations,
    safety,
    tick,
    triage,
)
from deploy.commands.options import AwsOption, JsonOption, ScenarioOption, aws_of, print_result

app = typer.Typer(
    name="watchkeeper",
    help="An on-call assistant that stands watch over AWS from Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(alerts.app, name="alert")
app.add_typer(approvals.app, name="approvals")
app.add_typer(audit.app, name="audit")
app.add_typer(dlq.app, name="dlq")
app.add_typer(executor.app, name="executor")
app.add_typer(incidents.app, name="incidents")
app.add_typer(policy.app, name="policy")
app.add_typer(remediations.app, name="remediations")
app.add_typer(safety.app, name="safety")
app.command()(tick.tick)
app.add_typer(triage.app, name="triage")

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def main() -> None:
    """Entry point: every error a person can fix is one sentence, and no traceback reaches them."""
    _open_streams()
    try:
        set_up_logging(read_log_settings(), sys.stderr)
        app()
    except WatchkeeperError as error:
        _stop(str(error), 2)
    except KeyboardInterrupt:
        _stop("stopped", 130)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            _stop(f"The output cannot be written ({error.strerror}).", 1)
        logging.getLogger(__name__).info("unexpected", exc_info=True)
        _stop(
            f"Something went wrong that should not have ({type(error).__name__}: {str(error)[:200]}). "
            "Run it again with WATCHKEEPER_LOG_LEVEL=INFO for the details.",
            1,
        )


def _open_streams() -> None:
    """Where one is closed, nothing is read or told; a terminal without a character gets a question mark for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 -- open as long as the process
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _stop(message: str, code: int) -> None:
    sys.stderr.write(f"watchkeeper: {visible(message)}\n")
    sys.stderr.flush()
    raise SystemExit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"watchkeeper {version_of('watchkeeper')}\n")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """An on-call assistant that stands watch over AWS from Slack."""


@app.command()
def run(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the local workspace's page; 0 picks a free one.")
    ] = 8765,
    aws: AwsOption = "simulated",
    first_alert: Annotated[str, typer.Option(help="Scenario whose alert is posted at the start; empty for none.")] = (
        "lambda-errors-after-deploy"
    ),
) -> None:
    """Start Watchkeeper: in a local workspace in the browser, or in Slack when the tokens are set."""
    from deploy.running import run_everything

    asyncio.run(run_everything(port, aws_of(aws), first_alert))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, in your own words.")],
    scenario: ScenarioOption = "",
    json_output: JsonOption = False,
    aws: AwsOption = "simulated",
    commands: Annotated[
        bool, typer.Option("--commands", help="Under each source, how to see the same by hand.")
    ] = False,
) -> None:
    """Ask one question and print the cited answer."""
    from deploy.once import ask_once
    from deploy.terminal import answer_json, print_answer

    if not question.strip():
        raise InputError('Ask something, as in: watchkeeper ask "why did our Lambda costs spike?"')
    answer, evidence = asyncio.run(ask_once(question, scenario, aws_of(aws)))
    print_result(json_output, lambda: answer_json(answer, evidence), lambda: print_answer(answer, evidence, commands))


@app.command()
def scenarios(json_output: JsonOption = False) -> None:
    """List the incidents that the simulated account can have."""
    from deploy.local.world import scenario_entries
    from deploy.terminal import print_scenarios

    entries = scenario_entries()
    rows = [{"name": e.name, "title": e.title, "description": e.description} for e in entries]
    print_result(json_output, lambda: {"scenarios": rows}, lambda: print_scenarios(rows))


@app.command("eval")
def evaluate(
    questions: Annotated[Path, typer.Option(help="A YAML file of questions and what is expected of their answers.")],
    model: Annotated[str, typer.Option(help="provider:model to ask; the configured one if empty.")] = "",
    scenario_filter: Annotated[str, typer.Option(help="Only questions about scenarios with this in their name.")] = "",
    min_routing: Annotated[float, typer.Option(min=0, max=1, help="Share that must go to the right place.")] = 0.95,
    min_facts: Annotated[float, typer.Option(min=0, max=1, help="Share that must say what is expected.")] = 0.90,
    processes: Annotated[int, typer.Option(min=0, help="How many to ask at once; 0 is one a core.")] = 0,
    json_output: JsonOption = False,
) -> None:
    """Ask a file of questions over the simulated account and mark the answers; exit code 1 below the thresholds."""
    from deploy.evaluation import report
    from deploy.evaluation.questions import read_questions
    from deploy.evaluation.running import evaluate as ask_all
    from deploy.terminal import progress

    entries = [e for e in read_questions(questions) if not scenario_filter or _about(e.scenarios, scenario_filter)]
    if not entries:
        raise InputError(f"No question is about a scenario with {scenario_filter!r} in its name.")
    with progress() as show:
        document = report.report(entries, ask_all(entries, model, processes, show))
    print_result(json_output, lambda: document, lambda: report.print_report(document))
    if not report.passes(document, min_routing, min_facts):
        raise typer.Exit(1)


def _about(scenarios: Sequence[str], part: str) -> bool:
    return any(part in name for name in scenarios)


@app.command()
def doctor(json_output: JsonOption = False, aws: AwsOption = "simulated") -> None:
    """Check every setting, token, permission and endpoint, and say how to fix what is missing."""
    from deploy.doctor import examine
    from deploy.terminal import print_checks

    checks = examine(aws_of(aws))
    print_result(json_output, lambda: {"checks": [check.as_json() for check in checks]}, lambda: print_checks(checks))
    if any(check.status == "fail" for check in checks):
        raise typer.Exit(1)


@app.command()
def mcp(
    http: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Serve streamable HTTP at this port, at /mcp; else stdio.")
    ] = None,
    host: Annotated[str, typer.Option(help="With --http: where to listen. Beyond this machine it needs a token.")] = (
        "127.0.0.1"
    ),
    scenario: ScenarioOption = "",
    aws: AwsOption = "simulated",
) -> None:
    """Serve the evidence tools and `ask` to MCP clients, such as an editor: read-only."""
    try:
        from deploy.mcp_serving import serve_mcp
    except ImportError:
        how = "in Watchkeeper's folder, run: pip install -e '.[mcp]'"
        raise InputError(f"`watchkeeper mcp` needs a library; {how}") from None
    asyncio.run(serve_mcp(aws_of(aws), scenario, host, http))


@app.command()
def tables(
    queue: Annotated[str, typer.Option(help="Create an SQS queue of this name too, with its dead-letter queue.")] = "",
    bucket: Annotated[
        str, typer.Option(help="Create this S3 bucket too, or set up one that is there: private, with a lifecycle.")
    ] = "",
) -> None:
    """Create the DynamoDB tables that WATCHKEEPER_STORE=dynamodb needs, in your own account; those there stay."""
    from agent.settings import Settings
    from deploy.own_stores import create_own_bucket, create_own_stores

    settings = Settings.read(**({"archive_bucket": bucket} if bucket else {}))
    created, url = create_own_stores(settings, queue)
    sys.stdout.write(f"Created: {', '.join(created)}\n" if created else "All tables are there.\n")
    if url:
        sys.stdout.write(f"Set WATCHKEEPER_QUEUE_URL={url}\n")
    if bucket:
        new = create_own_bucket(settings, bucket)
        sys.stdout.write(f"The bucket is {'created' if new else 'set up'}. Set WATCHKEEPER_ARCHIVE_BUCKET={bucket}\n")


@app.command("iam-policy")
def iam_policy(
    partition: Annotated[str, typer.Option(help="`aws`, `aws-cn` or `aws-us-gov`.")] = "aws",
    secret: Annotated[
        list[str] | None, typer.Option(help="ARN of a secret with a database's credentials; may be repeated.")
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="ARN of a role in another account to read through; may be repeated.")
    ] = None,
    redshift_user: Annotated[
        str, typer.Option(help="Read-only user of Redshift clusters; credentials of no other can be had then.")
    ] = "",
    own: Annotated[
        str, typer.Option(help="Instead: the policy for Watchkeeper's own stores and secrets in this account id.")
    ] = "",
) -> None:
    """Print the IAM policy that reading AWS needs: every action that the evidence tools call, and no other."""
    from tools.aws.iam import MANAGED_POLICY_CHARS, policy

    if partition not in PARTITIONS:
        raise InputError(f"--partition is one of {', '.join(PARTITIONS)}, not {partition!r}.")
    if own:
        from agent.settings import Settings
        from deploy.own_stores import policy_of_own_stores

        sys.stdout.write(json.dumps(policy_of_own_stores(Settings.read(), own, partition), indent=2) + "\n")
        return
    for option, service, arns in (("--secret", "secretsmanager", secret or []), ("--role", "iam", role or [])):
        if wrong := [arn for arn in arns if not arn.startswith(f"arn:{partition}:{service}:")]:
            raise InputError(f"{option} takes an ARN, as in arn:{partition}:{service}:…, not {wrong[0]!r}.")
    document = json.dumps(policy(partition, secret or [], role or [], redshift_user), indent=2)
    sys.stdout.write(document + "\n")
    if (size := len("".join(document.split()))) > MANAGED_POLICY_CHARS:
        sys.stderr.write(
            f"watchkeeper: this policy has {size} characters; a managed policy holds {MANAGED_POLICY_CHARS}. "
            "Attach it as an inline policy of the role.\n"
        )


if __name__ == "__main__":
    main()
