from typing import Any

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.metrics.limits import memory_gib
from tools.evidence.metrics.metrics import resource_metrics, unhealthy_resources


def lambda_metric(
    function: str, name: str, baseline: float, *events: dict[str, Any], kind: str = "count"
) -> dict[str, Any]:
    return {
        "namespace": "AWS/Lambda",
        "name": name,
        "dimensions": {"FunctionName": function},
        "baseline": baseline,
        "statistic_kind": kind,
        "daily": 0.3,
        "integer": name == "Errors",
        "events": list(events),
    }


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


async def test_the_failing_function_is_found_among_healthy_ones(load: Load, call: Call):
    load(
        metrics=[
            lambda_metric("checkout", "Errors", 0, {"from": "-42m", "add": 30}),
            lambda_metric("checkout", "Invocations", 200),
            lambda_metric("newsletter", "Errors", 0.2),
            lambda_metric("newsletter", "Invocations", 90),
        ]
    )
    evidence = await call(unhealthy_resources)
    (risen,) = evidence.findings
    assert (risen.kind, risen.resource, risen.attributes["metric"]) == ("metric_rise", "checkout", "Errors")
    assert risen.strength > 0.85
    assert risen.at is not None
    assert f"{risen.at:%H:%M}" == "14:18"
    assert "newsletter" not in evidence.summary
    assert "FunctionName~'checkout" in evidence.console_url


async def test_the_consoles_graph_shows_every_resource_that_departs(load: Load, call: Call):
    risen = {"from": "-42m", "add": 30}
    load(metrics=[lambda_metric(name, "Errors", 0, risen) for name in ("checkout", "billing")])
    evidence = await call(unhealthy_resources)
    assert all(f"FunctionName~'{name}" in evidence.console_url for name in ("checkout", "billing"))


async def test_an_account_in_which_nothing_moves_is_reported_as_such(load: Load, call: Call):
    load(metrics=[lambda_metric(name, "Invocations", 100) for name in ("a", "b", "c")])
    evidence = await call(unhealthy_resources, service="lambda")
    assert [finding.kind for finding in evidence.findings] == ["metric_steady"]
    assert evidence.summary.startswith("Nothing departs from normal")


async def test_a_service_without_metrics_is_no_data(load: Load, call: Call):
    load(metrics=[lambda_metric("a", "Invocations", 100)])
    assert (await call(unhealthy_resources, service="rds")).status is EvidenceStatus.no_data
    assert (await call(resource_metrics, resource="missing")).status is EvidenceStatus.no_data


async def test_connections_at_the_parameter_groups_limit(load: Load, call: Call):
    series = {"namespace": "AWS/RDS", "dimensions": {"DBInstanceIdentifier": "orders-db"}}
    load(
        resources={"rds_instances": [{"name": "orders-db", "parameters": {"max_connections": "200"}}]},
        metrics=[
            {**series, "name": "DatabaseConnections", "baseline": 70, "events": [{"from": "-50m", "set": 199}]},
            {**series, "name": "CPUUtilization", "baseline": 30, "statistic_kind": "percent"},
        ],
    )
    evidence = await call(resource_metrics, resource="arn:aws:rds:us-east-1:123456789012:db:orders-db", service="rds")
    (limit,) = kinds(evidence, "metric_at_limit")
    assert (limit.attributes["limit"], limit.attributes["service"]) == ("200", "rds")
    assert limit.strength > 0.85
    assert [f.attributes["metric"] for f in kinds(evidence, "metric_rise")] == ["DatabaseConnections"]
    assert [f.attributes["metric"] for f in kinds(evidence, "metric_steady")] == ["CPUUtilization"]


async def test_what_stays_well_below_its_limit_is_no_finding(load: Load, call: Call):
    series = {
        "namespace": "AWS/RDS",
        "name": "DatabaseConnections",
        "dimensions": {"DBInstanceIdentifier": "orders-db"},
    }
    load(
        resources={"rds_instances": [{"name": "orders-db", "parameters": {"max_connections": "400"}}]},
        metrics=[{**series, "baseline": 70, "events": [{"from": "-50m", "set": 199}]}],
    )
    assert not kinds(await call(resource_metrics, resource="orders-db"), "metric_at_limit")


async def test_a_function_at_its_timeout(load: Load, call: Call):
    load(
        resources={"lambda_functions": [{"name": "report", "timeout_s": 15}]},
        metrics=[lambda_metric("report", "Duration", 2000, {"from": "-30m", "set": 15000}, kind="duration")],
    )
    (limit,) = kinds(await call(resource_metrics, resource="report"), "metric_at_limit")
    assert "timeout" in limit.statement


