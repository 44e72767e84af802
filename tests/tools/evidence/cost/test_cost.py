from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.cost.anomalies import cost_anomalies
from tools.evidence.cost.breakdown import cost_breakdown
from tools.evidence.cost.budgets import budget_status
from tools.evidence.cost.drivers import cost_drivers
from tools.evidence.cost.forecast import cost_forecast


def line(service: str, usage_type: str, daily_usd: float, *events: dict[str, Any]) -> dict[str, Any]:
    return {"service": service, "usage_type": usage_type, "daily_usd": daily_usd, "events": list(events)}


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


STEADY = [line("Amazon Redshift", "Node:ra3.xlplus", 52), line("Amazon DynamoDB", "WriteRequestUnits", 9)]
NAT_SPIKE = [
    line("EC2 - Other", "NatGateway-Bytes", 22, {"from": "-4d", "add": 240}),
    line("EC2 - Other", "EBS:VolumeUsage.gp3", 10),
]


async def test_the_service_that_rose_is_named_with_its_usage_type_and_day(load: Load, call: Call):
    load(costs=[*STEADY, *NAT_SPIKE])
    evidence = await call(cost_breakdown)
    (rise,) = kinds(evidence, "cost_rise")
    assert (rise.attributes["service"], rise.attributes["usage_type"]) == ("EC2 - Other", "NatGateway-Bytes")
    assert f"{rise.at:%Y-%m-%d}" == "2026-11-14"
    assert float(rise.attributes["current"]) == pytest.approx(272, rel=0.1)
    assert rise.strength > 0.85
    assert {f.attributes["service"] for f in kinds(evidence, "cost_steady")} <= {"Amazon Redshift", "Amazon DynamoDB"}


async def test_a_service_is_understood_by_its_short_name_and_others_are_left_out(load: Load, call: Call):
    load(costs=[*STEADY, *NAT_SPIKE])
    evidence = await call(cost_breakdown, service="redshift")
    assert [f.kind for f in evidence.findings] == ["cost_total", "cost_steady"]
    assert "EC2 - Other" not in evidence.summary
    assert (await call(cost_breakdown, service="kinesis")).status is EvidenceStatus.no_data


async def test_quiet_weekends_are_no_drop(load: Load, call: Call):
    load(costs=[{**line("AWS Lambda", "Lambda-GB-Second", 100), "weekend": 0.4}, *STEADY])
    assert not kinds(await call(cost_breakdown), "cost_drop")


async def test_the_gateway_whose_bytes_grew_drives_the_cost(load: Load, call: Call):
    def gateway(name: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"namespace": "AWS/NATGateway", "name": metric, "dimensions": {"NatGatewayId": name}, "unit": "Bytes",
             "statistic_kind": "count", "baseline": 4e7, "events": list(events)}
            for metric in ("BytesInFromSource", "BytesInFromDestination")
        ]  # fmt: skip

    load(costs=[*STEADY, *NAT_SPIKE], metrics=[*gateway("nat-0a", {"from": "-4d", "multiply": 12}), *gateway("nat-0b")])
    evidence = await call(cost_drivers)
    first = evidence.findings[0]
    assert (first.kind, first.resource, first.attributes["service"]) == ("usage_driver", "nat-0a", "nat")
    assert float(first.attributes["factor"]) == pytest.approx(12, rel=0.1)
    assert f"{first.at:%Y-%m-%d %H:%M}" == "2026-11-14 15:00"
    assert all(f.strength < 0.3 for f in evidence.findings if f.resource == "nat-0b")


async def test_lambda_cost_follows_invocations_times_duration_times_memory(load: Load, call: Call):
    def function(name: str, invocations: float, milliseconds: float, *events: dict[str, Any]) -> list[dict[str, Any]]:
        series = {"namespace": "AWS/Lambda", "dimensions": {"FunctionName": name}}
        return [
            {
                **series,
                "name": "Invocations",
                "statistic_kind": "count",
                "baseline": invocations,
                "events": list(events),
            },
            {
                **series,
                "name": "Duration",
                "statistic_kind": "duration",
                "unit": "Milliseconds",
                "baseline": milliseconds,
            },
        ]

    load(
        resources={"lambda_functions": [{"name": "resize", "memory_mb": 1024}, {"name": "ping", "memory_mb": 128}]},
        costs=[line("AWS Lambda", "Lambda-GB-Second", 10, {"from": "-3d", "add": 200}), *STEADY],
        metrics=[*function("resize", 2, 2000, {"from": "-3d", "add": 80}), *function("ping", 900, 5)],
    )
    evidence = await call(cost_drivers, service="AWS Lambda")
    assert evidence.findings[0].resource == "resize"
    # 82 invocations a minute x 2 s x 1 GB
    assert float(evidence.findings[0].attributes["current"]) == pytest.approx(82 * 2 * 1440, rel=0.1)


async def test_when_no_cost_moved_there_is_nothing_to_explain(load: Load, call: Call):
    load(costs=STEADY)
    assert [f.kind for f in (await call(cost_drivers)).findings] == ["cost_steady"]


async def test_denied_cost_explorer_is_denied_and_usage_is_still_read_for_a_named_service(load: Load, call: Call):
    bytes_in = {"namespace": "AWS/NATGateway", "name": "BytesInFromSource", "dimensions": {"NatGatewayId": "nat-0a"}}
    load(
        metrics=[{**bytes_in, "unit": "Bytes", "statistic_kind": "count", "baseline": 4e7}],
        denied=[{"action": "ce:*"}],
    )
    assert (await call(cost_breakdown)).status is EvidenceStatus.denied
    drivers = await call(cost_drivers, service="nat")
    assert drivers.status is EvidenceStatus.ok
    assert "could not be read" in drivers.summary


async def test_budgets_are_compared_with_actual_and_forecast(load: Load, call: Call):
    load(costs=STEADY, budgets=[{"name": "tight", "limit_usd": 900}, {"name": "roomy", "limit_usd": 9000}])
    evidence = await call(budget_status)
    assert {f.resource: f.kind for f in evidence.findings} == {"tight": "budget_exceeded", "roomy": "cost_steady"}
    assert [f.resource for f in (await call(budget_status, budget="room")).findings] == ["roomy"]


async def test_anomalies_that_aws_found_are_filtered_by_service(load: Load, call: Call):
    anomaly = {"id": "a1", "from": "-4d", "dimension_value": "EC2 - Other", "score": 0.9,
               "root_causes": [{"service": "EC2 - Other", "usage_type": "NatGateway-Bytes"}]}  # fmt: skip
    load(costs=NAT_SPIKE, anomaly_monitors=[{"name": "services"}], cost_anomalies=[anomaly])
    (found,) = (await call(cost_anomalies, service="nat")).findings
    assert found.attributes["usage_type"] == "NatGateway-Bytes"
    assert (await call(cost_anomalies, service="rds")).status is EvidenceStatus.no_data


async def test_the_month_is_forecast_against_the_last(load: Load, call: Call):
    load(costs=STEADY)
    (finding,) = (await call(cost_forecast)).findings
    assert finding.kind == "cost_steady"
    assert float(finding.attributes["current"]) == pytest.approx(61 * 30, rel=0.15)
