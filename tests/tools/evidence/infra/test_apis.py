from typing import Any

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource, find_resources


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


def metric(name: str, baseline: float, *events: dict[str, Any], api: str = "shop-api") -> dict[str, Any]:
    return {
        "namespace": "AWS/ApiGateway",
        "name": name,
        "dimensions": {"ApiName": api},
        "statistic_kind": "count",
        "baseline": baseline,
        "events": list(events),
    }


STAGE = {
    "name": "prod",
    "rate_limit": 50,
    "burst_limit": 20,
    "deployments": [{"at": "-40m", "description": "new totals"}, {"at": "-9d"}],
}


async def test_a_rest_api_with_its_stages_throttling_and_newest_deployment(load: Load, call: Call):
    load(resources={"apis": [{"name": "shop-api", "stages": [STAGE]}, {"name": "other-api"}]})
    evidence = await call(describe_resource, resource="shop-api")
    (state,) = kinds(evidence, "resource_state")
    assert state.attributes["throttling"] == "prod 50.0/s, burst 20"
    newest = max(kinds(evidence, "deployment"), key=lambda f: f.strength)
    assert "new totals" in newest.statement
    assert newest.at is not None
    assert f"{newest.at:%H:%M}" == "14:20"
    assert "apigateway/main/apis/" in evidence.console_url


async def test_errors_of_this_api_are_shown_and_those_of_others_are_not(load: Load, call: Call):
    rise = {"from": "-38m", "add": 60}
    load(
        resources={"apis": [{"name": "shop-api", "stages": [STAGE]}]},
        metrics=[metric("5XXError", 0.1, rise), metric("Count", 900), metric("5XXError", 0.1, rise, api="other")],
    )
    (risen,) = kinds(await call(describe_resource, resource="shop-api"), "metric_rise")
    assert (risen.resource, risen.attributes["metric"]) == ("shop-api", "5XXError")


async def test_requests_near_the_throttling_limit(load: Load, call: Call):
    load(
        resources={"apis": [{"name": "shop-api", "stages": [STAGE]}]},
        metrics=[metric("Count", 900, {"from": "-38m", "set": 2950})],
    )
    (limit,) = kinds(await call(describe_resource, resource="shop-api"), "metric_at_limit")
    assert limit.attributes["limit"] == "50"


async def test_a_failed_deployment_of_an_http_api(load: Load, call: Call):
    failed = {"at": "-15m", "status": "FAILED", "message": "Integration target is invalid"}
    stage = {"name": "$default", "rate_limit": 100, "deployments": [{"at": "-20d"}, failed]}
    load(resources={"apis": [{"name": "events", "kind": "HTTP", "stages": [stage]}]})
    evidence = await call(describe_resource, resource="events")
    (found,) = kinds(evidence, "deployment_failed")
    assert "Integration target is invalid" in found.statement
    assert "api=" in evidence.console_url


async def test_an_api_is_found_by_tag_and_by_name_among_others(load: Load, call: Call):
    load(resources={"apis": [{"name": "shop-api"}, {"name": "billing", "kind": "HTTP"}]})
    found = await call(find_resources, resource="billing", service="apigateway")
    assert [f.resource for f in found.findings] == ["billing"]
    assert (await call(find_resources, resource="absent", service="apigateway")).status is EvidenceStatus.no_data


async def test_apis_that_may_not_be_read_are_named_beside_what_was_found(load: Load, call: Call):
    queues = [{"name": "shop"}]
    load(resources={"apis": [{"name": "shop-api"}], "sqs_queues": queues}, denied=[{"action": "apigateway:GET"}])
    evidence = await call(find_resources, resource="shop")
    assert [f.resource for f in evidence.findings] == ["shop"]
    assert "apigateway:GET" in evidence.summary
