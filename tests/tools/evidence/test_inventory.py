"""The names in an account and its last deployment, read over the wire from the simulated account."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from agent.budgets import RunBudget
from agent.models import TimeRange
from agent.naming import choose
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.airflow.examples import environment
from tests.tools.evidence.conftest import NOW, Load
from tools.aws import Boto3Session
from tools.evidence.cache import MemoryCache
from tools.evidence.infra.inventory import inventory as all_resources
from tools.evidence.look import Look
from tools.inventory import Inventory, last_deployment, read_inventory

VERSIONS = [{"version": "41", "at": "-9d"}, {"version": "42", "at": "-75m", "description": "release 3.2"}]
RESOURCES = {
    "lambda_functions": [{"name": "payments-api-prod", "versions": VERSIONS}, {"name": "media-thumbnailer"}],
    "sqs_queues": [{"name": "order-events"}],
    "s3_buckets": [{"name": "media-uploads"}],
}


@pytest.fixture(scope="module")
def warm(account: SimulatedAccount, aws: Boto3Session) -> Boto3Session:
    """A session with all its clients: making them takes longer than all that a test waits for."""
    window = TimeRange(start=NOW - timedelta(hours=1), end=NOW)
    with pytest.MonkeyPatch.context() as environment_of_account:
        for name, value in account.environment().items():
            environment_of_account.setenv(name, value)
        all_resources(Look(aws, NOW, window, Settings.read(), MemoryCache()))
    return aws


@pytest.fixture
def deps(account: SimulatedAccount, warm: Boto3Session, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    return make_deps(warm)


def make_deps(aws: Boto3Session) -> Any:
    return SimpleNamespace(
        clock=lambda: NOW, aws=aws, settings=Settings.read(), cache=MemoryCache(), budget=RunBudget()
    )


def named(inventory: Inventory) -> set[tuple[str, str]]:
    return {(item.service, item.name) for item in inventory.items}


async def test_all_that_has_a_name_is_listed(load: Load, deps: Any):
    load(resources=RESOURCES)
    inventory = await read_inventory(deps)
    assert named(inventory) == {
        ("lambda", "payments-api-prod"),
        ("lambda", "media-thumbnailer"),
        ("sqs", "order-events"),
        ("s3", "media-uploads"),
    }
    assert inventory.unread == ()
    (function,) = [item for item in inventory.items if item.name == "payments-api-prod"]
    assert (function.type, function.region, function.account) == ("function", "us-east-1", "123456789012")
    assert function.arn == "arn:aws:lambda:us-east-1:123456789012:function:payments-api-prod"


async def test_dags_are_named_like_other_resources(load: Load, deps: Any):
    load(mwaa=[environment()])
    inventory = await read_inventory(deps)
    dags = [item for item in inventory.items if item.type == "dag"]
    assert dags
    assert all(item.service == "mwaa" and item.tags["environment"] for item in dags)
    assert choose(f"why did {dags[0].name} fail?", inventory.items).item == dags[0]


async def test_what_may_not_be_listed_is_said_and_the_rest_is_there(load: Load, deps: Any):
    load(resources=RESOURCES, denied=[{"action": "sqs:*"}])
    inventory = await read_inventory(deps)
    assert ("lambda", "payments-api-prod") in named(inventory)
    assert [reason for reason in inventory.unread if reason.startswith("sqs (denied: allow sqs:ListQueues")]


async def test_an_account_that_is_not_configured_is_empty_and_says_so(load: Load, deps: Any):
    load(resources=RESOURCES)
    inventory = await read_inventory(deps, account="another")
    assert inventory.items == ()
    assert "another" in inventory.unread[0]


async def test_the_next_question_uses_the_same_inventory(load: Load, deps: Any):
    load(resources=RESOURCES)
    first = await read_inventory(deps)
    calls = deps.budget.used("api_calls")
    assert 0 < calls < 40
    assert await read_inventory(deps) == first
    assert deps.budget.used("api_calls") == calls


async def test_several_who_ask_at_once_read_it_once(load: Load, deps: Any):
    load(resources=RESOURCES)
    await read_inventory(deps)
    calls = deps.budget.used("api_calls")
    deps.cache, deps.budget = MemoryCache(), RunBudget()
    await asyncio.gather(*(read_inventory(deps) for _ in range(4)))
    assert deps.budget.used("api_calls") == calls


@pytest.mark.slow
async def test_a_service_that_hangs_costs_four_seconds_and_only_itself(
    load: Load, account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch
):
    load(resources=RESOURCES)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name, value in account.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        deps, began = make_deps(Boto3Session.open("us-east-1")), time.monotonic()
        inventory = await read_inventory(deps)
        assert time.monotonic() - began < 6
    assert ("lambda", "payments-api-prod") in named(inventory)
    assert "sqs (no answer in time)" in inventory.unread


class TestTheLastDeployment:
    async def test_of_a_function_is_its_newest_version(self, load: Load, deps: Any):
        load(resources=RESOURCES)
        found = await last_deployment(deps, "payments-api-prod", NOW)
        assert found == (
            NOW - timedelta(minutes=75),
            "Version 42 was rolled out to payments-api-prod at 13:45 UTC.",
        )

    async def test_before_a_time_is_the_one_before(self, load: Load, deps: Any):
        load(resources=RESOURCES)
        found = await last_deployment(deps, "payments-api-prod", NOW - timedelta(hours=2))
        assert found is not None
        assert found[0] == NOW - timedelta(days=9)

    async def test_of_anything_is_the_newest_of_all(self, load: Load, deps: Any):
        load(resources=RESOURCES)
        found = await last_deployment(deps, "", NOW)
        assert found is not None
        assert "payments-api-prod" in found[1]

    async def test_without_versions_cloudtrail_knows_it(self, load: Load, deps: Any):
        event = {
            "at": "-20m",
            "event": "UpdateFunctionCode20150331v2",
            "source": "lambda.amazonaws.com",
            "user": "ci-4411",
            "role": "deployer",
            "resources": [{"type": "AWS::Lambda::Function", "name": "media-thumbnailer"}],
            "request": {"functionName": "media-thumbnailer"},
        }
        other = {**event, "at": "-5m", "event": "TagResource20170331v2"}
        load(resources=RESOURCES, cloudtrail=[event, other])
        found = await last_deployment(deps, "media-thumbnailer", NOW)
        assert found == (
            NOW - timedelta(minutes=20),
            "media-thumbnailer was deployed by ci-4411 (role deployer) at 14:40 UTC (UpdateFunctionCode).",
        )

    async def test_there_is_none_where_nothing_was_deployed(self, load: Load, deps: Any):
        load(resources=RESOURCES)
        assert await last_deployment(deps, "order-events", NOW) is None
        assert await last_deployment(deps, "payments-api-prod", NOW, account="another") is None
