"""ECS services: restart, scale, rollback."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

CLUSTER, NAME = "shop", "web"
TARGET = target("ecs", "service", NAME)


def _revision(at: str, image: str) -> dict[str, Any]:
    container = {"name": "web", "image": f"web:{image}", "memory_mb": 512, "environment": {"API_KEY": SECRET + image}}
    return {"at": at, "cpu": 256, "memory_mb": 512, "containers": [container]}


PARTS = {
    "resources": {
        "task_definitions": [{"family": "web", "revisions": [_revision("-9d", "1.0"), _revision("-2h", "1.1")]}],
        "ecs_clusters": [
            {
                "name": CLUSTER,
                "services": [{"name": NAME, "task_definition": "web", "desired": 2, "tags": {"env": "prod"}}],
            }
        ],
    }
}


def _described(client: Client) -> dict[str, Any]:
    (service,) = client("ecs").describe_services(cluster=CLUSTER, services=[NAME])["services"]
    return service


def _deployment(client: Client) -> Any:
    return next(each["id"] for each in _described(client)["deployments"] if each["status"] == "PRIMARY")


def _count(client: Client) -> Any:
    return _described(client)["desiredCount"]


def _definition(client: Client) -> Any:
    return _described(client)["taskDefinition"]


def _scaled(client: Client) -> None:
    """Auto Scaling lets it run one to four tasks."""
    client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{CLUSTER}/{NAME}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=1,
        MaxCapacity=4,
    )


CASES = (
    ActionCase(
        id="ecs_restart",
        kind="ecs_restart",
        target=TARGET,
        parameters={"cluster": CLUSTER},
        state=_deployment,
        denied="ecs:DescribeServices",
        parts=PARTS,
        wrong=({"cluster": "a/b"}, {"cluster": 7}),
        once=True,
    ),
    ActionCase(
        id="ecs_scale",
        kind="ecs_scale",
        target=TARGET,
        parameters={"cluster": CLUSTER, "desired": 4},
        state=_count,
        denied="application-autoscaling:DescribeScalableTargets",
        parts=PARTS,
        before=_scaled,
        wrong=(
            {"cluster": CLUSTER},
            {"desired": 0},
            {"desired": -1},
            {"desired": "many"},
            {"desired": 3, "to_zero": True},
        ),
    ),
    ActionCase(
        id="ecs_scale to zero",
        kind="ecs_scale",
        target=TARGET,
        parameters={"cluster": CLUSTER, "desired": 0, "to_zero": True},
        state=_count,
        denied="ecs:DescribeTaskDefinition",
        parts=PARTS,
    ),
    ActionCase(
        id="ecs_rollback",
        kind="ecs_rollback",
        target=TARGET,
        parameters={"cluster": CLUSTER, "task_definition": "web:1"},
        state=_definition,
        denied="ecs:DescribeTaskDefinition",
        parts=PARTS,
        wrong=({"cluster": CLUSTER}, {"task_definition": "web"}, {"task_definition": "web:0"}),
    ),
)
