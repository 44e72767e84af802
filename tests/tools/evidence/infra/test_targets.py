from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource
from tools.evidence.infra.targets import target_health

REFUSED = {
    "state": "unhealthy",
    "reason": "Target.ResponseCodeMismatch",
    "description": "Health checks failed with these codes: [502]",
}


def balancer(name: str, group: str, *targets: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "target_groups": [{"name": group, "targets": list(targets)}]}


async def test_unhealthy_targets_come_with_the_reason_of_their_health_checks(load: Load, call: Call):
    load(
        resources={
            "load_balancers": [
                balancer("edge", "web", {"id": "10.0.0.5", "count": 3, **REFUSED}, {"id": "10.0.9.9"}),
                balancer("inner", "jobs", {"id": "10.0.1.5"}),
            ]
        }
    )
    evidence = await call(target_health)
    (found,) = evidence.findings
    assert (found.kind, found.resource) == ("target_unhealthy", "web")
    assert (found.attributes["unhealthy"], found.attributes["targets"]) == ("3", "4")
    assert found.attributes["reason"] == "Target.ResponseCodeMismatch"
    assert "502" in found.statement
    assert "jobs" not in evidence.summary
    assert "TargetGroup" in evidence.console_url


async def test_a_group_that_is_not_meant_is_left_out_and_a_balancer_means_its_groups(load: Load, call: Call):
    sick = {"id": "10.0.0.5", **REFUSED}
    load(resources={"load_balancers": [balancer("edge", "web", sick), balancer("inner", "jobs", sick)]})
    named = await call(target_health, resource="edge")
    assert [f.resource for f in named.findings] == ["web"]
    assert (await call(target_health, resource="absent")).status is EvidenceStatus.no_data


async def test_reasons_are_told_apart_and_the_onset_is_that_of_the_metric(load: Load, call: Call):
    slow = {"id": "10.0.2.1", "state": "unhealthy", "reason": "Target.Timeout", "description": "Request timed out"}
    unhealthy = {
        "namespace": "AWS/ApplicationELB",
        "name": "UnHealthyHostCount",
        "dimensions": {"TargetGroup": "targetgroup/web/0123456789abcdef", "LoadBalancer": "app/edge/0123456789abcdef"},
        "baseline": 0,
        "integer": True,
        "events": [{"from": "-40m", "add": 3}],
    }
    load(
        resources={"load_balancers": [balancer("edge", "web", {"id": "10.0.0.5", "count": 2, **REFUSED}, slow)]},
        metrics=[unhealthy],
    )
    first, second = (await call(target_health)).findings
    assert [f.attributes["reason"] for f in (first, second)] == ["Target.ResponseCodeMismatch", "Target.Timeout"]
    assert first.at is not None
    assert f"{first.at:%H:%M}" == "14:20"


async def test_a_balancer_in_front_of_nothing_is_told(load: Load, call: Call):
    load(resources={"load_balancers": [balancer("edge", "web")]})
    (found,) = (await call(target_health)).findings
    assert found.attributes["reason"] == "no targets"


async def test_healthy_draining_and_starting_targets_are_evidence_that_all_is_well(load: Load, call: Call):
    states = [{"id": "10.0.0.1"}, {"id": "10.0.0.2", "state": "draining"}, {"id": "10.0.0.3", "state": "initial"}]
    load(resources={"load_balancers": [balancer("edge", "web", *states)]})
    evidence = await call(target_health)
    assert [f.kind for f in evidence.findings] == ["targets_healthy"]
    assert "2 of them coming or going" in evidence.summary


@pytest.mark.slow
async def test_groups_of_many_balancers_are_read_over_several_pages(load: Load, call: Call):
    many = [balancer(f"lb-{n}", f"group-{n}", {"id": "10.0.0.1"}) for n in range(60)]
    many.append(balancer("lb-last", "zz-last", {"id": "10.0.0.5", **REFUSED}))
    load(resources={"load_balancers": many})
    assert [f.resource for f in (await call(target_health)).findings] == ["zz-last"]


async def test_an_account_without_target_groups_has_no_data(load: Load, call: Call):
    load()
    assert (await call(target_health)).status is EvidenceStatus.no_data


async def test_health_that_may_not_be_read_is_denied_while_the_balancer_is_still_described(load: Load, call: Call):
    load(
        resources={"load_balancers": [balancer("edge", "web", {"id": "10.0.0.5", **REFUSED})]},
        denied=[{"action": "elasticloadbalancing:DescribeTargetHealth"}],
    )
    evidence = await call(target_health)
    assert evidence.status is EvidenceStatus.denied
    assert "elasticloadbalancing:DescribeTargetHealth" in evidence.summary


async def test_a_target_group_and_its_balancer_are_described(load: Load, call: Call):
    load(resources={"load_balancers": [balancer("edge", "web", {"id": "10.0.0.5", **REFUSED}, {"id": "10.0.0.9"})]})
    for name in ("edge", "web"):
        kinds = [f.kind for f in (await call(describe_resource, resource=name, service="elb")).findings]
        assert sorted(kinds) == ["resource_state", "target_unhealthy"]
