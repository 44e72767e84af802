from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.loops import trigger_loops
from tools.evidence.infra.resources import describe_resource, find_resources


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


def only(evidence: Evidence, kind: str) -> Finding:
    (finding,) = kinds(evidence, kind)
    return finding


async def test_resources_are_found_by_fragment_arn_and_not_otherwise(load: Load, call: Call):
    load(
        resources={
            "lambda_functions": [{"name": "checkout-api"}, {"name": "newsletter"}],
            "sqs_queues": [{"name": "checkout-orders"}],
        }
    )
    found = await call(find_resources, resource="checkout")
    assert {f.resource for f in found.findings} == {"checkout-api", "checkout-orders"}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:newsletter"
    assert [f.resource for f in (await call(find_resources, resource=arn)).findings] == ["newsletter"]
    assert (await call(find_resources, resource="absent")).status is EvidenceStatus.no_data
    assert "2 lambda" in (await call(find_resources)).summary


async def test_resources_are_found_by_tag(load: Load, call: Call):
    queues = [{"name": "a", "tags": {"team": "shop"}}, {"name": "b", "tags": {"team": "data"}}]
    load(resources={"sqs_queues": queues})
    assert [f.resource for f in (await call(find_resources, tag="team=shop")).findings] == ["a"]


async def test_what_may_not_be_listed_is_named_beside_what_was(load: Load, call: Call):
    load(resources={"lambda_functions": [{"name": "checkout"}]}, denied=[{"action": "sqs:ListQueues"}])
    evidence = await call(find_resources, resource="checkout")
    assert [f.resource for f in evidence.findings] == ["checkout"]
    assert "sqs:ListQueues" in evidence.summary.replace("sqs:listqueues", "sqs:ListQueues")


async def test_a_function_with_its_newest_version_and_triggers(load: Load, call: Call):
    load(
        resources={
            "sqs_queues": [{"name": "orders"}],
            "lambda_functions": [
                {"name": "checkout", "memory_mb": 512, "aliases": {"live": "2"},
                 "versions": [{"version": "1", "at": "-9d"}, {"version": "2", "at": "-45m"}]}
            ],
            "event_source_mappings": [{"function": "checkout", "queue": "orders"}],
        }
    )  # fmt: skip
    evidence = await call(describe_resource, resource="checkout")
    state = only(evidence, "resource_state").attributes
    assert (state["memory_mb"], state["aliases"]) == ("512", "live=2")
    assert "orders" in state["triggered_by"]
    assert only(evidence, "deployment").attributes["version"] == "2"


async def test_tasks_killed_for_memory(load: Load, call: Call):
    killed = {
        "at": "-5m", "count": 6, "every": "5m", "exit_code": 137,
        "container_reason": "OutOfMemoryError: Container killed due to memory usage",
    }  # fmt: skip
    container = {"name": "api", "image": "api:1", "memory_mb": 512}
    load(
        resources={
            "task_definitions": [{"family": "api", "revisions": [{"at": "-9d", "containers": [container]}]}],
            "ecs_clusters": [
                {"name": "prod", "services": [
                    {"name": "api", "task_definition": "api", "stopped_tasks": [killed]},
                    {"name": "web", "task_definition": "api"}]}
            ],
        }
    )  # fmt: skip
    evidence = await call(describe_resource, resource="api", service="ecs")
    assert only(evidence, "out_of_memory").attributes["limit"] == "512"
    stopped = only(evidence, "task_stopped")
    assert (stopped.attributes["exit_code"], stopped.attributes["count"]) == ("137", "6")
    assert not kinds(await call(describe_resource, resource="web"), "task_stopped")


