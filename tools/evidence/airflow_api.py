"""The Airflow REST API of an MWAA environment (v1 and v2), read through `mwaa:InvokeRestApi`."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

from botocore.exceptions import ClientError

from agent.log_lines import exception_in, parse_line
from agent.log_summary import severity
from agent.sql_text import dbt_errors
from tools.evidence.base import Look

MAX_LOG_CHARS = 200_000
MAX_ENVIRONMENTS = 5

_SAYS_NOTHING = re.compile(
    r"(?i)non-zero exit code|command failed|returned a failure|task failed with exception|exited with return code"
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Airflow:
    """One environment. `get` raises ClientError, with RestApiClientException for what Airflow itself refuses."""

    look: Look
    environment: str

    def get(self, path: str, **query: Any) -> Json:
        parameters: Json = {"Name": self.environment, "Method": "GET", "Path": path}
        if query:
            parameters["QueryParameters"] = query
        answer = self.look.call("mwaa", "invoke_rest_api", **parameters)
        return cast("Json", answer.get("RestApiResponse") or {})

    def find(self, path: str, **query: Any) -> Json | None:
        """Like `get`, None when there is no such thing."""
        try:
            return self.get(path, **query)
        except ClientError as error:
            if error.response["Error"].get("Code") == "RestApiClientException":
                return None
            raise

    def runs(self, dag_id: str = "~", limit: int = 25, **query: Any) -> list[Json]:
        """DAG runs, the newest first; of every DAG by default."""
        return self.get(_path("dags", dag_id, "dagRuns"), limit=limit, order_by="-start_date", **query)["dag_runs"]

    def task_instances(self, dag_id: str, run_id: str) -> list[Json]:
        return self.get(_path("dags", dag_id, "dagRuns", run_id, "taskInstances"), limit=100)["task_instances"]

    def downstream(self, dag_id: str) -> dict[str, list[str]]:
        """Each task of a DAG and the tasks that follow it."""
        tasks = self.get(_path("dags", dag_id, "tasks"))["tasks"]
        return {task["task_id"]: list(task.get("downstream_task_ids") or ()) for task in tasks}

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> TaskLog:
        path = _path("dags", dag_id, "dagRuns", run_id, "taskInstances", task_id, "logs", str(max(try_number, 1)))
        return read_log(self.get(path, full_content="true").get("content", ""))


@dataclass(frozen=True)
class TaskLog:
    """A task's log, the `exception` that ended it and the `error` line that says why; empty if there is none."""

    text: str
    exception: str = ""
    error: str = ""

    @property
    def cause(self) -> str:
        """What went wrong. Where the task only says that a command failed, the command's own words."""
        if not _SAYS_NOTHING.search(self.error):
            return self.error
        lines = [parse_line(line).message for line in self.text.splitlines()]
        if failed := dbt_errors(lines):
            return f"dbt model {failed[0][0]}: {failed[0][1]}"[:400]
        earlier = from_lines([line for line in lines if not _SAYS_NOTHING.search(line)])
        return earlier.error or self.error


def environments(look: Look, name: str = "") -> list[Airflow]:
    """The environments whose name holds `name`; all when none does."""
    names = look.pages("mwaa", "list_environments", "Environments", 100)
    wanted = [n for n in names if name and name.lower() in n.lower()]
    return [Airflow(look, n) for n in (wanted or names)[:MAX_ENVIRONMENTS]]


def read_log(content: object) -> TaskLog:
    """A log as any version has it: Airflow 3's structured lines, Airflow 2's pairs of host and text, or plain text."""
    if isinstance(content, list):
        return _structured(cast("list[Any]", content))
    text = str(content)
    if text.startswith("[("):
        try:
            text = "\n".join(part[1] for part in cast("list[tuple[str, str]]", ast.literal_eval(text)))
        except (ValueError, SyntaxError):
            text = text.replace("\\n", "\n")
    return from_lines(text[-MAX_LOG_CHARS:].splitlines())


def from_lines(lines: Sequence[str]) -> TaskLog:
    """What a plain log says went wrong: the line that was raised, else the last error line."""
    text = "\n".join(lines)
    raised = [
        line.strip()
        for line in lines
        if re.match(r"(?:[a-zA-Z_][\w$]*\.)*[A-Z]\w*(?:Error|Exception|Timeout)\b: ", line)
    ]
    bad = [part.message for line in lines if severity(part := parse_line(line)) >= 0.6]
    error = raised[-1] if raised else bad[-1] if bad else ""
    return TaskLog(text, exception_in(error), error[:400])


def moment(text: str | None) -> datetime | None:
    """An Airflow timestamp in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _structured(entries: list[Any]) -> TaskLog:
    lines: list[str] = []
    exception = error = ""
    for entry in entries:
        if not isinstance(entry, dict):
            lines.append(str(entry))
            continue
        record = cast("Json", entry)
        lines.append(f"{str(record.get('level', '')).upper()} {record.get('event', '')}".strip())
        for detail in cast("list[Json]", record.get("error_detail") or []):
            exception, error = detail.get("exc_type", ""), f"{detail.get('exc_type')}: {detail.get('exc_value')}"
            lines.append(error)
    if exception:
        return TaskLog("\n".join(lines), exception, error[:400])
    return from_lines(lines)


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="~") for part in parts)
