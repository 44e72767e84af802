"""DAGs that are late, and failed runs that nobody posted."""

from __future__ import annotations

from typing import Any

from agent.models import Alert
from deploy.local.account.faults import Fault
from tests.lookout import Lookout
from tests.tools.detection.test_alarms import keep


def environment(**runs: Any) -> dict[str, Any]:
    """One DAG that runs every hour for two minutes."""
    dag = {"dag_id": "orders", "schedule": "@hourly", "tasks": [{"task_id": "load", "typical_seconds": 120}]}
    return {"name": "data", "dags": [{**dag, "runs": {"every": "1h", "from": "-2d", "latest": "-30m", **runs}}]}


FAILED = {"run": "-30m", "task_id": "load", "tries": 1, "seconds": 60}


async def test_a_dag_that_runs_as_ever_is_not_told(watching: Lookout):
    watching.load(mwaa=[environment()])
    assert await watching.until(0) == []
    assert "1 DAGs of data" in watching.ticks[0].learned


async def test_a_failed_run_that_nobody_posted_is_told(watching: Lookout):
    watching.load(mwaa=[environment(failures=[FAILED])])
    assert await watching.until(0) == [("firing", "DAG orders failed")]
    [alert] = watching.firing
    assert (alert.dag_id, alert.resource.type) == ("orders", "dag")
    assert alert.run_id in alert.description


async def test_a_failed_run_that_somebody_posted_is_not_told_again(watching: Lookout):
    watching.load(mwaa=[environment(failures=[FAILED])])
    await watching.until(-31)
    post = Alert(
        source="slack_post", title="Task failed", dag_id="orders", started_at=watching.clock(), fingerprint="p"
    )
    await keep(watching, post)
    assert await watching.until(10) == []


async def test_a_dag_that_stopped_running_is_late(watching: Lookout):
    watching.load(mwaa=[environment(to="-40m", latest=None)])
    told = await watching.until(60)
    assert told[:1] == [("firing", "DAG orders has not started on time")]
    assert len(told) == 1


async def test_dags_that_the_team_ignores_stay_silent(watching: Lookout):
    watching.watches(airflow={"ignore": ["ord*"]})
    watching.load(mwaa=[environment(failures=[FAILED])])
    assert await watching.until(0) == []


async def test_an_airflow_that_refuses_is_a_gap_and_spoils_nothing(watching: Lookout):
    watching.load(mwaa=[environment()])
    watching.account.put(Fault("mwaa:InvokeRestApi", code="AccessDeniedException", status=403))
    assert await watching.until(-30) == []
    assert any("Airflow data" in gap for gap in watching.ticks[-1].gaps)
