"""ECS services: within their bounds, one step at a time, to a revision that exists."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UncertainEffect
from tests.tools.actions.account import Bench

SECRET = "sesame-" + "opens"


def load(bench: Bench, desired: int = 4, **service: Any) -> None:
    def revision(at: str, image: str) -> dict[str, Any]:
        container = {"name": "web", "image": image, "environment": {"KEY": SECRET + image}}
        return {"at": at, "cpu": 1024, "memory_mb": 2048, "containers": [container]}

    definition = {"family": "web", "revisions": [revision("-9d", "web:1.0"), revision("-2h", "web:1.1")]}
    other = {"family": "mail", "revisions": [revision("-9d", "mail:1.0")]}
    web = {"name": "web", "task_definition": "web", "desired": desired, **service}
    bench.load(
        resources={"task_definitions": [definition, other], "ecs_clusters": [{"name": "shop", "services": [web]}]}
    )


def scale(bench: Bench, desired: int, **more: Any) -> Any:
    return bench.preview("ecs_scale", "web", cluster="shop", desired=desired, **more)


@pytest.mark.parametrize("desired", [2, 3, 6, 8])
def test_one_step_is_at_most_double_or_half(bench: Bench, desired: int) -> None:
    load(bench)
    assert scale(bench, desired).problems == ()


@pytest.mark.parametrize("desired", [1, 9, 400])
def test_a_leap_is_refused(bench: Bench, desired: int) -> None:
    load(bench)
    assert "one step" in scale(bench, desired).problems[0]


def test_what_a_month_of_it_costs_is_said(bench: Bench) -> None:
    """2 more of 1 vCPU and 2 GB: 2 x 730 x (0.04048 + 2 x 0.004445) USD."""
    load(bench)
    preview = scale(bench, 6)
    assert preview.usd_month == pytest.approx(72.08, abs=0.01)
    assert preview.cost == "about 72 USD a month more at the us-east-1 list price"
    assert "less" in scale(bench, 2).cost


def test_auto_scalings_bounds_hold(bench: Bench) -> None:
    load(bench)
    bench.person("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId="service/shop/web",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=3,
        MaxCapacity=5,
    )
    assert "3 to 5" in scale(bench, 6).problems[0]
    assert "3 to 5" in scale(bench, 2).problems[0]
    assert "3 to 5" in scale(bench, 5).warnings[0]


def test_nobody_knows_about_a_count_that_is_neither(bench: Bench) -> None:
    load(bench)
    seen = scale(bench, 6)
    bench.person("ecs").update_service(cluster="shop", service="web", desiredCount=5)
    with pytest.raises(UncertainEffect, match="5 tasks"):
        bench.find("ecs_scale", "web", seen=seen, cluster="shop", desired=6)


def test_a_service_that_runs_nothing_has_nothing_to_restart(bench: Bench) -> None:
    load(bench, desired=0)
    assert "no task" in bench.preview("ecs_restart", "web", cluster="shop").problems[0]


def test_another_deployment_meanwhile_leaves_a_restart_in_doubt(bench: Bench) -> None:
    load(bench)
    seen = bench.preview("ecs_restart", "web", cluster="shop")
    bench.person("ecs").update_service(cluster="shop", service="web", taskDefinition="web:1")
    with pytest.raises(UncertainEffect, match="web:1"):
        bench.find("ecs_restart", "web", seen=seen, cluster="shop")


def test_a_rollback_shows_images_and_no_value_of_a_variable(bench: Bench) -> None:
    load(bench)
    preview = bench.preview("ecs_rollback", "web", cluster="shop", task_definition="web:1")
    shown = {each.field: (each.before, each.after) for each in preview.differences}
    assert shown["web image"] == ("web:1.1", "web:1.0")
    assert shown["web variable KEY"] == ("set", "another value")
    assert SECRET not in preview.model_dump_json()


def test_only_a_revision_of_the_same_family_can_be_deployed(bench: Bench) -> None:
    load(bench)
    assert "nothing to do" in bench.preview("ecs_rollback", "web", cluster="shop", task_definition="mail:1").problems[0]
    assert bench.preview("ecs_rollback", "web", cluster="shop", task_definition="web:7").problems
    assert "already" in bench.preview("ecs_rollback", "web", cluster="shop", task_definition="web:2").problems[0]


def test_an_inactive_revision_cannot_be_deployed(bench: Bench) -> None:
    load(bench)
    bench.person("ecs").deregister_task_definition(taskDefinition="web:1")
    problems = bench.preview("ecs_rollback", "web", cluster="shop", task_definition="web:1").problems
    assert "INACTIVE" in problems[0]


def test_a_deployment_that_circles_back_is_not_taken_for_nothing(bench: Bench) -> None:
    """ECS itself may have rolled back what we deployed: the revision is the old one, the deployment is not."""
    load(bench)
    seen = bench.preview("ecs_rollback", "web", cluster="shop", task_definition="web:1")
    bench.person("ecs").update_service(cluster="shop", service="web", forceNewDeployment=True)
    with pytest.raises(UncertainEffect):
        bench.find("ecs_rollback", "web", seen=seen, cluster="shop", task_definition="web:1")
