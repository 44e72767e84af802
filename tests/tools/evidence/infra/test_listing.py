"""Listing what there is: exact counts, capped names, and aloud what was not read."""

from __future__ import annotations

import pytest

from agent.evidence_text import render
from agent.models import Evidence, EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.listing import list_resources


def said(evidence: Evidence) -> str:
    return evidence.findings[0].statement


def exists(evidence: Evidence) -> str:
    return evidence.findings[0].attributes["exists"]


SHOP = {
    "lambda_functions": [{"name": name} for name in ("checkout-api", "newsletter", "product-feed-dev")],
    "sqs_queues": [{"name": "orders"}, {"name": "orders-dlq"}],
    "dynamodb_tables": [{"name": "shop-sessions"}, {"name": "shop-carts"}],
    "rds_instances": [{"name": "shop-db", "engine": "mysql"}, {"name": "stock-db", "engine": "postgres"}],
}


async def test_all_of_a_kind_are_counted_named_and_put_into_a_table(load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources, service="lambda functions")

    assert found.status is EvidenceStatus.ok
    assert said(found) == "There are 3 Lambda functions in us-east-1: checkout-api, newsletter and product-feed-dev."
    assert found.findings[0].attributes["count"] == "3"
    assert "Only us-east-1 was read" in found.summary
    (table,) = found.tables
    assert table.title == "Lambda functions in us-east-1"
    assert [row[0] for row in table.rows] == ["checkout-api", "newsletter", "product-feed-dev"]
    assert table.columns[:2] == ("Name", "Details")
    assert "python" in table.rows[0][1]
    assert found.question == "Which lambda functions are there?"
    assert found.console_url.startswith("https://")


async def test_people_and_models_may_name_a_service_as_they_like(load: Load, call: Call) -> None:
    load(resources=SHOP)
    for service in ("sqs", "SQS", "queue", "message queues", "AWS SQS queues", "Amazon Simple Queue Service"):
        assert (
            said(await call(list_resources, service=service))
            == "There are 2 SQS queues in us-east-1: orders and orders-dlq."
        )


async def test_a_word_for_several_kinds_names_each_of_them(load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources, service="databases")

    assert said(found) == (
        "In us-east-1 there are 2 RDS databases (shop-db and stock-db) and 2 DynamoDB tables (shop-carts and"
        " shop-sessions)."
    )
    assert "Tables inside SQL databases are not listed." in found.summary
    assert {row[1] for row in found.tables[0].rows} == {"RDS database", "DynamoDB table"}


async def test_with_nothing_given_everything_is_counted(load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources)

    assert said(found) == (
        "In us-east-1 there are 3 Lambda functions, 2 RDS databases, 2 DynamoDB tables and 2 SQS queues."
    )
    assert "S3 buckets are those of all regions." in found.summary


async def test_of_a_kind_of_which_there_is_none_that_is_said(load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources, service="sns topics")

    assert found.status is EvidenceStatus.no_data
    assert (said(found), exists(found)) == ("There are no SNS topics in us-east-1.", "no")


async def test_whether_there_is_one_of_a_name(load: Load, call: Call) -> None:
    load(resources=SHOP)
    there = await call(list_resources, service="table", name="Shop-Sessions", exact=True)
    absent = await call(list_resources, service="table", name="shop-sesions", exact=True)
    anything = await call(list_resources, name="orders", exact=True)

    assert (said(there), exists(there)) == ("There is a DynamoDB table called shop-sessions in us-east-1.", "yes")
    assert exists(absent) == "no"
    assert said(absent).startswith("There is no DynamoDB table called shop-sesions in us-east-1. The nearest names are")
    assert "shop-sessions" in said(absent)
    assert said(anything) == "There is an SQS queue called orders in us-east-1."


async def test_a_part_of_a_name_an_environment_or_an_engine_picks_some(load: Load, call: Call) -> None:
    load(resources=SHOP)
    one = await call(list_resources, service="functions", name="letter")
    assert said(one) == "There is 1 Lambda function that matches “letter” in us-east-1: newsletter."
    assert "product-feed-dev" in said(await call(list_resources, service="functions", name="development"))
    assert exists(await call(list_resources, service="functions", name="prod")) == "no", "product is no production"
    mysql = await call(list_resources, service="mysql databases")
    assert said(mysql) == "In us-east-1 there is 1 MySQL database (shop-db)."
    assert said(await call(list_resources, service="dead letter queues")).endswith("in us-east-1: orders-dlq.")


