"""Evidence as commands that a person runs in a shell to see the same: AWS's CLI, or curl for Airflow's REST API.

    commands(evidence)
    ["aws logs start-query --region us-east-1 --cli-input-json '{\"logGroupName\": …}'"]

Each line of `Evidence.query` is `service:operation {json}` with boto3's names (see `tools.evidence.look`). The CLI
takes the same parameters as JSON, so only names have to be translated. The profile is the reader's own.

Whoever writes a log line or names a resource may write part of a command. A line is copied as it stands into whatever
shell somebody has, so it holds no sign that any of them (zsh, PowerShell, cmd) reads otherwise than bash does, and
nothing that Slack would make a link or a mention of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from agent.models import Evidence

RENAMED: Mapping[str, str] = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}
"""Services that the CLI calls otherwise than boto3 does; `aws s3` itself is for copying."""
WITHOUT_REGION = frozenset({"iam", "sts"})
"""Asked of one address for all regions, or of any."""
FIXED_REGION: Mapping[str, str] = {"ce": "us-east-1", "budgets": "us-east-1", "health": "us-east-1"}
LATER: Mapping[str, str] = {
    "aws logs start-query ": "aws logs get-query-results --query-id with the queryId that this prints",
    "aws redshift-data execute-statement ": "aws redshift-data get-statement-result --id with the Id that this prints",
}
_CALL = re.compile(r"([a-z0-9][a-z0-9-]*):([A-Za-z][A-Za-z0-9_]*) (\{.*)", re.S)
_REGION = re.compile(r"[a-z0-9-]{1,30}")
_LIVE = re.compile(r"\\(.)|['`<]|:(//)|@(?=channel|here|everyone)", re.I)
"""In JSON: escapes, signs that end a shell's quotes, and what Slack makes live."""
_LIVE_IN_COMMENTS = re.compile(r"[^\w ,./:=…-]+")
"""zsh runs a comment at its prompt as a command, up to the first sign with a meaning and on after it."""


def commands(evidence: Evidence) -> list[str]:
    """One line for each query that was noted; what cannot be repeated is a comment that says why."""
    lines = [line.strip() for line in evidence.query.split("\n")]
    return [_command(line, evidence.region) for line in lines if line]


def read_later(commands: Sequence[str]) -> list[str]:
    """How to read what a command has only begun, as comments."""
    return [f"# then {later}" for begun, later in LATER.items() if any(line.startswith(begun) for line in commands)]


def _command(line: str, region: str) -> str:
    match = _CALL.fullmatch(line)
    if match is None:
        return f"# {' '.join(_LIVE_IN_COMMENTS.sub(' ', line).split())}".replace(" :", ":")
    service, operation, text = match.groups()
    parameters = _parameters(text)
    if parameters is None:
        return f"# {service} {operation}: its parameters are too long to be kept; the console's page shows the same"
    if service == "airflow":
        return _curl(parameters)
    return " ".join(["aws", RENAMED.get(service, service), operation.replace("_", "-"), *_options(service, region)]) + (
        f" --cli-input-json '{_LIVE.sub(_escaped, json.dumps(parameters))}'" if parameters else ""
    )


def _options(service: str, region: str) -> list[str]:
    where = "" if service in WITHOUT_REGION else FIXED_REGION.get(service, region)
    return ["--region", where] if _REGION.fullmatch(where) else []


def _curl(parameters: dict[str, Any]) -> str:
    """A read of a self-hosted Airflow, whose address and token are the reader's to give."""
    asked = {name: value for name, value in parameters.items() if name not in ("environment", "path")}
    words = ["curl", "-sG", f'"$AIRFLOW_URL"/{_encoded(parameters.get("path", ""), "/%").lstrip("/")}']
    words += ["-H", '"Authorization: Bearer $AIRFLOW_TOKEN"']
    for name, value in asked.items():
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            words += ["-d", f"{_encoded(name)}={_encoded(each)}"]
    return " ".join(words)


def _parameters(text: str) -> dict[str, Any] | None:
    """None for what was cut, so that it is no JSON any more."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _escaped(sign: re.Match[str]) -> str:
    """The same in JSON, by an escape that means nothing to a shell."""
    if sign[2]:
        return ":\\/\\/"
    if sign[1] not in (None, '"'):
        return sign[0]
    return f"\\u{ord(sign[0][-1]):04x}"


def _encoded(value: Any, safe: str = "") -> str:
    return quote(str(value), safe, errors="replace")
