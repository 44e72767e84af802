"""Evidence as commands that a person runs in a shell to see the same: AWS's CLI, or curl for Airflow's REST API.

    commands(evidence)
    ["aws logs start-query --region us-east-1 --cli-input-json '{\"logGroupName\": …}'"]

Each line of `Evidence.query` is `service:operation {json}` with boto3's names (see `tools.evidence.look`). The CLI
takes the same parameters as JSON, so only names have to be translated. The profile is the reader's own.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, cast

from agent.models import Evidence

RENAMED: Mapping[str, str] = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}
"""Services that the CLI calls otherwise than boto3 does; `aws s3` itself is for copying."""
WITHOUT_REGION = frozenset({"iam", "sts"})
"""Asked of one address for all regions, or of any."""
FIXED_REGION: Mapping[str, str] = {"ce": "us-east-1", "budgets": "us-east-1", "health": "us-east-1"}
_CALL = re.compile(r"([a-z0-9][a-z0-9-]*):([A-Za-z][A-Za-z0-9_]*) (\{.*)", re.S)


def commands(evidence: Evidence) -> list[str]:
    """One line for each query that was noted; what cannot be repeated is a comment that says why."""
    lines = [line.strip() for line in evidence.query.split("\n")]
    return [_command(line, evidence.region) for line in lines if line]


def _command(line: str, region: str) -> str:
    match = _CALL.fullmatch(line)
    if match is None:
        return f"# {_flat(line)}"
    service, operation, text = match.groups()
    parameters = _parameters(text)
    if parameters is None:
        return f"# {service} {operation}: its parameters are too long to be kept; the console's page shows the same"
    if service == "airflow":
        return _curl(parameters)
    return " ".join(["aws", RENAMED.get(service, service), operation.replace("_", "-"), *_options(service, region)]) + (
        f" --cli-input-json {shlex.quote(json.dumps(parameters))}" if parameters else ""
    )


def _options(service: str, region: str) -> list[str]:
    where = "" if service in WITHOUT_REGION else FIXED_REGION.get(service, region)
    return ["--region", shlex.quote(where)] if where else []


def _curl(parameters: dict[str, Any]) -> str:
    """A read of a self-hosted Airflow, whose address and token are the reader's to give."""
    asked = {name: value for name, value in parameters.items() if name not in ("environment", "path")}
    words = ["curl", "-sG", f'"$AIRFLOW_URL"{shlex.quote(str(parameters.get("path", "/")))}']
    words += ["-H", '"Authorization: Bearer $AIRFLOW_TOKEN"']
    for name, value in asked.items():
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            words += ["--data-urlencode", shlex.quote(f"{name}={each}")]
    return " ".join(words)


def _parameters(text: str) -> dict[str, Any] | None:
    """None for what was cut, so that it is no JSON any more."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _flat(text: str) -> str:
    """On one line, so that nothing of a comment is run."""
    return " ".join(text.split())
