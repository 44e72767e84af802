"""Commands that Run Command was sent: found again by the mark in their comment, and what became of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from agent.models import ActionResult
from agent.ports import AwsSession
from agent.redaction import redact

CLOCKS_DIFFER = timedelta(minutes=1)
DELIVERY_SECONDS = 60
"""How long Systems Manager tries to reach an instance."""
OUTPUT_CHARS = 800
"""Of each instance's output, of which the end is kept."""
GOING_ON = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})
SUCCESS = "Success"
_REFERENCE = re.compile(r"\{\{\s*[\w-]+\s*:")
"""`{{ssm:/prod/motd}}`: the service puts a parameter's value in its place, before any shell sees it.
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-param-runcommand.html
"""


def without_references(text: str) -> str:
    """The same text. ValueError when something else would run than what people and the judge have seen."""
    if _REFERENCE.search(text):
        raise ValueError("Systems Manager would put something else in place of {{…:…}}: write out what it stands for")
    return text


def comment(token: str) -> str:
    """At most 100 characters."""
    return f"Watchkeeper {token}"[:100]


def find_command(aws: AwsSession, document: str, token: str, since: datetime) -> str:
    """The id of the command that was sent with the token; "" when there is none."""
    after = f"{since - CLOCKS_DIFFER:%Y-%m-%dT%H:%M:%SZ}"
    filters = [{"key": "InvokedAfter", "value": after}, {"key": "DocumentName", "value": document}]
    pages = aws.client("ssm").get_paginator("list_commands").paginate(Filters=filters)
    found = (each["CommandId"] for page in pages for each in page["Commands"] if each["Comment"] == comment(token))
    return str(next(found, ""))


def followed(result: ActionResult, instances: tuple[str, ...], aws: AwsSession) -> ActionResult:
    """The result with what the command came to, once it is over on every instance; the same before that."""
    answers = {each: _invocation(aws, result.reference, each) for each in instances}
    if any(answer.get("Status", "Pending") in GOING_ON for answer in answers.values()):
        return result
    failed = [name for name, answer in answers.items() if answer["Status"] != SUCCESS]
    said = " ".join(_said(name, answer) for name, answer in answers.items())
    changes = {
        "succeeded": not failed,
        "over": True,
        "after": {**result.after, "status": {name: answer["Status"] for name, answer in answers.items()}},
        "message": f"It failed on {', '.join(failed)}. {said}" if failed else f"It ran. {said}",
    }
    return result.model_copy(update=changes)


def _invocation(aws: AwsSession, command: str, instance: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = aws.client("ssm").get_command_invocation(CommandId=command, InstanceId=instance)
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvocationDoesNotExist":  # it is not delivered yet
            return {}
        raise
    return found


def _said(instance: str, answer: dict[str, Any]) -> str:
    """`i-0ab: Success, code 0: 12 files removed`, redacted before it is cut, so that no half of a secret stays."""
    output = "\n".join(answer.get(name) or "" for name in ("StandardOutputContent", "StandardErrorContent"))
    shown = redact(output.strip())
    cut = f"…{shown[-OUTPUT_CHARS:]}" if len(shown) > OUTPUT_CHARS else shown
    return f"{instance}: {answer['Status']}, code {answer.get('ResponseCode', -1)}" + (f": {cut}" if cut else ".")
