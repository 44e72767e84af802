from typing import Any

from agent.models import Evidence, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


def database(name: str = "orders-db", **more: Any) -> dict[str, Any]:
    return {"rds_instances": [{"name": name, **more}, {"name": "quiet-db"}]}


async def test_parameters_that_somebody_set_and_that_wait_for_a_reboot(load: Load, call: Call):
    load(
        resources=database(parameters={"max_connections": "900", "work_mem": "64"}, parameters_status="pending-reboot")
    )
    evidence = await call(describe_resource, resource="orders-db")
    (state,) = kinds(evidence, "resource_state")
    assert state.attributes["parameters_set"] == "max_connections=900 (after a reboot), work_mem=64"
    (pending,) = kinds(evidence, "change_pending")
    assert pending.attributes["waits_for"] == "reboot"
    assert not kinds(await call(describe_resource, resource="quiet-db"), "change_pending")


async def test_modifications_that_wait_for_the_maintenance_window(load: Load, call: Call):
    load(resources=database(pending={"DBInstanceClass": "db.r6g.2xlarge"}))
    (pending,) = kinds(await call(describe_resource, resource="orders-db"), "change_pending")
    assert "db.r6g.2xlarge" in pending.attributes["change"]


async def test_a_full_disk_is_told_with_the_storage_it_has(load: Load, call: Call):
    load(resources=database(status="storage-full", storage_gb=100))
    evidence = await call(describe_resource, resource="orders-db")
    assert "does not scale" in kinds(evidence, "resource_state")[0].attributes["storage_gb"]
    (event,) = kinds(evidence, "service_event")
    assert event.strength > 0.85


async def test_a_cluster_is_described_with_its_members_and_failovers(load: Load, call: Call):
    load(resources={"rds_instances": [{"name": "shop-1", "engine": "aurora-postgresql", "cluster": "shop"}]})
    (state,) = kinds(await call(describe_resource, resource="shop", service="rds"), "resource_state")
    assert (state.resource, state.attributes["type"]) == ("shop", "db-cluster")


async def test_events_that_may_not_be_read_leave_the_state(load: Load, call: Call):
    load(resources=database(), denied=[{"action": "rds:DescribeEvents"}])
    evidence = await call(describe_resource, resource="orders-db")
    assert kinds(evidence, "resource_state")
    assert "rds:DescribeEvents" in evidence.summary
