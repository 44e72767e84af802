"""Routes of Airflow's REST API: version 2 of the API for Airflow 3, version 1 for Airflow 2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from deploy.local.account.airflow import shapes_v1, shapes_v2
from deploy.local.account.airflow.errors import RestError
from deploy.local.account.airflow.history import DagHistory, log_lines
from deploy.local.account.airflow.instances import DagRun, Succeeds, TaskInstance, unsaid
from deploy.local.account.airflow.listing import Matcher, any_of, between, contains, equals, is_true, listed, when
from deploy.local.account.schema.mwaa import MwaaEnvironment

Body = dict[str, Any]
_DATES = ("logical_date", "run_after", "start_date", "end_date")


class AirflowApi:
    """One environment's API.

    AirflowApi(environment, loaded, clock).get("/dags/orders/dagRuns", {"state": "failed", "limit": 5})
    """

    def __init__(
        self,
        environment: MwaaEnvironment,
        loaded: datetime,
        clock: Callable[[], datetime],
        succeeds: Succeeds = unsaid,
    ) -> None:
        self._environment, self._loaded, self._clock = environment, loaded, clock
        self.is_airflow_2 = environment.airflow_version.startswith("2.")
        self._shapes: ModuleType = shapes_v1 if self.is_airflow_2 else shapes_v2
        self._histories = {dag.dag_id: DagHistory(dag, loaded, self.is_airflow_2, succeeds) for dag in environment.dags}

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Body:
        """The JSON reply to a GET. Raises RestError."""
        for pattern, only_in, method in _ROUTES:
            match = re.fullmatch(pattern, path.rstrip("/"))
            if match and only_in in (None, 2 if self.is_airflow_2 else 3):
                self.permit(path)
                return method(self, *match.groups(), query=dict(query or {}))
        raise RestError(404, f"Not Found: {path}", "Not Found")

    def permit(self, path: str) -> None:
        """Raise RestError 403 where the caller's Airflow role may not go."""
        if any(path.startswith(beginning) for beginning in self._environment.forbidden):
            raise RestError(403, "Forbidden", "Forbidden")

    def dags(self, query: Body) -> Body:
        items = [self._dag(history) for history in self._histories.values()]
        matchers: dict[str, Matcher] = {
            "tags": any_of(lambda item: [tag["name"] for tag in item["tags"]]),
            "owners": any_of(lambda item: item["owners"]),
            "dag_id_pattern": contains("dag_id"),
            "paused": is_true("is_paused"),
            "only_active": lambda item, wanted: True,
            "last_dag_run_state": lambda item, wanted: self._last_state(item["dag_id"]) == wanted,
        }
        return listed("dags", items, query, matchers, ("dag_id",))

    def dag(self, dag_id: str, query: Body) -> Body:
        return self._dag(self.history(dag_id))

    def tasks(self, dag_id: str, query: Body) -> Body:
        dag = self.history(dag_id).dag
        items = [
            self._shapes.task(task, dag.owner, [each.task_id for each in dag.tasks if task.task_id in each.upstream])
            for task in dag.tasks
        ]
        return listed("tasks", items, query, {}, ("task_id",))

    def dag_runs(self, dag_id: str, query: Body) -> Body:
        items = [self._shapes.dag_run(run) for run in self._runs(dag_id)]
        return listed("dag_runs", items, query, _run_matchers(items), (*_DATES, "execution_date", "state", "dag_id"))

    def dag_run(self, dag_id: str, run_id: str, query: Body) -> Body:
        return self._shapes.dag_run(self.run(dag_id, run_id))

    def task_instances(self, dag_id: str, run_id: str, query: Body) -> Body:
        runs = self._runs(dag_id) if run_id == "~" else [self.run(dag_id, run_id)]
        items = [self._shapes.task_instance(run, instance) for run in runs for instance in run.tasks]
        matchers = {**_run_matchers(items), "task_id": equals("task_id"), "pool": equals("pool")}
        return listed("task_instances", items, query, matchers, (*_DATES, "execution_date", "task_id", "state"))

    def task_instance(self, dag_id: str, run_id: str, task_id: str, query: Body) -> Body:
        return self._shapes.task_instance(*self._instance(dag_id, run_id, task_id))

    def tries(self, dag_id: str, run_id: str, task_id: str, query: Body) -> Body:
        run, instance = self._instance(dag_id, run_id, task_id)
        items = [self._shapes.task_instance(run, instance, attempt) for attempt in instance.tries]
        return {"task_instances": items, "total_entries": len(items)}

    def one_try(self, dag_id: str, run_id: str, task_id: str, number: str, query: Body) -> Body:
        run, instance = self._instance(dag_id, run_id, task_id)
        _must_exist(instance, int(number))
        return self._shapes.task_instance(run, instance, instance.tries[int(number) - 1])

    def log(self, dag_id: str, run_id: str, task_id: str, number: str, query: Body) -> Body:
        _, instance = self._instance(dag_id, run_id, task_id)
        _must_exist(instance, int(number))
        return self._shapes.log(log_lines(instance, int(number), self._loaded))

    def import_errors(self, query: Body) -> Body:
        items = [
            {
                "import_error_id": number,
                "timestamp": shapes_v2.stamp(self._loaded + problem.at),
                "filename": f"{shapes_v2.DAGS_FOLDER}/{problem.file}",
                "stack_trace": problem.stack_trace,
                **({} if self.is_airflow_2 else {"bundle_name": "dags-folder"}),
            }
            for number, problem in enumerate(self._environment.import_errors, start=1)
        ]
        return listed("import_errors", items, query, {}, ("import_error_id", "timestamp", "filename"))

    def pools(self, query: Body) -> Body:
        items = [
            {
                "name": pool.name,
                "slots": pool.slots,
                "description": "",
                "include_deferred": False,
                "occupied_slots": pool.occupied,
                "running_slots": pool.occupied,
                "queued_slots": pool.queued,
                "scheduled_slots": pool.scheduled,
                "deferred_slots": 0,
                "open_slots": max(pool.slots - pool.occupied - pool.queued, 0),
            }
            for pool in self._environment.pools
        ]
        return listed("pools", items, query, {}, ("name", "slots"))

    def pool(self, name: str, query: Body) -> Body:
        found = next((pool for pool in self.pools({"limit": 100})["pools"] if pool["name"] == name), None)
        if found is None:
            raise RestError(404, f"The Pool with name: `{name}` was not found", "Not Found")
        return found

    def health(self, query: Body) -> Body:
        down, now = self._environment.unhealthy, self._clock()
        parts: Body = {"metadatabase": {}}
        for part in ("scheduler", "triggerer", "dag_processor"):
            beat = now - (timedelta(minutes=12) if part in down else timedelta(seconds=3))
            parts[part] = {f"latest_{part}_heartbeat": shapes_v2.stamp(beat)}
        return {name: {"status": "unhealthy" if name in down else "healthy", **told} for name, told in parts.items()}

    def upstream_events(self, dag_id: str, run_id: str, query: Body) -> Body:
        """Of each asset that starts the DAG, the latest update before the run."""
        run = self.run(dag_id, run_id)
        events: list[Body] = []
        for source in run.dag.assets:
            written = [
                (instance.end, each)
                for each in self._runs(source.dag_id)
                if (instance := each.task(source.task_id)) and instance.state == "success" and instance.end
                if instance.end <= run.start
            ]
            if written:
                at, latest = max(written, key=lambda pair: pair[0])
                events.append(shapes_v2.asset_event(source, latest, at, self.is_airflow_2))
        key = "dataset_events" if self.is_airflow_2 else "asset_events"
        return {key: events, "total_entries": len(events)}

    def assets(self, query: Body) -> Body:
        dags = [history.dag for history in self._histories.values()]
        uris = dict.fromkeys(source.uri for dag in dags for source in dag.assets)
        items: list[Body] = []
        for uri in uris:
            consumers = [dag.dag_id for dag in dags if uri in [source.uri for source in dag.assets]]
            producers = {(s.dag_id, s.task_id): s for dag in dags for s in dag.assets if s.uri == uri}
            items.append(shapes_v2.asset(uri, list(producers.values()), consumers, self.is_airflow_2))
        matchers: dict[str, Matcher] = {"dag_ids": any_of(_dags_of_asset)}
        return listed("datasets" if self.is_airflow_2 else "assets", items, query, matchers, ("uri",))

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str, query: Body) -> Body:
        """The only entry that the simulated tasks leave is the run that a trigger started, if the scenario names it."""
        _, instance = self._instance(dag_id, run_id, task_id)
        if key != "trigger_run_id" or "trigger_run_id" not in instance.task.rendered_fields:
            raise RestError(404, f"XCom entry with key: `{key}` not found", "Not Found")
        return {"key": key, "task_id": task_id, "value": instance.task.rendered_fields["trigger_run_id"]}

    def version(self, query: Body) -> Body:
        return {"version": self._environment.airflow_version, "git_version": None}

    def event_logs(self, query: Body) -> Body:
        items = sorted(self._events(), key=lambda item: item["when"])
        numbered = [{"event_log_id": number, **item} for number, item in enumerate(items, start=1)]
        matchers: dict[str, Matcher] = {
            **{name: equals(name) for name in ("dag_id", "task_id", "run_id", "event", "owner")},
            "before": lambda item, moment: when(item["when"]) < when(moment),
            "after": lambda item, moment: when(item["when"]) > when(moment),
        }
        return listed("event_logs", numbered, query, matchers, ("event_log_id", "when", "dag_id", "task_id", "event"))

    def _events(self) -> Iterator[Body]:
        for run in self._runs("~"):
            for instance in run.tasks:
                for attempt in instance.tries:
                    common = {"dag_id": run.dag.dag_id, "task_id": instance.task.task_id, "run_id": run.run_id,
                              "map_index": -1, "try_number": attempt.number, "owner": run.dag.owner, "extra": None,
                              "logical_date": shapes_v2.stamp(run.logical_date)}  # fmt: skip
                    yield {**common, "event": "running", "when": shapes_v2.stamp(attempt.start)}
                    if attempt.end is not None:
                        yield {**common, "event": attempt.state, "when": shapes_v2.stamp(attempt.end)}

    def _dag(self, history: DagHistory) -> Body:
        """A DAG whose file broke stays known, with the last version of it that did import."""
        shape: Body = self._shapes.dag(history, self._clock())
        broken = [problem.file for problem in self._environment.import_errors]
        return shape | {"has_import_errors": any(str(shape["fileloc"]).endswith(f"/{file}") for file in broken)}

    def history(self, dag_id: str) -> DagHistory:
        history = self._histories.get(dag_id)
        if history is None:
            raise RestError(404, f"The Dag with ID: `{dag_id}` was not found", "Not Found")
        return history

    def _runs(self, dag_id: str) -> list[DagRun]:
        histories = list(self._histories.values()) if dag_id == "~" else [self.history(dag_id)]
        return [run for history in histories for run in history.runs(self._clock())]

    def run(self, dag_id: str, run_id: str) -> DagRun:
        run = next((run for run in self.history(dag_id).runs(self._clock()) if run.run_id == run_id), None)
        if run is None:
            detail = f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}` was not found"
            raise RestError(404, detail, "Not Found")
        return run

    def _instance(self, dag_id: str, run_id: str, task_id: str) -> tuple[DagRun, TaskInstance]:
        run = self.run(dag_id, run_id)
        instance = run.task(task_id)
        if instance is None:
            detail = (
                f"The Task Instance with dag_id: `{dag_id}`, run_id: `{run_id}` and task_id: `{task_id}` was not found"
            )
            raise RestError(404, detail, "Not Found")
        return run, instance

    def _last_state(self, dag_id: str) -> str | None:
        runs = self.history(dag_id).runs(self._clock())
        return runs[-1].state if runs else None


def _run_matchers(items: list[Body]) -> dict[str, Matcher]:
    """The filters that apply to the dates and states that these items have."""
    fields = [name for name in (*_DATES, "execution_date") if not items or name in items[0]]
    matchers: dict[str, Matcher] = {"state": equals("state")}
    for field in fields:
        matchers |= between(field)
    return matchers


def _dags_of_asset(asset: Body) -> list[str]:
    names = ("producing_tasks", "scheduled_dags", "consuming_dags")
    return [each["dag_id"] for name in names for each in asset.get(name, [])]


def _must_exist(instance: TaskInstance, number: int) -> None:
    if not 1 <= number <= len(instance.tries):
        raise RestError(404, f"TaskInstance {instance.task.task_id} has no try {number}", "Not Found")


_RUN = r"/dags/([^/]+)/dagRuns"
_TASK = _RUN + r"/([^/]+)/taskInstances"
_ROUTES: list[tuple[str, int | None, Callable[..., Body]]] = [
    (r"/dags", None, AirflowApi.dags),
    (r"/dags/([^/~]+)(?:/details)?", None, AirflowApi.dag),
    (r"/dags/([^/]+)/tasks", None, AirflowApi.tasks),
    (_RUN, None, AirflowApi.dag_runs),
    (_RUN + r"/([^/]+)", None, AirflowApi.dag_run),
    (_TASK, None, AirflowApi.task_instances),
    (_TASK + r"/([^/]+)", None, AirflowApi.task_instance),
    (_TASK + r"/([^/]+)/tries", None, AirflowApi.tries),
    (_TASK + r"/([^/]+)/tries/(\d+)", None, AirflowApi.one_try),
    (_TASK + r"/([^/]+)/logs/(\d+)", None, AirflowApi.log),
    (_TASK + r"/([^/]+)/xcomEntries/([^/]+)", None, AirflowApi.xcom),
    (_RUN + r"/([^/]+)/upstreamAssetEvents", 3, AirflowApi.upstream_events),
    (_RUN + r"/([^/]+)/upstreamDatasetEvents", 2, AirflowApi.upstream_events),
    (r"/assets", 3, AirflowApi.assets),
    (r"/datasets", 2, AirflowApi.assets),
    (r"/importErrors", None, AirflowApi.import_errors),
    (r"/pools", None, AirflowApi.pools),
    (r"/pools/([^/]+)", None, AirflowApi.pool),
    (r"/health", 2, AirflowApi.health),
    (r"/monitor/health", 3, AirflowApi.health),
    (r"/version", None, AirflowApi.version),
    (r"/eventLogs", None, AirflowApi.event_logs),
]
"""(path, the only Airflow that has it, method). Groups of the path are the method's arguments."""
