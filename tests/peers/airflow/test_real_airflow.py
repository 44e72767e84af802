"""The Airflow specialist against a real Apache Airflow 3: directly by URL, and through the shim of Amazon MWAA."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.models import Evidence, Finding, new_id
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from slack_app.application import Application
from slack_app.bootstrap import application, build_deps
from tests.peers import missing
from tests.peers.airflow import PASSWORDS, READER, RealAirflow, running_airflow
from tests.tools.evidence.conftest import Caller
from tools.aws import Boto3Session
from tools.evidence.airflow.history import task_history
from tools.evidence.airflow.overview import airflow_overview
from tools.evidence.airflow.runs import dag_runs, task_failure
from tools.evidence.airflow.upstream import dag_upstream
from tools.evidence.airflow.waiting import airflow_waiting_tasks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing("airflow")), reason=missing("airflow")),
    pytest.mark.xdist_group("airflow"),
]

REASON = "ValueError: column amount of raw.orders is missing in 3 rows"
WAYS = ("mwaa", "url")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    """An Airflow in which a report failed because the orders that it started failed."""
    with running_airflow(tmp_path_factory.mktemp("airflow") / "home") as running:
        running.add_pool("warehouse", 0)
        running.unpause("nightly_orders")
        running.trigger("blocked_export")
        running.trigger("orders_report")
        running.wait_for("orders_report", "failed")
        running.until(lambda: bool(running.get("/importErrors")["import_errors"]), "an import error is known")
        running.until(lambda: running.get("/pools/warehouse")["scheduled_slots"] > 0, "a task waits for the pool")
        yield running


@pytest.fixture(scope="module")
def account(airflow: RealAirflow) -> Iterator[SimulatedAccount]:
    """An AWS account with an MWAA environment that passes everything on to the real Airflow."""
    address = {"url": airflow.url, "user": READER, "password": PASSWORDS[READER]}
    shim = {"name": "analytics", "airflow_version": "3.3.2", "airflow": address}
    with SimulatedAccount() as running:
        running.load(_scenario(mwaa=[shim]))
        yield running


def _scenario(**parts: Any) -> Scenario:
    story = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
    named = {"name": "airflow", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
    return Scenario.model_validate({**named, **story, **parts})


@pytest.fixture(params=WAYS)
def reached(
    request: pytest.FixtureRequest, airflow: RealAirflow, account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The real Airflow in one of two ways: through the shim, or by its address in the settings and nothing else."""
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WATCHKEEPER_AWS_REGION", "us-east-1" if request.param == "mwaa" else "eu-west-3")
    if request.param == "url":
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_URL", f"analytics={airflow.url}")
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_USER", READER)
        monkeypatch.setenv("WATCHKEEPER_AIRFLOW_PASSWORD", PASSWORDS[READER])
    return str(request.param)


@pytest.fixture
def call(reached: str) -> Caller:
    region = os.environ["WATCHKEEPER_AWS_REGION"]
    return Caller(Boto3Session.open(region), now=datetime.now(UTC))


@pytest.fixture
async def app(reached: str, tmp_path: Path) -> AsyncIterator[Application]:
    held = build_deps(Settings.read(home=tmp_path))
    async with application(held.deps) as running:
        yield running
    held.close()


def by_kind(evidence: Evidence) -> dict[str, Finding]:
    return {finding.kind: finding for finding in evidence.findings}


async def test_the_exception_of_the_failed_task_is_read(call: Caller):
    evidence = await call(task_failure, dag_id="nightly_orders")
    failed = by_kind(evidence)["task_failed"]
    assert (failed.attributes["task_id"], failed.attributes["exception"]) == ("load", "ValueError")
    assert REASON in failed.statement
    assert "publish" in by_kind(evidence)["upstream_failed"].statement


async def test_the_first_failing_ancestor_is_behind_the_trigger(call: Caller):
    evidence = await call(dag_upstream, dag_id="orders_report")
    assert "orders_report (trigger build_orders) → nightly_orders" in evidence.summary
    assert by_kind(evidence)["task_failed"].attributes["task_id"] == "load"


async def test_the_overview_sees_failures_import_errors_and_the_starved_pool(call: Caller):
    evidence = await call(airflow_overview)
    found = by_kind(evidence)
    assert {f.resource for f in evidence.findings if f.kind == "dag_failed"} == {"nightly_orders", "orders_report"}
    assert "No module named 'a_package_that_nobody_installed'" in found["import_error"].statement
    assert found["pool_starved"].resource == "warehouse"
    assert "airflow_unhealthy" not in found
    assert "Could not read" not in evidence.summary


async def test_a_task_that_waits_for_the_pool_is_told_with_its_reason(reached: str, call: Caller):
    later = Caller(call.aws, now=datetime.fromtimestamp(datetime.now(UTC).timestamp() + 1200, UTC))
    evidence = await later(airflow_waiting_tasks)
    waiting = by_kind(evidence)["task_waiting"]
    assert (waiting.attributes["dag_id"], waiting.attributes["reason"]) == ("blocked_export", "pool")


async def test_runs_and_task_history_are_read(call: Caller):
    runs = await call(dag_runs, dag_id="nightly_orders")
    assert "1 of the last 1 runs failed" in runs.summary
    history = await call(task_history, dag_id="nightly_orders")
    assert "load: no habit yet, 1 of 1 runs troubled." in history.summary


async def test_the_whole_specialist_names_the_task_and_its_exception(app: Application):
    answer, evidence = await app.ask("Why did the Airflow DAG nightly_orders fail?", [], new_id("run"), _quietly)
    text = " ".join([answer.headline, *(claim.text for claim in answer.claims)])
    assert "load" in text, (text, [(each.tool, each.parameters) for each in evidence])
    assert REASON in text
    assert {"airflow_overview", "task_failure"} <= {each.tool for each in evidence}


async def _quietly(part: dict[str, Any]) -> None:
    """Nobody watches."""
