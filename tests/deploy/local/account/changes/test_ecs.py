"""ECS services are rolled back, restarted and scaled; their deployments take their time and may not succeed."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.changes.conftest import Watcher

ALARM = "recommendations-running-tasks-low"


@pytest.fixture
def catalog(watch: Watcher) -> Watcher:
    watch.load("ecs-out-of-memory")
    return watch


def update(watch: Watcher, **params: Any) -> dict[str, Any]:
    return watch.client("ecs").update_service(cluster="catalog-prod", service="recommendations", **params)["service"]


def service(watch: Watcher) -> dict[str, Any]:
    (found,) = watch.client("ecs").describe_services(cluster="catalog-prod", services=["recommendations"])["services"]
    return found


def test_the_revision_before_brings_all_tasks_back(catalog: Watcher) -> None:
    update(catalog, taskDefinition="recommendations:17")
    at_once = service(catalog)
    catalog.wait(minutes=4)
    later = service(catalog)

    assert [each["status"] for each in at_once["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert (at_once["runningCount"], at_once["deployments"][0]["rolloutState"]) == (2, "IN_PROGRESS")
    assert (later["runningCount"], later["pendingCount"]) == (4, 0)
    assert [each["rolloutState"] for each in later["deployments"]] == ["COMPLETED"]
    assert later["taskDefinition"].endswith("recommendations:17")
    assert later["events"][0]["message"] == "(service recommendations) has reached a steady state."
    assert catalog.alarm(ALARM) == "OK"


def test_tasks_that_run_after_a_rollback_are_new_ones_of_that_revision(catalog: Watcher) -> None:
    ecs = catalog.client("ecs")
    before = ecs.list_tasks(cluster="catalog-prod", serviceName="recommendations")["taskArns"]
    update(catalog, taskDefinition="recommendations:17")
    catalog.wait(minutes=4)
    after = ecs.list_tasks(cluster="catalog-prod", serviceName="recommendations")["taskArns"]
    tasks = ecs.describe_tasks(cluster="catalog-prod", tasks=after)["tasks"]

    assert len(after) == 4
    assert not set(before) & set(after)
    assert {task["taskDefinitionArn"].rpartition("/")[2] for task in tasks} == {"recommendations:17"}


@pytest.mark.parametrize("change", [{"forceNewDeployment": True}, {"desiredCount": 8}])
def test_restarting_or_more_tasks_of_the_bad_revision_do_not_help(catalog: Watcher, change: dict[str, Any]) -> None:
    update(catalog, **change)
    catalog.wait(minutes=6)
    now = service(catalog)

    assert catalog.alarm(ALARM) == "ALARM"
    assert now["runningCount"] == 2
    assert now["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_more_tasks_of_the_bad_revision_make_it_worse(catalog: Watcher) -> None:
    before = catalog.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="catalog", Stage="prod")
    update(catalog, desiredCount=8)
    catalog.wait(minutes=6)

    assert min(catalog.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="catalog", Stage="prod")) > max(before)


def test_a_service_that_is_well_stays_so_when_it_is_scaled_or_restarted(catalog: Watcher) -> None:
    ecs = catalog.client("ecs")
    ecs.update_service(cluster="catalog-prod", service="catalog-api", desiredCount=6, forceNewDeployment=True)
    (at_once,) = ecs.describe_services(cluster="catalog-prod", services=["catalog-api"])["services"]
    catalog.wait(minutes=1)
    (later,) = ecs.describe_services(cluster="catalog-prod", services=["catalog-api"])["services"]

    assert (at_once["desiredCount"], at_once["runningCount"]) == (6, 4)
    assert (later["desiredCount"], later["runningCount"]) == (6, 6)
    assert later["deployments"][0]["rolloutState"] == "COMPLETED"


def test_the_change_outlives_the_reload_of_another_scenario(catalog: Watcher) -> None:
    update(catalog, taskDefinition="recommendations:17")
    catalog.load("lambda-errors-after-deploy")
    catalog.load("lambda-errors-after-deploy")

    assert service(catalog)["taskDefinition"].endswith("recommendations:17")
    catalog.load("ecs-out-of-memory")
    assert service(catalog)["taskDefinition"].endswith("recommendations:18")


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"service": "nothing", "desiredCount": 1}, "ServiceNotFoundException"),
        ({"cluster": "nothing", "desiredCount": 1}, "ClusterNotFoundException"),
        ({"taskDefinition": "recommendations:99"}, "ClientException"),
        ({"desiredCount": -1}, "InvalidParameterException"),
    ],
)
def test_what_ecs_refuses(catalog: Watcher, params: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        catalog.client("ecs").update_service(**{"cluster": "catalog-prod", "service": "recommendations", **params})

    assert refused.value.response["Error"]["Code"] == code
    assert service(catalog)["desiredCount"] == 4
