"""Airflow's DAGs: of Amazon MWAA, and at an address of one's own with a token of its own for changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent.errors import WriteRefused
from agent.models import Resource
from agent.settings import Settings
from deploy.local.account.airflow.server import AirflowServer
from deploy.local.account.schema.mwaa import MwaaEnvironment
from tests.tools.actions.account import ACCOUNT, NOW, REGION, TOKEN, Bench
from tools.actions.airflow_trigger_dag import run_id
from tools.actions.catalog import actions
from tools.aws.writing import AssumedWriteAccess

READER, WRITER = "reading-" + "word", "writing-" + "word"
TASKS = [{"task_id": "fetch"}, {"task_id": "load", "upstream": ["fetch"]}, {"task_id": "report", "upstream": ["load"]}]
FAILURE = {"run": "-1h", "task_id": "load"}
RUN = {"3.0.6": "scheduled__2026-11-18T14:00:00+00:00", "2.10.3": "scheduled__2026-11-17T14:00:00+00:00"}


def environment(version: str = "3.0.6", **more: Any) -> dict[str, Any]:
    runs = {"every": "1d", "latest": "-1h", "failures": [FAILURE]}
    dags = [
        {"dag_id": "prices", "tasks": TASKS, "runs": runs},
        {"dag_id": "ratings", "tasks": TASKS, "paused": True, "runs": {"every": "1d", "latest": "-1h"}},
    ]
    return {"name": "analytics", "airflow_version": version, "dags": dags, **more}


@pytest.fixture
def mwaa(bench: Bench) -> Bench:
    bench.load(mwaa=[environment()])
    return bench


class Hosted:
    """The same actions on an Airflow of one's own."""

    def __init__(self, bench: Bench, server: AirflowServer, **settings: Any) -> None:
        self.bench, self.server = bench, server
        reads = {"airflow_url": f"analytics={server.url}", "airflow_user": "reader", "airflow_password": READER}
        role = {"executor_role_arn": bench.account.executor_role_arn}
        self.settings = Settings.read(**{**role, **reads, **settings})

    def do(self, name: str, target: str, **parameters: Any) -> tuple[Any, Any, Any]:
        """(what was found before, the result, what was found afterwards)"""
        kind = actions(self.settings)[name]
        resource = Resource(service="mwaa", type="dag", id=target, region=REGION, account=ACCOUNT)
        order = kind.order(resource, {"environment": "analytics", **parameters})
        preview = kind.preview(order, self.bench.aws, NOW)
        assert preview.problems == ()
        before = kind.find_effect(order, preview, self.bench.aws, TOKEN, NOW)
        session = AssumedWriteAccess.of(self.settings).open(kind.permissions(order), "act_1", ACCOUNT)
        result = kind.execute(order, preview, session, TOKEN, NOW)
        return before, result, kind.find_effect(order, preview, self.bench.aws, TOKEN, NOW)

    def preview(self, name: str, target: str, **parameters: Any) -> Any:
        kind = actions(self.settings)[name]
        resource = Resource(service="mwaa", type="dag", id=target, region=REGION, account=ACCOUNT)
        return kind.preview(kind.order(resource, {"environment": "analytics", **parameters}), self.bench.aws, NOW)


@pytest.fixture(params=["3.0.6", "2.10.3"])
def server(request: pytest.FixtureRequest) -> Iterator[AirflowServer]:
    declared = MwaaEnvironment.model_validate(environment(request.param))
    with AirflowServer(declared, NOW, lambda: NOW, "reader", READER, writer=("writer", WRITER)) as running:
        yield running


def changes(server: AirflowServer) -> list[str]:
    return [each for each in server.requests if not each.startswith("GET") and "/auth/" not in each]


@pytest.mark.parametrize("token", [f"writer:{WRITER}", "token-of-writer", f"other=x,analytics=writer:{WRITER}"])
def test_an_airflow_of_ones_own_is_changed_with_its_own_token(bench: Bench, server: AirflowServer, token: str) -> None:
    bench.load()
    hosted = Hosted(bench, server, airflow_write_token=token)
    before, result, after = hosted.do("airflow_pause_dag", "prices", paused=True)
    assert before is None
    assert result.succeeded
    assert after is not None
    assert changes(server) == [f"PATCH {server.prefix}/dags/prices"]


def test_a_run_and_a_task_there_too(bench: Bench, server: AirflowServer) -> None:
    bench.load()
    hosted = Hosted(bench, server, airflow_write_token=f"writer:{WRITER}")
    run = RUN["2.10.3" if server.prefix.endswith("v1") else "3.0.6"]
    for name, parameters in (
        ("airflow_trigger_dag", {"conf": {"day": "today"}}),
        ("airflow_clear_task", {"run_id": run}),
    ):
        before, result, after = hosted.do(name, "prices", **parameters)
        assert before is None
        assert result.succeeded
        assert after is not None
    assert len(changes(server)) == 2