async def test_services_are_told_with_their_tasks_and_instances_with_their_state(load: Load, call: Call) -> None:
    services = [
        {"name": "api", "task_definition": "api", "desired": 3},
        {"name": "batch", "task_definition": "api", "desired": 2, "running": 0},
    ]
    container = {"name": "api", "image": "api:1", "memory_mb": 512}
    load(
        resources={
            "task_definitions": [{"family": "api", "revisions": [{"at": "-9d", "containers": [container]}]}],
            "ecs_clusters": [{"name": "prod", "services": services}],
            "ec2_instances": [
                {"name": "web", "tags": {"team": "shop"}},
                {"name": "old", "state": "stopped"},
            ],
        }
    )
    tasks = await call(list_resources, service="ECS services")
    machines = await call(list_resources, service="servers")

    assert said(tasks) == "There are 2 ECS services in us-east-1 (1 with running tasks, 1 without): api and batch."
    assert [row[2] for row in tasks.tables[0].rows] == ["3 of 3 tasks", "0 of 2 tasks"]
    assert said(machines).startswith("There are 2 EC2 instances in us-east-1 (1 running, 1 stopped): old (i-")
    assert any("team=shop" in row[-1] for row in machines.tables[0].rows)


async def test_of_many_all_are_counted_and_the_first_are_named(load: Load, call: Call) -> None:
    load(resources={"sqs_queues": [{"name": f"orders-of-customer-{n:03}"} for n in range(250)]})
    found = await call(list_resources, service="queues")

    assert said(found).startswith("There are 250 SQS queues in us-east-1: orders-of-customer-000, ")
    assert said(found).endswith(" more.")
    assert len(said(found)) < 400
    assert (len(found.tables[0].rows), found.tables[0].title) == (40, "SQS queues in us-east-1 (the first 40 of 250)")
    assert len(render(found)) < 2500


async def test_what_could_not_be_read_is_named_and_denies_nothing(load: Load, call: Call) -> None:
    load(resources=SHOP, denied=[{"action": "dynamodb:ListTables"}])
    found = await call(list_resources, service="databases")
    absent = await call(list_resources, service="databases", name="ledger", exact=True)
    tables = await call(list_resources, service="tables")

    assert "2 RDS databases" in said(found)
    assert "Could not read: dynamodb (denied: allow dynamodb:ListTables" in found.summary
    assert (exists(absent), said(absent)[:10]) == ("", "I found no")
    assert tables.status is EvidenceStatus.denied
    assert tables.findings == ()


async def test_services_whose_tasks_may_not_be_read_are_listed_all_the_same(load: Load, call: Call) -> None:
    container = {"name": "api", "image": "api:1", "memory_mb": 512}
    load(
        resources={
            "task_definitions": [{"family": "api", "revisions": [{"at": "-9d", "containers": [container]}]}],
            "ecs_clusters": [{"name": "prod", "services": [{"name": "api", "task_definition": "api"}]}],
        },
        denied=[{"action": "ecs:DescribeServices"}],
    )
    found = await call(list_resources, service="ecs services")

    assert said(found) == "There is 1 ECS service in us-east-1: api."
    assert "Could not read: running tasks" in found.summary


async def test_another_region_is_read_by_its_name_and_told_so(load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources, service="queues", region="eu-west-1")

    assert said(found) == "There are no SQS queues in eu-west-1."
    assert "Only eu-west-1 was read" in found.summary


@pytest.mark.parametrize("service", ["kinesis streams", "unicorns"])
async def test_of_what_is_not_listed_nobody_is_told_that_there_is_none(service: str, load: Load, call: Call) -> None:
    load(resources=SHOP)
    found = await call(list_resources, service=service)

    assert found.status is EvidenceStatus.no_data
    assert said(found).startswith(f"I do not list “{service}”, so I cannot tell")
    assert exists(found) == ""
