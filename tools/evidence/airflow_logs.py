"""What MWAA wrote to CloudWatch Logs: a way to see failed tasks when the Airflow API may not be called."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from agent.log_lines import LogLine
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow_api import from_lines
from tools.evidence.base import Look
from tools.evidence.log_findings import object_attributes
from tools.evidence.log_reader import ERROR_PATTERN, find_groups, read

_STREAM = re.compile(
    r"dag_id=(?P<dag_id>[^/]+)/run_id=(?P<run_id>[^/]+)/task_id=(?P<task_id>[^/]+)/attempt=(?P<try>\d+)"
)
MAX_TASKS = 6


def failures_in_logs(look: Look, environment: str = "", dag_id: str = "", task_id: str = "") -> list[Finding]:
    """`task_failed` findings from the environments' task log groups, the latest first."""
    groups = [g for g in find_groups(look, log_group="airflow-") if g.endswith("-Task") and environment in g]
    reading = read(look, groups, look.window, ERROR_PATTERN)
    reading.failed()
    by_stream: dict[str, list[LogLine]] = defaultdict(list)
    for line in reading.lines:
        by_stream[line.source].append(line)
    findings = [f for stream, lines in by_stream.items() for f in _task_failed(look, stream, lines, dag_id, task_id)]
    return sorted(findings, key=lambda f: f.at or look.window.start, reverse=True)[:MAX_TASKS]


def _task_failed(look: Look, stream: str, lines: list[LogLine], dag_id: str, task_id: str) -> Iterator[Finding]:
    match = _STREAM.search(stream)
    if not match or (dag_id and match["dag_id"] != dag_id) or (task_id and match["task_id"] != task_id):
        return
    log = from_lines([line.text for line in lines])
    if not log.error:
        return
    yield Finding(
        kind="task_failed",
        statement=f"Task {match['task_id']} of DAG {match['dag_id']} logged “{log.cause[:200]}” on try {match['try']}"
        f" at {clock_time(lines[-1].at, look.now)}.",
        strength=0.8,
        at=lines[-1].at,
        resource=match["dag_id"],
        attributes={
            "dag_id": match["dag_id"],
            "task_id": match["task_id"],
            "run_id": match["run_id"],
            "try_number": match["try"],
            "exception": log.exception,
        }
        | object_attributes(log.text),
    )
