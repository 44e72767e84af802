from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.databases.performance import database_performance, vcpus

SLOW = {
    "sql": "SELECT * FROM orders WHERE lower(email) = ?",
    "wait": "IO:DataFileRead",
    "load": 0.1,
    "changes": [{"from": "-40m", "load": 7}],
}
USUAL = {"sql": "UPDATE stock SET n = n - ? WHERE id = ?", "wait": "CPU", "load": 0.6}


def database(name: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "performance": {"parts": list(parts)}}


def by(evidence: Evidence, attribute: str) -> list[Finding]:
    return [finding for finding in evidence.findings if attribute in finding.attributes]


async def test_the_statement_and_wait_that_took_the_added_load_come_first(load: Load, call: Call):
    load(resources={"rds_instances": [database("orders-db", SLOW, USUAL), database("quiet-db", USUAL)]})
    evidence = await call(database_performance, resource="orders-db")
    total = next(f for f in evidence.findings if f.attributes.get("vcpus"))
    assert (total.attributes["trend"], total.attributes["vcpus"]) == ("rise", "2")
    assert total.at is not None
    assert f"{total.at:%H:%M}" == "14:20"
    statement = by(evidence, "sql")[0]
    assert "lower(email)" in statement.attributes["sql"]
    assert float(statement.attributes["share"]) > 0.85
    assert by(evidence, "wait")[0].attributes["wait"] == "IO:DataFileRead"
    assert {f.resource for f in evidence.findings} == {"orders-db"}
    assert "performance-insights" in evidence.console_url


async def test_a_usual_load_is_no_rise(load: Load, call: Call):
    load(resources={"rds_instances": [database("quiet-db", USUAL)]})
    evidence = await call(database_performance)
    assert all(f.attributes["trend"] == "steady" and f.strength < 0.6 for f in evidence.findings)


async def test_instances_without_performance_insights_are_named(load: Load, call: Call):
    load(resources={"rds_instances": [{"name": "plain-db"}]})
    evidence = await call(database_performance, resource="plain-db")
    assert evidence.status is EvidenceStatus.no_data
    assert "Performance Insights is off for plain-db" in evidence.summary
    load(resources={"rds_instances": [{"name": "plain-db"}, database("orders-db", USUAL)]})
    both = await call(database_performance)
    assert both.status is EvidenceStatus.ok
    assert "off for plain-db" in both.summary


async def test_waits_are_told_when_statements_may_not_be_read(load: Load, call: Call):
    load(
        resources={"rds_instances": [database("orders-db", SLOW, USUAL)]},
        denied=[{"action": "pi:DescribeDimensionKeys"}],
    )
    evidence = await call(database_performance, resource="orders-db")
    assert evidence.status is EvidenceStatus.denied
    assert "pi:DescribeDimensionKeys" in evidence.summary


@pytest.mark.parametrize(
    ("instance_class", "cpus"),
    [("db.t3.micro", 2), ("db.r6g.large", 2), ("db.r6g.xlarge", 4), ("db.m5.12xlarge", 48), ("db.serverless", 0)],
)
def test_cpus_of_rds_classes(instance_class: str, cpus: int):
    assert vcpus(instance_class) == cpus
