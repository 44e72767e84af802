"""DAGs that stand still are seen in the overview: paused ones, and ones that nobody triggers any more."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import Evidence, Finding
from tests.tools.evidence.airflow.examples import dag, environment
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.airflow.overview import airflow_overview

DAILY_UNTIL_YESTERDAY = {"every": "1d", "from": "-20d", "to": "-1d", "latest": "-1d02h"}


def still(evidence: Evidence) -> dict[str, Finding]:
    return {f.resource: f for f in evidence.findings if f.kind in ("dag_paused", "dag_late")}


def triggered(name: str, **runs: Any) -> dict[str, Any]:
    return dag(name, schedule="", runs={**DAILY_UNTIL_YESTERDAY, **runs})


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_a_paused_dag_that_ran_lately_is_told_with_its_environment(load: Load, call: Call, version: str):
    old = {"from": "-60d", "to": "-40d", "latest": "-40d"}
    dags = [dag("export", paused=True), dag("laid-aside", paused=True, runs=old), dag("stock")]
    load(mwaa=[environment(version, dags=dags)])

    found = still(await call(airflow_overview))
    assert set(found) == {"export"}
    assert found["export"].attributes == {"dag_id": "export", "environment": "analytics"}


@pytest.mark.parametrize("version", ["3.0.6", "2.10.3"])
async def test_a_run_that_somebody_used_to_trigger_every_day_is_missed(load: Load, call: Call, version: str):
    on_time = {"to": "0m", "latest": "-2h"}
    load(mwaa=[environment(version, dags=[triggered("prices"), triggered("ratings", **on_time)])])

    found = still(await call(airflow_overview))
    assert set(found) == {"prices"}
    late = found["prices"].attributes
    assert (late["reason"], late["environment"], late["due"][:16]) == ("untriggered", "analytics", "2026-11-18T13:00")


async def test_runs_without_a_rhythm_are_missed_by_nobody(load: Load, call: Call):
    load(mwaa=[environment(dags=[triggered("by-hand", **{"from": "-3d"})])])

    assert still(await call(airflow_overview)) == {}
