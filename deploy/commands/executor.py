"""`watchkeeper executor policy | trust`: what the role of approved changes needs."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated

import typer

from agent.errors import InputError

app = typer.Typer(help="The role that makes approved changes.", no_args_is_help=True)
_PRINCIPAL = r"arn:aws[\w-]*:(iam|sts)::\d{12}:(role|user|root)(/[\w+=,.@/-]+)?"


@app.command()
def policy(
    account: Annotated[str, typer.Option(help="Twelve digits; any account when it is not given.")] = "*",
    partition: Annotated[str, typer.Option(help="`aws`, `aws-cn` or `aws-us-gov`.")] = "aws",
) -> None:
    """Print the IAM policy of the role: the operations of all actions, and no other."""
    from agent.settings import Settings
    from tools.actions.executor_role import executor_policy

    if not re.fullmatch(r"\d{12}|\*", account):
        raise InputError(f"--account takes the twelve digits of an account, not {account!r}.")
    if partition not in ("aws", "aws-cn", "aws-us-gov"):
        raise InputError(f"--partition is one of aws, aws-cn, aws-us-gov, not {partition!r}.")
    own = Settings.read().table_prefix or "watchkeeper-"
    sys.stdout.write(json.dumps(executor_policy(account, partition, own), indent=2) + "\n")


@app.command()
def trust(
    principal: Annotated[str, typer.Argument(help="ARN of the role or user that Watchkeeper runs as.")],
    external_id: Annotated[str, typer.Option(help="What it has to present besides.")] = "",
) -> None:
    """Print the role's trust policy: who may assume it."""
    from tools.actions.executor_role import executor_trust

    if not re.fullmatch(_PRINCIPAL, principal):
        raise InputError(f"{principal!r} is not the ARN of a role or user.")
    sys.stdout.write(json.dumps(executor_trust(principal, external_id), indent=2) + "\n")
