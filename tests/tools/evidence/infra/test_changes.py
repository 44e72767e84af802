from datetime import timedelta
from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import NOW, Call, Load
from tools.evidence.infra.changes import recent_changes
from tools.evidence.infra.differences import differences


def event(at: str, name: str, source: str = "lambda", resource: str = "checkout", **more: Any) -> dict[str, Any]:
    return {
        "at": at,
        "event": name,
        "source": f"{source}.amazonaws.com",
        "user": "ana",
        "resources": [{"type": "AWS::Lambda::Function", "name": resource}],
        **more,
    }


ERRORS = {
    "namespace": "AWS/Lambda",
    "name": "Errors",
    "dimensions": {"FunctionName": "checkout"},
    "statistic_kind": "count",
    "baseline": 0,
    "integer": True,
    "events": [{"from": "-42m", "add": 30}],
}


async def test_the_deploy_before_the_onset_comes_first_and_later_calls_do_not_count(load: Load, call: Call):
    load(
        metrics=[ERRORS],
        cloudtrail=[
            event("-45m", "UpdateFunctionCode20150331v2"),
            event("-5m", "DeleteFunction", resource="legacy"),
            event("-46m", "GetFunction", read_only=True),
            event("-3h", "UpdateFunctionConfiguration20150331v2", resource="newsletter"),
        ],
    )
    evidence = await call(recent_changes, resource="checkout")
    first = evidence.findings[0]
    assert (first.kind, first.attributes["event"]) == ("change_before_onset", "UpdateFunctionCode")
    assert first.attributes["minutes_before_onset"] == "3"
    assert first.strength > 0.85
    assert not {"DeleteFunction", "GetFunction"} & {f.attributes.get("event", "") for f in evidence.findings}


async def test_a_published_version_is_a_deployment_and_says_what_it_changed(load: Load, call: Call):
    versions = [{"version": "1", "at": "-20d"}, {"version": "2", "at": "-50m", "description": "new totals"}]
    load(resources={"lambda_functions": [{"name": "checkout", "versions": versions}]}, metrics=[ERRORS])
    evidence = await call(recent_changes, resource="checkout")
    (deployment,) = [f for f in evidence.findings if f.kind == "deployment"]
    assert (deployment.attributes["version"], deployment.attributes["previous"]) == ("2", "1")
    assert "new totals" in deployment.statement


async def test_a_rollout_is_one_row_and_one_finding_and_one_row_needs_no_table(load: Load, call: Call):
    versions = [{"version": "1", "at": "-20d"}, {"version": "2", "at": "-50m"}]
    calls = [event("-51m", "UpdateFunctionCode20150331v2"), event("-50m", "PublishVersion20150331")]
    functions = {"lambda_functions": [{"name": "checkout", "versions": versions}]}

    load(resources=functions, metrics=[ERRORS], cloudtrail=calls)
    alone = await call(recent_changes, resource="checkout")
    load(resources=functions, metrics=[ERRORS], cloudtrail=[*calls, event("-47m", "PutFunctionConcurrency")])
    both = await call(recent_changes, resource="checkout", start="-25h")

    (deployment,) = alone.findings
    assert "Version 2 of checkout was rolled out by ana at" in deployment.statement
    assert alone.tables == ()
    (table,) = both.tables
    assert sorted(row[1:] for row in table.rows) == [
        ("ana", "PutFunctionConcurrency", "checkout"),
        ("ana", "Version 2 (UpdateFunctionCode, PublishVersion)", "checkout"),
    ]


async def test_a_rolled_out_task_definition_shows_the_setting_that_differs(load: Load, call: Call):
    def revision(at: str, pool: str) -> dict[str, Any]:
        environment = {"POOL": pool, "API_TOKEN": f"never-shown-{pool}"}
        return {
            "at": at,
            "containers": [{"name": "api", "image": "api:1", "memory_mb": 512, "environment": environment}],
        }

    load(
        resources={
            "task_definitions": [{"family": "api", "revisions": [revision("-9d", "10"), revision("-30m", "40")]}],
            "ecs_clusters": [
                {"name": "prod", "services": [{"name": "api", "task_definition": "api", "deployments": [
                    {"at": "-30m", "revision": 2}]}]}
            ],
        }
    )  # fmt: skip
    evidence = await call(recent_changes, resource="api", service="ecs", onset="-28m")
    (deployment,) = [f for f in evidence.findings if f.kind == "deployment"]
    assert "POOL 10 -> 40" in deployment.statement
    assert "API_TOKEN changed" in deployment.statement
    assert "never-shown" not in str(evidence)