def test_the_token_that_reads_changes_nothing(bench: Bench, server: AirflowServer) -> None:
    bench.load()
    hosted = Hosted(bench, server, airflow_write_token=f"reader:{READER}")
    with pytest.raises(WriteRefused, match="HTTP 403"):
        hosted.do("airflow_pause_dag", "prices", paused=True)
    assert not server.api.dag("prices", {})["is_paused"]


def test_without_a_token_for_changes_it_is_a_problem(bench: Bench, server: AirflowServer) -> None:
    bench.load()
    preview = Hosted(bench, server).preview("airflow_pause_dag", "prices", paused=True)
    assert "WATCHKEEPER_AIRFLOW_WRITE_TOKEN" in preview.problems[0]


def test_without_the_executors_role_nothing_is_changed_there_either(bench: Bench, server: AirflowServer) -> None:
    hosted = Hosted(bench, server, airflow_write_token=f"writer:{WRITER}", executor_role_arn="")
    with pytest.raises(Exception, match="WATCHKEEPER_EXECUTOR_ROLE_ARN"):
        hosted.do("airflow_pause_dag", "prices", paused=True)
    assert changes(server) == []


def test_a_paused_dag_is_not_started(mwaa: Bench) -> None:
    preview = mwaa.preview("airflow_trigger_dag", "ratings", environment="analytics")
    assert "unpause it first" in preview.problems[0]


def test_a_run_that_an_earlier_attempt_began_is_not_begun_twice(mwaa: Bench) -> None:
    first = mwaa.execute("airflow_trigger_dag", "prices", environment="analytics")
    again = mwaa.execute("airflow_trigger_dag", "prices", environment="analytics")
    assert first.reference == again.reference == run_id(TOKEN)
    path = "/dags/prices/dagRuns"
    runs = mwaa.person("mwaa").invoke_rest_api(Name="analytics", Method="GET", Path=path)["RestApiResponse"]
    assert [each["dag_run_id"] for each in runs["dag_runs"]].count(run_id(TOKEN)) == 1


def test_unpausing_warns_of_the_runs_that_it_starts(mwaa: Bench) -> None:
    preview = mwaa.preview("airflow_pause_dag", "ratings", environment="analytics", paused=False)
    assert "catch-up" in preview.warnings[0]
    already = mwaa.preview("airflow_pause_dag", "ratings", environment="analytics", paused=True)
    assert "already" in already.problems[0]


def clear(bench: Bench, **parameters: Any) -> Any:
    wanted = {"environment": "analytics", "run_id": RUN["3.0.6"], **parameters}
    return bench.preview("airflow_clear_task", "prices", **wanted)


def test_only_what_failed_runs_again(mwaa: Bench) -> None:
    assert list(clear(mwaa).before["tasks"]) == ["load", "report"]
    assert list(clear(mwaa, task_ids="load").before["tasks"]) == ["load"]
    assert list(clear(mwaa, task_ids="load", downstream=True).before["tasks"]) == ["load", "report"]
    assert "nothing to repeat" in clear(mwaa, task_ids=["fetch"]).problems[0]


def test_what_succeeded_runs_again_only_by_name(mwaa: Bench) -> None:
    preview = clear(mwaa, task_ids=["fetch"], only_failed=False)
    assert list(preview.before["tasks"]) == ["fetch"]
    assert "second time" in preview.warnings[0]


@pytest.mark.parametrize(
    ("parameters", "why"),
    [({"run_id": "nobody"}, "has no run nobody"), ({"task_ids": ["nobody"]}, "has no task nobody")],
)
def test_what_is_not_there_is_a_problem(mwaa: Bench, parameters: dict[str, Any], why: str) -> None:
    assert why in clear(mwaa, **parameters).problems[0]


def test_an_environment_that_is_being_updated_is_left_alone(bench: Bench) -> None:
    bench.load(mwaa=[environment(status="UPDATING")])
    preview = bench.preview("airflow_pause_dag", "prices", environment="analytics", paused=True)
    assert "UPDATING" in preview.problems[0]


def test_the_client_sends_no_other_request(mwaa: Bench) -> None:
    kind = actions(Settings.read())["airflow_pause_dag"]
    order = mwaa.order("airflow_pause_dag", "prices", {"environment": "analytics", "paused": True})
    client = mwaa.writes.open(kind.permissions(order), "act_1", ACCOUNT).client("mwaa")
    for method, path, body in (
        ("PATCH", "/dags/ratings", {"is_paused": True}),
        ("PATCH", "/dags/prices", {"is_paused": False}),
        ("DELETE", "/dags/prices", {"is_paused": True}),
    ):
        with pytest.raises(WriteRefused):
            client.invoke_rest_api(Name="analytics", Method=method, Path=path, Body=body)
