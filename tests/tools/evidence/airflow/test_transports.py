"""One suite for every way to reach Airflow: through Amazon MWAA and by URL, versions 2 and 3."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus
from deploy.local.account.airflow.server import AirflowServer
from deploy.local.account.schema.mwaa import MwaaEnvironment
from tests.tools.evidence.airflow.examples import FAILURE, dag, environment
from tests.tools.evidence.conftest import NOW, Call, Load
from tools.evidence.airflow.overview import airflow_overview
from tools.evidence.airflow.runs import dag_runs, task_failure

WAYS = [(way, version) for way in ("mwaa", "url") for version in ("3.0.6", "2.10.3")]
PASSWORD = "-".join(("only", "for", "tests"))

Serve = Callable[..., AirflowServer]
Reach = Callable[..., None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """`serve(environment)` starts an Airflow at an address of its own; the settings name it."""
    with ExitStack() as stack:

        def start(told: dict[str, Any]) -> AirflowServer:
            declared = MwaaEnvironment.model_validate(told)
            server = stack.enter_context(AirflowServer(declared, NOW, lambda: NOW, "reader", PASSWORD))
            monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"{told['name']}={server.url}")
            monkeypatch.setenv("WATCHKEEPER_AIRFLOW_USER", "reader")
            monkeypatch.setenv("WATCHKEEPER_AIRFLOW_PASSWORD", PASSWORD)
            return server

        yield start


@pytest.fixture(params=WAYS, ids=lambda way: "-".join(way))
def reach(request: pytest.FixtureRequest, load: Load, serve: Serve) -> Reach:
    """`reach(dags=[...])` puts an environment where the tools can reach it in this way."""
    way, version = request.param

    def put(**parts: Any) -> None:
        told = environment(version, **parts)
        load(mwaa=[told] if way == "mwaa" else [])
        if way == "url":
            serve(told)

    return put


def kinds(evidence: Evidence) -> set[str]:
    return {finding.kind for finding in evidence.findings}


async def test_a_failed_task_and_its_exception_are_found(reach: Reach, call: Call):
    reach()
    evidence = await call(task_failure)
    failed = next(f for f in evidence.findings if f.kind == "task_failed")
    assert (failed.attributes["dag_id"], failed.attributes["task_id"]) == ("orders", "load")
    assert failed.attributes["exception"] == "FileNotFoundError"
    assert "stock" not in evidence.summary


async def test_a_listing_is_read_over_all_of_its_pages(reach: Reach, call: Call):
    dags = [dag(f"export_{number:03}") for number in range(130)]
    reach(dags=[*dags, dag("late_orders", FAILURE)])
    evidence = await call(dag_runs, dag_id="ate_ord")
    assert "DAG late_orders in analytics" in evidence.summary
    assert evidence.cost.api_calls >= 3


async def test_what_is_not_there_is_no_failure(reach: Reach, call: Call):
    reach()
    evidence = await call(dag_runs, dag_id="nowhere")
    assert evidence.status == EvidenceStatus.no_data


async def test_a_part_that_may_not_be_read_is_named_and_the_rest_is_used(reach: Reach, call: Call):
    reach(forbidden=["/pools"])
    evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.ok
    assert "dag_failed" in kinds(evidence)
    assert "allow can_read on Pools in Airflow analytics" in evidence.summary


async def test_when_nothing_may_be_read_the_permission_is_named(reach: Reach, call: Call):
    reach(forbidden=["/"])
    evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.denied
    assert "can_read on" in evidence.summary


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_nothing_but_gets_and_the_login_is_sent(load: Load, serve: Serve, call: Call, version: str):
    load()
    server = serve(environment(version))
    await call(airflow_overview)
    others = {request for request in server.requests if not request.startswith("GET ")}
    assert others == ({"POST /auth/token"} if version.startswith("3") else set())


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_a_link_leads_to_the_airflow_itself(load: Load, serve: Serve, call: Call, version: str):
    load()
    server = serve(environment(version))
    evidence = await call(task_failure, dag_id="orders")
    assert evidence.console_url.startswith(f"{server.url}/dags/orders/")


async def test_a_token_is_used_instead_of_a_user(load: Load, serve: Serve, call: Call, monkeypatch: pytest.MonkeyPatch):
    load()
    server = serve(environment())
    monkeypatch.delenv("WATCHKEEPER_AIRFLOW_USER")
    monkeypatch.setenv("WATCHKEEPER_AIRFLOW_TOKEN", f"other=nonsense,analytics={server.token}")
    assert "dag_failed" in kinds(await call(airflow_overview))
    assert "POST /auth/token" not in server.requests


async def test_one_environment_s_token_is_not_shown_to_another(
    load: Load, serve: Serve, call: Call, monkeypatch: pytest.MonkeyPatch
):
    load()
    mine, other = serve(environment()), serve(environment(name="science"))
    monkeypatch.delenv("WATCHKEEPER_AIRFLOW_USER")
    monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"analytics={mine.url},science={other.url}")
    monkeypatch.setenv("WATCHKEEPER_AIRFLOW_TOKEN", f"analytics={mine.token}")
    found = await call(airflow_overview)
    assert "dag_failed" in kinds(found)
    assert "a valid user or token in Airflow science" in found.summary
    assert mine.token not in " ".join(other.authorizations)


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_a_wrong_password_is_denied(
    load: Load, serve: Serve, call: Call, monkeypatch: pytest.MonkeyPatch, version: str
):
    load()
    serve(environment(version))
    monkeypatch.setenv("WATCHKEEPER_AIRFLOW_PASSWORD", "wrong")
    evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.denied
    assert "a valid user or token in Airflow analytics" in evidence.summary
    assert PASSWORD not in evidence.model_dump_json()


async def test_self_hosted_and_managed_environments_are_read_together(load: Load, serve: Serve, call: Call):
    load(mwaa=[environment()])
    serve(environment(name="science", dags=[dag("forecast", FAILURE)]))
    evidence = await call(airflow_overview)
    assert {f.resource for f in evidence.findings if f.kind == "dag_failed"} == {"orders", "forecast"}
    only = await call(airflow_overview, environment="science")
    assert {f.resource for f in only.findings} == {"forecast"}


async def test_an_address_where_nothing_listens_is_an_error_that_says_so(
    load: Load, call: Call, monkeypatch: pytest.MonkeyPatch
):
    load()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.error
    assert "could not be reached" in evidence.summary


async def test_an_airflow_that_hangs_is_a_timeout(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    load()
    monkeypatch.setenv("WATCHKEEPER_AWS_TIMEOUT_SECONDS", "0.3")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.timeout


async def test_a_redirect_is_not_followed(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    load()
    reached: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reached.append(self.path)
            self.send_response(302)
            self.send_header("location", "/somewhere-else")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"http://127.0.0.1:{server.server_address[1]}")
        evidence = await call(airflow_overview)
        server.shutdown()
        thread.join()
    assert evidence.status == EvidenceStatus.error
    assert "redirects to /somewhere-else" in evidence.summary
    assert set(reached) == {"/api/v2/version"}


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_a_server_that_is_no_airflow_is_said_to_be_none(
    load: Load, serve: Serve, call: Call, monkeypatch: pytest.MonkeyPatch, version: str
):
    load()
    server = serve(environment(version))
    monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"{server.url}/shop")
    evidence = await call(airflow_overview)
    assert evidence.status == EvidenceStatus.error
    assert "is it the address of Airflow itself?" in evidence.summary
