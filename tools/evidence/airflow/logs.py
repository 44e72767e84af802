"""What MWAA wrote to CloudWatch Logs: a way to see failed tasks when the Airflow API may not be called."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from agent.log_lines import LogLine
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow.task_log import TaskLog, read_lines
from tools.evidence.base import Look
from tools.evidence.logs.findings import object_attributes
from tools.evidence.logs.reader import ERROR_PATTERN, find_groups, read

_STREAM = re.compile(
    r"dag_id=(?P<dag_id>[^/]+)/run_id=(?P<run_id>[^/]+)/task_id=(?P<task_id>[^/]+)/(?:map_index=\d+/)?attempt=(?P<try>\d+)"
)
"""A stream's name in Airflow 2.3 and later, and 3."""
_OLD_STREAM = re.compile(r"^(?P<dag_id>[^/=]+)/(?P<task_id>[^/=]+)/(?P<run_id>[^/=]+)/(?P<try>\d+)\.log")
"""The same before 2.3, where the run is named by its date."""
MAX_TASKS = 6
MAX_LINES = 1000


def log_of_task(look: Look, environment: str, dag_id: str, run_id: str, task_id: str, try_number: int) -> TaskLog:
    """One try's log from MWAA's log group. CloudWatch allows no colon in a stream's name: MWAA writes `_` for it."""
    stream = f"dag_id={dag_id}/run_id={run_id}/task_id={task_id}/attempt={max(try_number, 1)}.log"
    page = look.call(
        "logs",
        "get_log_events",
        logGroupName=f"airflow-{environment}-Task",
        logStreamName=stream.replace(":", "_"),
        startFromHead=False,
        limit=MAX_LINES,
    )
    return read_lines([str(event["message"]).rstrip() for event in page.get("events", [])])


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
    match = _STREAM.search(stream) or _OLD_STREAM.search(stream.rpartition("\t")[2])
    if not match or (dag_id and match["dag_id"] != dag_id) or (task_id and match["task_id"] != task_id):
        return
    log = read_lines([line.text for line in lines])
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