def queue_metric(name: str, baseline: float, kind: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {"namespace": "AWS/SQS", "name": name, "dimensions": {"QueueName": "orders"}, "statistic_kind": kind,
            "baseline": baseline, "events": list(events)}  # fmt: skip


async def test_a_queue_with_a_message_that_always_comes_back(load: Load, call: Call):
    load(
        resources={"sqs_queues": [{"name": "orders"}]},
        metrics=[
            queue_metric("ApproximateAgeOfOldestMessage", 8, "gauge", {"from": "-60m", "add": 3600, "ramp": "60m"}),
            queue_metric("ApproximateNumberOfMessagesVisible", 5, "gauge", {"from": "-60m", "add": 400, "ramp": "60m"}),
            queue_metric("NumberOfMessagesReceived", 20, "count", {"from": "-60m", "add": 15}),
            queue_metric("NumberOfMessagesDeleted", 20, "count", {"from": "-60m", "multiply": 0.6}),
        ],
    )
    evidence = await call(describe_resource, resource="orders")
    assert only(evidence, "queue_backlog").strength > 0.85
    assert only(evidence, "poison_message").resource == "orders"
    assert only(evidence, "redrive_missing").attributes["queue"] == "orders"


async def test_a_healthy_queue_with_an_empty_dead_letter_queue_raises_nothing(load: Load, call: Call):
    queues = [{"name": "orders", "redrive": {"queue": "orders-dlq"}}, {"name": "orders-dlq"}]
    load(
        resources={"sqs_queues": queues},
        metrics=[
            queue_metric("ApproximateAgeOfOldestMessage", 8, "gauge"),
            queue_metric("NumberOfMessagesReceived", 20, "count"),
            queue_metric("NumberOfMessagesDeleted", 20, "count"),
        ],
    )
    evidence = await call(describe_resource, resource="arn:aws:sqs:us-east-1:123456789012:orders")
    assert [f.kind for f in evidence.findings] == ["resource_state"]
    assert evidence.findings[0].attributes["dead_letter_queue"] == "orders-dlq"


async def test_dead_letters_are_seen_from_either_queue(load: Load, call: Call):
    letters = [{"body": "x", "at": "-1h"} for _ in range(3)]
    queues = [{"name": "orders", "redrive": {"queue": "failed"}}, {"name": "failed", "messages": letters}]
    load(resources={"sqs_queues": queues})
    for name in ("orders", "failed"):
        assert only(await call(describe_resource, resource=name), "dead_letters").attributes["depth"] == "3"


@pytest.mark.parametrize(("scaling", "fixed"), [(None, True), ({"minimum": 5, "maximum": 50}, False)])
async def test_a_table_is_fixed_unless_it_scales(load: Load, call: Call, scaling: dict[str, int] | None, fixed: bool):
    load(resources={"dynamodb_tables": [{"name": "sessions", "write_autoscaling": scaling}]})
    assert bool(kinds(await call(describe_resource, resource="sessions"), "capacity_fixed")) is fixed


async def test_throttled_operations_of_a_table(load: Load, call: Call):
    throttles = {
        "namespace": "AWS/DynamoDB", "name": "ThrottledRequests", "statistic_kind": "count", "baseline": 0,
        "dimensions": {"TableName": "sessions", "Operation": "PutItem"}, "events": [{"from": "-40m", "add": 90}],
    }  # fmt: skip
    load(resources={"dynamodb_tables": [{"name": "sessions"}]}, metrics=[throttles])
    throttled = only(await call(describe_resource, resource="sessions"), "throttled")
    assert (throttled.attributes["operation"], throttled.attributes["table"]) == ("PutItem", "sessions")


def network(*endpoints: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "core",
        "subnets": [
            {"name": "public", "cidr": "10.0.0.0/24", "public": True},
            {"name": "private", "cidr": "10.0.1.0/24"},
        ],
        "nat_gateways": [{"name": "core-nat", "subnet": "public"}],
        "route_tables": [{"name": "private", "subnets": ["private"], "routes": [{"nat_gateway": "core-nat"}]}],
        "endpoints": list(endpoints),
    }


async def test_a_nat_gateway_shows_which_endpoint_is_missing(load: Load, call: Call):
    load(resources={"vpcs": [network({"service": "dynamodb", "route_tables": ["private"]})]})
    evidence = await call(describe_resource, resource="core-nat", service="nat")
    assert only(evidence, "endpoint_missing").attributes["endpoint"] == "s3"
    assert only(evidence, "resource_state").attributes["subnets_through_it"] == "private"


async def test_rds_events_within_the_window_count_more_than_older_ones(load: Load, call: Call):
    events = [
        {"at": "-20m", "message": "Multi-AZ instance failover started.", "categories": ["failover"]},
        {"at": "-40h", "message": "DB instance restarted", "categories": ["availability"]},
        {"at": "-9d", "message": "Ancient", "categories": ["backup"]},
    ]
    load(
        resources={"rds_instances": [{"name": "orders-db", "events": events, "parameters": {"max_connections": "300"}}]}
    )
    evidence = await call(describe_resource, resource="orders-db")
    failover, restart = kinds(evidence, "service_event")
    assert "failover" in failover.statement
    assert failover.strength > restart.strength
    assert "300" in only(evidence, "resource_state").attributes["max_connections"]


LOOPED = {
    "lambda_functions": [{"name": "resize", "environment": {"OUTPUT_BUCKET": "photos"}}],
    "s3_buckets": [{"name": "photos", "notifications": [{"function": "resize"}]}],
}


async def test_a_function_that_writes_to_its_own_trigger_is_a_loop(load: Load, call: Call):
    load(resources=LOOPED)
    loop = only(await call(trigger_loops), "trigger_loop")
    assert (loop.resource, loop.attributes["source"]) == ("resize", "photos")
    assert loop.strength > 0.85


async def test_a_loop_through_a_second_function(load: Load, call: Call):
    load(
        resources={
            "lambda_functions": [
                {"name": "split", "environment": {"RESULT_QUEUE": "parts"}},
                {"name": "join", "environment": {"OUTPUT_BUCKET": "whole"}},
            ],
            "sqs_queues": [{"name": "parts"}],
            "event_source_mappings": [{"function": "join", "queue": "parts"}],
            "s3_buckets": [{"name": "whole", "notifications": [{"function": "split"}]}],
        }
    )
    loop = only(await call(trigger_loops, resource="split"), "trigger_loop")
    assert {"split", "join", "whole", "parts"} == set(loop.attributes["path"].split(" -> "))


@pytest.mark.parametrize("variable", ["SOURCE_BUCKET", "INPUT_BUCKET"])
async def test_reading_from_the_trigger_is_no_loop(load: Load, call: Call, variable: str):
    functions = [{"name": "resize", "environment": {variable: "photos", "OUTPUT_BUCKET": "thumbnails"}}]
    buckets = [*LOOPED["s3_buckets"], {"name": "thumbnails"}]
    load(resources={"lambda_functions": functions, "s3_buckets": buckets})
    assert (await call(trigger_loops)).status is EvidenceStatus.no_data


async def test_tagged_resources_are_narrowed_by_service_and_name(load: Load, call: Call):
    tags = {"team": "shop"}
    load(
        resources={
            "sqs_queues": [{"name": "orders", "tags": tags}, {"name": "jobs", "tags": {"team": "data"}}],
            "lambda_functions": [{"name": "checkout", "tags": tags}],
        }
    )
    found = await call(find_resources, resource="team=shop")
    assert {f.resource for f in found.findings} == {"orders", "checkout"}
    one = await call(find_resources, tag="team=shop", service="sqs")
    assert [f.resource for f in one.findings] == ["orders"]
    named = await call(find_resources, tag="team", resource="jobs")
    assert [f.resource for f in named.findings] == ["jobs"]
    assert (await call(find_resources, tag="team=none")).status is EvidenceStatus.no_data


async def test_resources_of_all_kinds_are_found_by_name(load: Load, call: Call):
    load(
        resources={
            "state_machines": [{"name": "shop-orders"}],
            "apis": [{"name": "shop-api"}, {"name": "shop-http", "kind": "HTTP"}],
            "stacks": [{"name": "shop-stack"}],
            "deploy_applications": [{"name": "shop-app"}],
            "load_balancers": [{"name": "shop-edge", "target_groups": [{"name": "shop-targets"}]}],
            "autoscaling_groups": [{"name": "shop-workers"}, {"name": "other"}],
            "ecs_clusters": [{"name": "shop-cluster"}],
        }
    )
    found = await call(find_resources, resource="shop")
    assert {f.attributes["type"] for f in found.findings} == {
        "state-machine", "rest-api", "http-api", "stack", "application", "load-balancer", "target-group",
        "auto-scaling-group", "ecs-cluster",
    }  # fmt: skip
    assert "other" not in found.summary


async def test_a_listing_of_many_pages_is_read_to_its_end(load: Load, call: Call):
    load(resources={"lambda_functions": [{"name": f"function-{n:03d}"} for n in range(130)]})
    assert "130 lambda" in (await call(find_resources, service="lambda")).summary


async def test_a_cluster_is_described_with_its_tasks(load: Load, call: Call):
    load(resources={"ecs_clusters": [{"name": "prod"}]})
    assert only(await call(describe_resource, resource="prod"), "resource_state").attributes["type"] == "ecs-cluster"
