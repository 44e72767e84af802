"""Airflow's REST API as the tools ask it: runs, task instances, pools and logs, of v1 and v2, over any transport."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tools.aws.denials import is_denied
from tools.evidence.airflow.http import self_hosted
from tools.evidence.airflow.task_log import TaskLog, read_log
from tools.evidence.airflow.transport import AirflowRefused, Json, MwaaTransport, Transport
from tools.evidence.base import Look
from tools.evidence.failures import EXPECTED, explain

MAX_ENVIRONMENTS = 5
PAGE = 100
"""The most items that Airflow puts into one page."""
MAX_ITEMS = 1000


@dataclass(frozen=True)
class Airflow:
    """One environment. Every read raises ClientError or BotoCoreError."""

    look: Look
    transport: Transport
    managed: bool
    """Whether it is an environment of Amazon MWAA."""

    @property
    def environment(self) -> str:
        return self.transport.name

    def get(self, path: str, **query: Any) -> Json:
        return self.transport.get(path, query)

    def find(self, path: str, **query: Any) -> Json | None:
        """Like `get`, None when there is no such thing."""
        try:
            return self.get(path, **query)
        except AirflowRefused as error:
            if error.status in (401, 403) or error.status >= 500:
                raise
            return None

    def items(self, path: str, key: str, limit: int = MAX_ITEMS, **query: Any) -> list[Json]:
        """What a listing holds over all of its pages, at most `limit`."""
        found: list[Json] = []
        while len(found) < limit:
            page = self.get(path, limit=min(PAGE, limit - len(found)), offset=len(found), **query)
            found += page[key]
            if not page[key] or len(found) >= int(page.get("total_entries") or 0):
                break
        return found

    def runs(self, dag_id: str = "~", limit: int = 25, **query: Any) -> list[Json]:
        """DAG runs, the newest first; of every DAG by default."""
        return self.items(path("dags", dag_id, "dagRuns"), "dag_runs", limit, order_by="-start_date", **query)

    def run(self, dag_id: str, run_id: str) -> Json | None:
        return self.find(path("dags", dag_id, "dagRuns", run_id))

    def dag(self, dag_id: str) -> Json | None:
        return self.find(path("dags", dag_id))

    def task_instances(self, dag_id: str, run_id: str, **query: Any) -> list[Json]:
        return self.items(path("dags", dag_id, "dagRuns", run_id, "taskInstances"), "task_instances", **query)

    def downstream(self, dag_id: str) -> dict[str, list[str]]:
        """Each task of a DAG and the tasks that follow it."""
        tasks = self.get(path("dags", dag_id, "tasks"))["tasks"]
        return {task["task_id"]: list(task.get("downstream_task_ids") or ()) for task in tasks}

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int, map_index: int = -1) -> TaskLog:
        where = path("dags", dag_id, "dagRuns", run_id, "taskInstances", task_id, "logs", str(max(try_number, 1)))
        mapped = {"map_index": map_index} if map_index >= 0 else {}
        return read_log(self.get(where, full_content="true", **mapped).get("content", ""))


@dataclass(frozen=True)
class Environments:
    """Those found, and a few words for each listing that failed."""

    found: list[Airflow]
    unread: list[str]
    named: bool = False
    """Whether the name that was asked for is the name of one of them."""

    def __iter__(self) -> Iterator[Airflow]:
        return iter(self.found)

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def caveat(self) -> str:
        """Ends a summary: ` Could not read: ...`, or nothing."""
        return f" Could not read: {'; '.join(self.unread[:3])}." if self.unread else ""


def environments(look: Look, name: str = "") -> Environments:
    """The environments whose name holds `name`, all when none does: self-hosted ones of the settings, then MWAA's."""
    known = [Airflow(look, transport, managed=False) for transport in self_hosted(look)]
    unread: list[str] = []
    try:
        names = look.pages("mwaa", "list_environments", "Environments", 100)
        known += [Airflow(look, MwaaTransport(look, each), managed=True) for each in names]
    except EXPECTED as error:
        if not known:
            raise
        if is_denied(error):  # that a region has no MWAA is no gap
            unread.append(f"environments of Amazon MWAA ({explain(error)})")
    wanted = [each for each in known if name and name.lower() in each.environment.lower()]
    chosen = wanted or known
    if len(chosen) > MAX_ENVIRONMENTS:
        unread.append(f"{len(chosen) - MAX_ENVIRONMENTS} more environments; name one of them")
    return Environments(chosen[:MAX_ENVIRONMENTS], unread, bool(wanted))


def path(*parts: str) -> str:
    """Names as a path, whatever is in them."""
    return "/" + "/".join(quote(part, safe="~") for part in parts)


def moment(text: object) -> datetime | None:
    """An Airflow timestamp in UTC; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


__all__ = ["Airflow", "Environments", "Json", "environments", "moment", "path"]
