"""Small changes of a scenario, from one frozen value to the next."""

from __future__ import annotations

from typing import Any

from deploy.local.account.scenario import Scenario


def with_resource(scenario: Scenario, kind: str, name: str, **changes: Any) -> Scenario:
    """The scenario with a resource changed: with_resource(scenario, "lambda_functions", "checkout", memory_mb=512)."""
    listed = getattr(scenario.resources, kind)
    changed = tuple(each.model_copy(update=changes) if each.name == name else each for each in listed)
    return scenario.model_copy(update={"resources": scenario.resources.model_copy(update={kind: changed})})


def with_service(scenario: Scenario, cluster: str, name: str, **changes: Any) -> Scenario:
    """The scenario with an ECS service changed."""
    found = next(each for each in scenario.resources.ecs_clusters if each.name == cluster)
    services = tuple(each.model_copy(update=changes) if each.name == name else each for each in found.services)
    return with_resource(scenario, "ecs_clusters", cluster, services=services)
