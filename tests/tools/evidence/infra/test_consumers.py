"""Who reads from a queue is found by mappings and by what containers are told, and how they fare is told with it."""

from __future__ import annotations

from typing import Any

from agent.models import Evidence
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource

JOBS = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"


def waiting(queue: str) -> dict[str, Any]:
    events = [{"from": "-60m", "add": 900, "ramp": "60m"}]
    name = {"namespace": "AWS/SQS", "name": "ApproximateNumberOfMessagesVisible", "unit": "Count"}
    return {**name, "dimensions": {"QueueName": queue}, "baseline": 3, "noise": 0.2, "events": events}


def of_kind(evidence: Evidence, kind: str) -> list[Any]:
    return [finding for finding in evidence.findings if finding.kind == kind]


async def test_a_service_whose_containers_know_the_queue_is_described_with_its_backlog(load: Load, call: Call):
    told = {"name": "main", "image": "worker:1", "memory_mb": 512, "environment": {"QUEUE_URL": JOBS}}
    definitions = [
        {"family": "worker", "revisions": [{"at": "-9d", "containers": [told]}]},
        {
            "family": "web",
            "revisions": [{"at": "-9d", "containers": [{"name": "main", "image": "web:1", "memory_mb": 512}]}],
        },
    ]
    services = [{"name": name, "task_definition": name, "desired": 2} for name in ("worker", "web")]
    load(
        resources={
            "sqs_queues": [{"name": "jobs"}],
            "task_definitions": definitions,
            "ecs_clusters": [{"name": "shop", "services": services}],
        },
        metrics=[waiting("jobs")],
    )

    evidence = await call(describe_resource, resource="jobs", service="sqs")
    states = {f.resource: f.attributes for f in of_kind(evidence, "resource_state")}
    assert set(states) == {"jobs", "worker"}
    assert (states["worker"]["queues"], states["worker"]["running"]) == ("jobs", "2 of 2")


async def test_a_group_that_a_person_made_smaller_is_told_so(load: Load, call: Call):
    cause = "a user request explicitly set group desired capacity changing the desired capacity from 6 to 3."
    activity = {"at": "-50m", "description": "Terminating EC2 instance.", "cause": cause, "count": 3, "every": "20s"}
    groups = [{"name": "web", "minimum": 2, "maximum": 8, "desired": 3, "activities": [activity]}]
    load(resources={"autoscaling_groups": groups})

    (found,) = of_kind(await call(describe_resource, resource="web"), "scaled_in")
    assert {"before": "6", "after": "3", "by": "a user's request"}.items() <= found.attributes.items()


async def test_a_group_that_has_grown_again_is_not_too_small(load: Load, call: Call):
    cause = "a user request explicitly set group desired capacity changing the desired capacity from 6 to 3."
    activity = {"at": "-50m", "description": "Terminating EC2 instance.", "cause": cause}
    load(resources={"autoscaling_groups": [{"name": "web", "maximum": 8, "desired": 6, "activities": [activity]}]})

    assert of_kind(await call(describe_resource, resource="web"), "scaled_in") == []
