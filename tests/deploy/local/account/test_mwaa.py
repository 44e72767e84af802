"""Managed Airflow as real boto3 sees it: environments, and Airflow's own REST API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.deploy.local.account.conftest import NOW, Clock

FAILED_LOAD = {
    "run": "-2h",
    "task_id": "load",
    "tries": 2,
    "seconds": 10,
    "lines": [
        {"event": "reading s3://drops/orders/{date:-2h}.csv"},
        {
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [{"exc_type": "NoSuchKey", "exc_value": "gone"}],
        },
    ],
}
ORDERS = {
    "dag_id": "orders",
    "owner": "data",
    "tags": ["tier-1"],
    "tasks": [
        {"task_id": "extract", "typical_seconds": 20},
        {"task_id": "load", "upstream": ["extract"], "typical_seconds": 60, "retries": 1, "retry_delay_seconds": 30},
        {"task_id": "publish", "upstream": ["load"]},
    ],
    "runs": {"every": "1d", "from": "-5d", "latest": "-2h", "failures": [FAILED_LOAD]},
}
STOCK = {"dag_id": "stock", "paused": True, "tasks": [{"task_id": "count"}], "runs": {"every": "6h", "from": "-1d"}}
ENVIRONMENT = {
    "name": "data-prod",
    "dags": [ORDERS, STOCK],
    "import_errors": [{"file": "broken.py", "stack_trace": "ModuleNotFoundError: nope", "at": "-3d"}],
    "pools": [{"name": "default_pool", "slots": 10, "occupied": 3, "queued": 1}],
}

Get = Callable[..., dict[str, Any]]


@pytest.fixture
def get(load: Callable[..., Any], client: Callable[..., Any]) -> Get:
    load(mwaa=[ENVIRONMENT])
    mwaa = client("mwaa")

    def ask(path: str, name: str = "data-prod", **query: Any) -> dict[str, Any]:
        reply = mwaa.invoke_rest_api(Name=name, Path=path, Method="GET", QueryParameters=query)
        assert reply["RestApiStatusCode"] == 200
        return reply["RestApiResponse"]

    return ask


def latest_run(get: Get) -> str:
    return get("/dags/orders/dagRuns", order_by="-run_after", limit=1)["dag_runs"][0]["dag_run_id"]


def test_environments_are_listed_a_page_at_a_time(load: Callable[..., Any], client: Callable[..., Any]) -> None:
    load(mwaa=[{"name": name} for name in ("alpha", "beta", "gamma")])
    first = client("mwaa").list_environments(MaxResults=2)
    second = client("mwaa").list_environments(MaxResults=2, NextToken=first["NextToken"])
    assert (first["Environments"], second["Environments"]) == (["alpha", "beta"], ["gamma"])
    assert "NextToken" not in second


def test_an_environment_of_another_region_is_not_found(load: Callable[..., Any], client: Callable[..., Any]) -> None:
    load(mwaa=[{"name": "data-prod"}])
    there = client("mwaa", region="eu-west-1")
    assert there.list_environments()["Environments"] == []
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.get_environment(Name="data-prod")


def test_an_environment_tells_its_version_and_log_groups(load: Callable[..., Any], client: Callable[..., Any]) -> None:
    load(mwaa=[{"name": "data-prod", "airflow_version": "3.0.6"}])
    environment = client("mwaa").get_environment(Name="data-prod")["Environment"]
    assert environment["AirflowVersion"] == "3.0.6"
    logs = environment["LoggingConfiguration"]["TaskLogs"]["CloudWatchLogGroupArn"]
    assert logs.endswith(":log-group:airflow-data-prod-Task")


def test_a_failed_task_fails_its_run_and_holds_back_what_follows(get: Get) -> None:
    instances = get(f"/dags/orders/dagRuns/{latest_run(get)}/taskInstances")["task_instances"]
    assert {each["task_id"]: each["state"] for each in instances} == {
        "extract": "success",
        "load": "failed",
        "publish": "upstream_failed",
    }
    assert next(each["try_number"] for each in instances if each["task_id"] == "load") == 2


def test_runs_are_filtered_by_state_and_time(get: Get) -> None:
    assert get("/dags/orders/dagRuns")["total_entries"] == 5
    assert get("/dags/orders/dagRuns", state="failed")["total_entries"] == 1
    assert get("/dags/orders/dagRuns", state=["failed", "success"])["total_entries"] == 5
    since = (NOW - timedelta(days=2)).isoformat()
    assert get("/dags/orders/dagRuns", run_after_gte=since)["total_entries"] == 2
    assert get("/dags/orders/dagRuns", run_after_gte=since, state="success")["total_entries"] == 1


def test_runs_of_all_dags_are_found_with_a_tilde_and_paged(get: Get) -> None:
    every = get("/dags/~/dagRuns", order_by="-start_date")
    assert every["total_entries"] == 5 + 4
    starts = [run["start_date"] for run in every["dag_runs"]]
    assert starts == sorted(starts, reverse=True)
    page = get("/dags/~/dagRuns", order_by="-start_date", limit=3, offset=2)
    assert [run["start_date"] for run in page["dag_runs"]] == starts[2:5]


def test_a_run_shows_up_only_when_it_is_due(get: Get, clock: Clock) -> None:
    before = get("/dags/orders/dagRuns")["total_entries"]
    clock.moment = NOW + timedelta(hours=22, seconds=30)
    runs = get("/dags/orders/dagRuns", order_by="-run_after")["dag_runs"]
    assert len(runs) == before + 1
    assert runs[0]["state"] == "running"
    assert runs[0]["end_date"] is None


def test_each_try_has_its_own_time_and_log(get: Get) -> None:
    task = f"/dags/orders/dagRuns/{latest_run(get)}/taskInstances/load"
    tries = get(f"{task}/tries")["task_instances"]
    assert [each["state"] for each in tries] == ["up_for_retry", "failed"]
    log = get(f"{task}/logs/2")["content"]
    day = f"{NOW - timedelta(hours=2):%Y-%m-%d}"
    assert f"reading s3://drops/orders/{day}.csv" in [line["event"] for line in log]
    assert log[-1]["error_detail"][0]["exc_value"] == "gone"
    stamps = [datetime.fromisoformat(line["timestamp"]) for line in log if "timestamp" in line]
    assert all(stamp >= datetime.fromisoformat(tries[1]["start_date"]) for stamp in stamps)


def test_a_task_that_never_started_has_no_log(get: Get, client: Callable[..., Any]) -> None:
    with pytest.raises(client("mwaa").exceptions.RestApiClientException):
        get(f"/dags/orders/dagRuns/{latest_run(get)}/taskInstances/publish/logs/1")


def test_dags_are_filtered_by_tag_pattern_and_pause(get: Get) -> None:
    def names(**query: Any) -> list[str]:
        return [dag["dag_id"] for dag in get("/dags", **query)["dags"]]

    assert names() == ["orders", "stock"]
    assert names(tags="tier-1") == ["orders"]
    assert names(dag_id_pattern="%sto%") == ["stock"]
    assert names(paused="false") == ["orders"]
    assert names(last_dag_run_state="failed") == ["orders"]


def test_tasks_name_what_follows_them(get: Get) -> None:
    tasks = {task["task_id"]: task for task in get("/dags/orders/tasks")["tasks"]}
    assert tasks["extract"]["downstream_task_ids"] == ["load"]
    assert tasks["load"]["retries"] == 1


def test_import_errors_pools_and_health_are_told(get: Get) -> None:
    assert get("/importErrors")["import_errors"][0]["filename"].endswith("/broken.py")
    assert get("/pools/default_pool")["open_slots"] == 6
    assert get("/monitor/health")["scheduler"]["status"] == "healthy"
    assert get("/version")["version"].startswith("3.")


def test_event_logs_are_filtered(get: Get) -> None:
    failed = get("/eventLogs", event="failed")["event_logs"]
    assert [(each["task_id"], each["try_number"]) for each in failed] == [("load", 2)]
    assert get("/eventLogs", event="failed", dag_id="stock")["total_entries"] == 0


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/dags/nope", {}, 404),
        ("/connections", {}, 404),
        ("/health", {}, 404),
        ("/dags", {"colour": "blue"}, 400),
        ("/dags", {"order_by": "colour"}, 400),
        ("/dags", {"limit": "many"}, 422),
        ("/dags/orders/dagRuns", {"start_date_gte": "yesterday"}, 422),
    ],
)
def test_what_airflow_refuses_comes_back_as_its_own_error(
    get: Get, client: Callable[..., Any], path: str, query: dict[str, Any], status: int
) -> None:
    with pytest.raises(client("mwaa").exceptions.RestApiClientException) as refused:
        get(path, **query)
    assert refused.value.response["RestApiStatusCode"] == status
    assert refused.value.response["RestApiResponse"]["detail"]


def test_what_the_environment_does_not_do_is_refused(get: Get, client: Callable[..., Any]) -> None:
    mwaa = client("mwaa")
    with pytest.raises(mwaa.exceptions.RestApiClientException) as refused:
        mwaa.invoke_rest_api(Name="data-prod", Path="/dags/orders", Method="DELETE")
    assert refused.value.response["RestApiStatusCode"] == 405


def test_airflow_2_answers_in_the_shapes_of_version_1(load: Callable[..., Any], client: Callable[..., Any]) -> None:
    load(mwaa=[{**ENVIRONMENT, "airflow_version": "2.10.3"}])

    def get(path: str) -> dict[str, Any]:
        return client("mwaa").invoke_rest_api(Name="data-prod", Path=path, Method="GET")["RestApiResponse"]

    run = get("/dags/orders/dagRuns")["dag_runs"][-1]
    started = datetime.fromisoformat(run["start_date"])
    assert datetime.fromisoformat(run["execution_date"]) < started - timedelta(hours=23)
    assert "run_after" not in run
    assert get("/dags/orders")["schedule_interval"]["__type"] == "CronExpression"
    log = get(f"/dags/orders/dagRuns/{run['dag_run_id']}/taskInstances/load/logs/2")["content"]
    assert "NoSuchKey: gone" in log
    assert get("/health")["metadatabase"]["status"] == "healthy"