async def test_no_change_is_said_when_only_others_changed(load: Load, call: Call):
    load(cloudtrail=[event("-45m", "UpdateFunctionCode20150331v2", resource="newsletter")])
    evidence = await call(recent_changes, resource="checkout", onset="-42m")
    (nothing,) = [f for f in evidence.findings if f.kind == "no_change"]
    assert nothing.resource == "checkout"
    assert all(f.strength < 0.5 for f in evidence.findings)


async def test_a_day_is_onset_enough_for_costs(load: Load, call: Call):
    deleted = event("-28h", "DeleteVpcEndpoints", source="ec2", resource="vpce-1")
    load(cloudtrail=[deleted, event("-27h", "RunInstances", source="ec2", resource="i-1")])
    evidence = await call(recent_changes, service="EC2 - Other", onset="2026-11-17T00:00:00Z")
    assert evidence.findings[0].attributes["event"] == "DeleteVpcEndpoints"
    assert evidence.findings[0].strength > 0.5


async def test_asked_about_a_range_old_changes_in_it_count_as_much_as_new_ones(load: Load, call: Call):
    load(cloudtrail=[event("-70h", "DeleteFunction", resource="legacy"), event("-2h", "AssumeRole")])
    start = (NOW - timedelta(days=4)).isoformat()
    evidence = await call(recent_changes, start=start)
    assert [(f.kind, f.attributes.get("event")) for f in evidence.findings] == [
        ("change_before_onset", "DeleteFunction")
    ]


async def test_an_old_change_of_a_resource_that_is_well_is_told_in_its_range(load: Load, call: Call):
    load(cloudtrail=[event("-2d", "PutBucketNotification", "s3", "uploads"), event("-2d", "PutRule", "events", "x")])

    evidence = await call(recent_changes, resource="uploads", start="-7d")

    assert next(f.attributes["event"] for f in evidence.findings if f.kind == "change_before_onset") == (
        "PutBucketNotification"
    )
    assert not [f for f in evidence.findings if f.kind == "no_change"]


async def test_a_denied_trail_is_a_gap_and_not_an_absence_of_changes(load: Load, call: Call):
    load(denied=[{"action": "cloudtrail:LookupEvents"}], resources={"lambda_functions": [{"name": "checkout"}]})
    evidence = await call(recent_changes, resource="checkout", onset="-10m")
    assert evidence.status is EvidenceStatus.denied
    assert not evidence.findings
    assert "cloudtrail:LookupEvents" in evidence.summary


def test_differences_name_what_was_added_removed_and_changed():
    before, after = {"Timeout": 3, "MODE": "lazy", "OLD": "1"}, {"Timeout": 3, "MODE": "eager", "NEW": "2"}
    assert differences(before, after) == "MODE lazy -> eager, OLD 1 -> none, NEW none -> 2"


async def test_a_busy_account_hides_no_call_on_the_resource_and_the_cap_is_said(load: Load, call: Call):
    noise = event("-41m", "PutRule", source="events", resource="cron", every="1m", repeat_for="20h")
    load(metrics=[ERRORS], cloudtrail=[noise, event("-9h30m", "UpdateFunctionCode20150331v2")])
    evidence = await call(recent_changes, resource="checkout")
    assert "UpdateFunctionCode" in {f.attributes.get("event") for f in evidence.findings}
    assert "Only the newest 500 events were read" in evidence.summary


async def test_calls_are_read_over_several_pages(load: Load, call: Call):
    many = event("-41m", "DeleteMessage", source="sqs", resource="jobs", every="5m", repeat_for="9h")
    load(metrics=[ERRORS], cloudtrail=[many, event("-11h", "DeleteLayerVersion", resource="checkout")])
    evidence = await call(recent_changes, resource="checkout")
    assert "Only the newest" not in evidence.summary
    assert "DeleteLayerVersion" in {f.attributes.get("event") for f in evidence.findings}
