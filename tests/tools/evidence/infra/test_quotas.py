from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.quotas import quota_usage

CONCURRENCY = "L-B99A9384"
VCPUS = {"Service": "EC2", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand"}


def metric(namespace: str, name: str, dimensions: dict[str, str], *events: dict[str, Any]) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, "dimensions": dimensions, "baseline": 10, "events": list(events)}


async def test_a_quota_that_is_reached_is_told_with_since_when(load: Load, call: Call):
    load(
        quotas=[{"service": "lambda", "code": CONCURRENCY, "value": 100}],
        metrics=[
            metric("AWS/Lambda", "ConcurrentExecutions", {}, {"from": "-30m", "set": 100, "noise": 0}),
            metric("AWS/Usage", "ResourceCount", VCPUS),
        ],
    )
    evidence = await call(quota_usage, service="lambda")
    (found,) = evidence.findings
    assert (found.kind, found.attributes["quota"]) == ("quota_near_limit", "Concurrent executions")
    assert (found.attributes["limit"], found.attributes["adjustable"]) == ("100", "yes")
    assert found.strength > 0.85
    assert found.at is not None
    assert f"{found.at:%H:%M}" == "14:30"
    assert "servicequotas/home/services/lambda/quotas" in evidence.console_url


async def test_what_is_used_to_less_than_four_fifths_is_free(load: Load, call: Call):
    load(
        quotas=[{"service": "ec2", "code": "L-1216C47A", "value": 64}],
        metrics=[metric("AWS/Usage", "ResourceCount", VCPUS)],
    )
    (found,) = (await call(quota_usage, service="ec2")).findings
    assert found.kind == "quota_free"
    assert "Standard" in found.statement


async def test_quotas_without_a_metric_are_counted(load: Load, call: Call):
    load(
        quotas=[{"service": "dynamodb", "code": "L-F98FE922", "value": 3}],
        resources={"dynamodb_tables": [{"name": name} for name in ("a", "b", "c")]},
    )
    (found,) = (await call(quota_usage, service="dynamodb")).findings
    assert (found.attributes["used"], found.attributes["limit"]) == ("3", "3")


async def test_quotas_of_another_service_are_left_out(load: Load, call: Call):
    load(
        quotas=[{"service": "lambda", "code": CONCURRENCY, "value": 10}],
        metrics=[metric("AWS/Lambda", "ConcurrentExecutions", {})],
    )
    found = (await call(quota_usage, service="dynamodb")).findings
    assert all(f.kind != "quota_near_limit" for f in found)


async def test_hundreds_of_quotas_are_read_over_several_pages(load: Load, call: Call):
    many = [{"service": "lambda", "code": f"L-{n:08d}", "value": 9, "name": f"Quota {n}"} for n in range(230)]
    last = {"service": "lambda", "code": "L-ZZ", "value": 10, "name": "The last", "namespace": "AWS/Usage",
            "metric": "ResourceCount", "dimensions": {"Resource": "Last"}}  # fmt: skip
    load(quotas=[*many, last], metrics=[metric("AWS/Usage", "ResourceCount", {"Resource": "Last"})])
    found = (await call(quota_usage, service="lambda")).findings
    assert [f.attributes["quota"] for f in found] == ["The last"]


async def test_counts_are_told_when_the_metrics_may_not_be_read(load: Load, call: Call):
    load(
        resources={"dynamodb_tables": [{"name": "a"}]},
        quotas=[{"service": "dynamodb", "code": "L-F98FE922", "value": 1}],
        denied=[{"action": "cloudwatch:GetMetricData"}],
    )
    evidence = await call(quota_usage)
    assert [f.attributes["quota"] for f in evidence.findings] == ["Maximum number of tables"]
    assert "cloudwatch:GetMetricData" in evidence.summary


async def test_a_service_without_quotas_has_no_data(load: Load, call: Call):
    load()
    assert (await call(quota_usage, service="kinesis")).status is EvidenceStatus.no_data
