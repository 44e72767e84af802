"""ECS services and their tasks, those that stopped lately included."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deploy.local.account.conftest import NOW

CONTAINER = {"name": "api", "image": "api:9", "memory_mb": 512, "log_group": "/ecs/api"}
DEFINITION = {
    "family": "api",
    "first_revision": 17,
    "revisions": [
        {"at": "-9d", "containers": [{**CONTAINER, "memory_mb": 2048}]},
        {"at": "-65m", "containers": [CONTAINER]},
    ],
}
KILLED = {
    "at": "-4m",
    "container_reason": "OutOfMemoryError: Container killed due to memory usage",
    "exit_code": 137,
    "count": 30,
    "every": "4m",
}
SERVICE = {
    "name": "api",
    "task_definition": "api",
    "desired": 4,
    "running": 2,
    "pending": 1,
    "events": [
        {"at": "-20m", "message": "has reached a steady state."},
        {"at": "-3m", "message": "has started 1 tasks."},
    ],
    "deployments": [{"at": "-65m", "revision": 18, "rollout": "IN_PROGRESS", "failed_tasks": 14}],
    "stopped_tasks": [KILLED],
}


@pytest.fixture
def ecs(load, client):
    other = {"name": "worker", "task_definition": "api", "desired": 1}
    load(resources={"task_definitions": [DEFINITION], "ecs_clusters": [{"name": "prod", "services": [SERVICE, other]}]})
    return client("ecs")


def test_a_service_shows_its_counts_events_and_deployments(ecs) -> None:
    (service,) = ecs.describe_services(cluster="prod", services=["api"])["services"]

    assert (service["desiredCount"], service["runningCount"], service["pendingCount"]) == (4, 2, 1)
    assert [event["message"] for event in service["events"]] == [
        "(service api) has started 1 tasks.",
        "(service api) has reached a steady state.",
    ]
    assert service["events"][0]["createdAt"] == NOW - timedelta(minutes=3)
    (deployment,) = service["deployments"]
    assert (deployment["rolloutState"], deployment["failedTasks"]) == ("IN_PROGRESS", 14)
    assert deployment["taskDefinition"].endswith("task-definition/api:18")


def test_revisions_of_a_task_definition_keep_their_limits(ecs) -> None:
    def memory(revision: str) -> int:
        definition = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
        return definition["containerDefinitions"][0]["memory"]

    assert (memory("api:17"), memory("api:18"), memory("api")) == (2048, 512, 512)
    assert len(ecs.list_task_definitions(familyPrefix="api")["taskDefinitionArns"]) == 2


def test_tasks_that_stopped_more_than_an_hour_ago_are_forgotten(ecs) -> None:
    stopped = ecs.list_tasks(cluster="prod", serviceName="api", desiredStatus="STOPPED")["taskArns"]

    assert len(stopped) == 15
    assert ecs.list_tasks(cluster="prod", serviceName="worker", desiredStatus="STOPPED")["taskArns"] == []


def test_a_killed_task_tells_why(ecs) -> None:
    arns = ecs.list_tasks(cluster="prod", serviceName="api", desiredStatus="STOPPED")["taskArns"]
    (task,) = ecs.describe_tasks(cluster="prod", tasks=arns[:1])["tasks"]
    (container,) = task["containers"]

    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["stoppedAt"] == NOW - timedelta(minutes=4)
    assert task["taskDefinitionArn"].endswith("api:18")
    assert (container["exitCode"], container["reason"]) == (137, KILLED["container_reason"])


def test_only_running_tasks_are_listed_unless_asked_otherwise(ecs) -> None:
    running = ecs.list_tasks(cluster="prod")["taskArns"]
    described = ecs.describe_tasks(
        cluster="prod", tasks=[*running, "arn:aws:ecs:us-east-1:123456789012:task/prod/gone"]
    )

    assert len(running) == 3
    assert {task["lastStatus"] for task in described["tasks"]} == {"RUNNING"}
    assert [failure["reason"] for failure in described["failures"]] == ["MISSING"]


def test_tasks_come_in_pages(ecs) -> None:
    paginator = ecs.get_paginator("list_tasks")
    pages = list(paginator.paginate(cluster="prod", desiredStatus="STOPPED", PaginationConfig={"PageSize": 6}))

    assert [len(page["taskArns"]) for page in pages] == [6, 6, 3]


def test_an_unknown_cluster_is_an_error(ecs) -> None:
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_tasks(cluster="nothing")