async def test_consumed_capacity_at_what_is_provisioned(load: Load, call: Call):
    series = {"namespace": "AWS/DynamoDB", "dimensions": {"TableName": "sessions"}, "statistic_kind": "count"}
    load(
        resources={"dynamodb_tables": [{"name": "sessions", "write_capacity": 100, "read_capacity": 100}]},
        metrics=[
            {
                **series,
                "name": "ConsumedWriteCapacityUnits",
                "baseline": 1800,
                "events": [{"from": "-40m", "set": 6000}],
            },
            {**series, "name": "ConsumedReadCapacityUnits", "baseline": 900},
        ],
    )
    (limit,) = kinds(await call(resource_metrics, resource="sessions"), "metric_at_limit")
    assert limit.attributes["metric"] == "ConsumedWriteCapacityUnits"


async def test_a_custom_metric_is_read_when_it_is_named(load: Load, call: Call):
    load(
        metrics=[
            {"namespace": "Shop", "name": "BasketValue", "dimensions": {"Region": "eu"}, "baseline": 80,
             "events": [{"from": "-60m", "multiply": 0.2}]},
            lambda_metric("checkout", "Invocations", 100),
        ]
    )  # fmt: skip
    evidence = await call(resource_metrics, metric="BasketValue")
    assert [(f.kind, f.attributes["namespace"]) for f in evidence.findings] == [("metric_drop", "Shop")]


async def test_limits_that_may_not_be_read_do_not_hide_the_metrics(load: Load, call: Call):
    load(
        resources={"lambda_functions": [{"name": "checkout"}]},
        metrics=[lambda_metric("checkout", "Duration", 200, {"from": "-30m", "set": 2000}, kind="duration")],
        denied=[{"action": "lambda:GetFunctionConfiguration"}],
    )
    evidence = await call(resource_metrics, resource="checkout")
    assert evidence.status is EvidenceStatus.ok
    assert kinds(evidence, "metric_rise")
    assert "lambda:GetFunctionConfiguration" in evidence.summary


async def test_metrics_that_may_not_be_read_are_denied(load: Load, call: Call):
    load(denied=[{"action": "cloudwatch:ListMetrics"}])
    assert (await call(unhealthy_resources)).status is EvidenceStatus.denied


def test_memory_of_rds_classes():
    assert [memory_gib(f"db.{c}") for c in ("t3.micro", "m6i.large", "r6g.xlarge", "r6g.4xlarge", "z9.odd")] == [
        *(1, 8, 32, 128, 0)
    ]


async def test_where_cloudwatch_has_a_detector_its_band_is_what_is_normal(load: Load, call: Call):
    watched = {"namespace": "AWS/Lambda", "metric": "Invocations", "statistic": "Sum"}
    load(
        metrics=[
            lambda_metric("checkout", "Invocations", 200, {"from": "-40m", "multiply": 4}),
            lambda_metric("newsletter", "Invocations", 200),
            lambda_metric("checkout", "Errors", 0),
        ],
        anomaly_detectors=[
            {**watched, "dimensions": {"FunctionName": "checkout"}},
            {**watched, "dimensions": {"FunctionName": "other"}},
        ],
    )
    evidence = await call(resource_metrics, resource="checkout")
    (risen,) = kinds(evidence, "metric_rise")
    assert (risen.attributes["detector"], risen.attributes["metric"]) == ("CloudWatch", "Invocations")
    assert risen.at is not None
    assert f"{risen.at:%H:%M}" == "14:20"
    scanned = await call(unhealthy_resources)
    assert [(f.resource, f.attributes["detector"]) for f in kinds(scanned, "metric_rise")] == [
        ("checkout", "CloudWatch")
    ]
    assert not kinds(await call(resource_metrics, resource="newsletter"), "metric_rise")


async def test_a_metric_within_its_band_is_steady(load: Load, call: Call):
    detector = {"namespace": "AWS/Lambda", "metric": "Invocations", "statistic": "Sum",
                "dimensions": {"FunctionName": "checkout"}}  # fmt: skip
    load(metrics=[lambda_metric("checkout", "Invocations", 200)], anomaly_detectors=[detector])
    (steady,) = (await call(resource_metrics, resource="checkout")).findings
    assert (steady.kind, steady.attributes["detector"]) == ("metric_steady", "CloudWatch")


async def test_detectors_that_may_not_be_listed_leave_our_own_baseline(load: Load, call: Call):
    load(
        metrics=[lambda_metric("checkout", "Errors", 0, {"from": "-42m", "add": 30})],
        denied=[{"action": "cloudwatch:DescribeAnomalyDetectors"}],
    )
    for tool in (resource_metrics, unhealthy_resources):
        evidence = await call(tool, resource="checkout")
        assert kinds(evidence, "metric_rise")
        assert "cloudwatch:DescribeAnomalyDetectors" in evidence.summary


async def test_metrics_are_listed_over_several_pages(load: Load, call: Call):
    many = [lambda_metric(f"function-{n:04d}", "Errors", 0) for n in range(620)]
    load(metrics=[*many, lambda_metric("zz-last", "Errors", 0, {"from": "-42m", "add": 30})])
    evidence = await call(unhealthy_resources, service="lambda", resource="zz-last")
    assert [f.resource for f in evidence.findings] == ["zz-last"]
