"""A subscription of CloudWatch Logs: the lines of one log group that matched a filter, as one alert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.models import Alert, AlertStatus, Resource, Severity
from agent.sources.aws.events import system
from agent.sources.aws.notice import Notice
from agent.sources.fields import at, parts_at, text_at
from agent.sources.moments import moment

_GROUPS = (
    ("/aws/lambda/", "lambda", "functionname"),
    ("/aws/rds/instance/", "rds", "dbinstanceidentifier"),
    ("/aws/rds/cluster/", "rds", "dbclusteridentifier"),
    ("/aws/vendedlogs/states/", "stepfunctions", ""),
    ("/aws/codebuild/", "codebuild", "projectname"),
    ("/aws-glue/", "glue", ""),
    ("/aws/ecs/", "ecs", ""),
    ("/ecs/", "ecs", ""),
    ("airflow-", "mwaa", ""),
)
"""How AWS names the log groups of its services."""
_LEVELS = (
    (re.compile(r"\b(?:FATAL|CRITICAL|EMERG(?:ENCY)?|PANIC|panic)\b"), Severity.critical),
    (
        re.compile(
            r"\b(?:ERROR|SEVERE|Exception|Traceback|Task timed out)|\w(?:Error|Exception)\b|\bfail(?:ed|ure)\b", re.I
        ),
        Severity.error,
    ),
    (re.compile(r"\bWARN(?:ING)?\b", re.I), Severity.warning),
)
READ_CHARS = 200_000
"""How much of the lines a level is looked for in."""


def matches(notice: Notice) -> bool:
    return text_at(notice.object, "messageType") in ("DATA_MESSAGE", "CONTROL_MESSAGE") and "logEvents" in notice.object


def parse(notice: Notice) -> list[Alert]:
    body = notice.object
    group, account = text_at(body, "logGroup"), text_at(body, "owner")
    events = parts_at(body, "logEvents")
    lines = [text_at(event, "message") for event in events]
    severity, telling = _worst(lines)
    control = text_at(body, "messageType") == "CONTROL_MESSAGE"
    filters = at(body, "subscriptionFilters")
    names = ", ".join(name for name in filters if isinstance(name, str)) if isinstance(filters, list) else ""
    times = sorted(found for event in events if (found := moment(at(event, "timestamp"))))
    what = f"{len(lines)} log line{'s' if len(lines) != 1 else ''} in {group or 'a log group'}"
    return [
        notice.alert(
            "cloudwatch_logs",
            "CloudWatch Logs tries whether its lines arrive" if control else f"{what}: {telling}",
            (account, group, names, *(("control",) if control else ())),
            lines,
            external_id=f"{group} {names}".strip(),
            status=AlertStatus.resolved if control else AlertStatus.firing,
            severity=Severity.info if control else severity,
            resource=_resource(group, account),
            system=system(account),
            value=str(len(lines)),
            started_at=times[0] if times else None,
            labels={"log_group": group, "log_stream": text_at(body, "logStream"), "filter": names},
        )
    ]


def _worst(lines: Sequence[str]) -> tuple[Severity, str]:
    """The worst level that a line states, and the first such line. A filter that lets lines without one pass warns."""
    read = [line[:2000] for line in lines][: READ_CHARS // 100]
    for pattern, severity in _LEVELS:
        if found := next((line for line in read if pattern.search(line)), ""):
            return severity, _shown(found)
    return Severity.warning, _shown(next(iter(read), ""))


def _shown(line: str) -> str:
    """A line without the time and request id at its beginning, which say nothing to a person."""
    first = next((part for part in line.splitlines() if part.strip()), "")
    return re.sub(r"^(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+\]?\s*|[0-9a-f]{8}-[0-9a-f-]{27}\s*)+", "", first)[:150]


def _resource(group: str, account: str) -> Resource:
    """The service whose log it is. A subscription does not say its region."""
    start, service, _ = next((known for known in _GROUPS if group.startswith(known[0])), ("", "logs", ""))
    name = group.removeprefix(start).partition("/")[0] if start and service != "mwaa" else group
    return Resource(service=service, type="log-group" if service == "logs" else "", id=name, account=account)
