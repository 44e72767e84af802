"""Which log groups belong to a resource, and how far they are read."""

import time
from datetime import timedelta
from typing import Any

import pytest

from agent.models import TimeRange
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.tools.evidence.conftest import NOW, Call, Load
from tools.aws import Boto3Session
from tools.evidence import deadline
from tools.evidence.base import Look
from tools.evidence.cache import MemoryCache
from tools.evidence.logs.reader import find_groups, read
from tools.evidence.logs.sources import belongs_to_service

HOUR = TimeRange(start=NOW - timedelta(hours=1), end=NOW)


@pytest.fixture
def look(call: Call, aws: Boto3Session) -> Look:
    return Look(aws, NOW, HOUR, Settings.read(), MemoryCache())


def groups(*names: str) -> list[dict[str, Any]]:
    return [{"group": name, "lines": [{"template": "tick {int:1-9}", "per_minute": 2}]} for name in names]


def test_a_group_is_found_by_name_by_arn_and_by_a_part_of_it(load: Load, look: Look):
    load(
        resources={"lambda_functions": [{"name": "checkout"}]},
        logs=groups("/aws/lambda/checkout", "/aws/lambda/mailer"),
    )
    arn = "arn:aws:lambda:us-east-1:123456789012:function:checkout:live"
    assert find_groups(look, "checkout", "lambda") == ["/aws/lambda/checkout"]
    assert find_groups(look, arn) == ["/aws/lambda/checkout"]
    assert find_groups(look, log_group="CHECK") == ["/aws/lambda/checkout"]
    assert find_groups(look, "shipping") == []


def test_a_function_that_never_ran_has_no_group(load: Load, look: Look):
    load(resources={"lambda_functions": [{"name": "checkout"}]}, logs=groups("/aws/lambda/mailer"))
    assert find_groups(look, "checkout", "lambda") == []


def test_a_queues_logs_are_those_of_the_function_that_it_triggers(load: Load, look: Look):
    load(
        resources={
            "lambda_functions": [{"name": "invoicing-worker"}, {"name": "mailer"}],
            "sqs_queues": [{"name": "orders"}, {"name": "other-orders"}],
            "event_source_mappings": [
                {"function": "invoicing-worker", "queue": "orders"},
                {"function": "mailer", "queue": "other-orders"},
            ],
        },
        logs=groups("/aws/lambda/invoicing-worker", "/aws/lambda/mailer"),
    )
    assert find_groups(look, "orders", "sqs") == ["/aws/lambda/invoicing-worker"]


def test_a_container_services_group_is_read_from_its_task_definition(load: Load, look: Look):
    container = {"name": "web", "image": "web:1", "memory_mb": 512, "log_group": "/prod/frontend"}
    load(
        resources={
            "task_definitions": [{"family": "shop", "revisions": [{"at": "-9d", "containers": [container]}]}],
            "ecs_clusters": [{"name": "prod", "services": [{"name": "shop", "task_definition": "shop"}]}],
        },
        logs=groups("/prod/frontend", "/prod/backend"),
    )
    assert find_groups(look, "shop", "ecs") == ["/prod/frontend"]


def test_lines_outside_the_range_are_not_read(load: Load, look: Look):
    load(logs=groups("/ecs/web"))
    reading = read(look, ["/ecs/web"], HOUR)
    assert len(reading.lines) == pytest.approx(120, abs=12)
    assert all(HOUR.start <= line.at < HOUR.end for line in reading.lines)
    assert reading.lines == sorted(reading.lines, key=lambda line: line.at)
    assert (round(reading.minutes), reading.cut) == (60, False)


def test_more_lines_than_are_read_make_the_counts_lower_bounds(load: Load, look: Look):
    load(logs=[{"group": "/ecs/web", "lines": [{"template": "tick {int:1-9}", "per_minute": 300}]}])
    reading = read(look, ["/ecs/web"], HOUR, slices=1)
    assert reading.cut
    assert len(reading.lines) == 7500
    assert reading.minutes == pytest.approx(25, abs=3)
    assert "lower bounds" in reading.caveat


def test_a_slice_that_hangs_costs_only_itself(load: Load, look: Look, account: SimulatedAccount):
    load(logs=groups("/ecs/web"))
    account.put(Fault("logs:FilterLogEvents", seconds=8, times=1))
    began = time.monotonic()
    with deadline.within(1.5):
        reading = read(look, ["/ecs/web"], HOUR)
    took = time.monotonic() - began
    assert took < 6
    assert len(reading.lines) == pytest.approx(100, abs=12)
    assert round(reading.minutes) == 50
    assert reading.caveat == " Note: /ecs/web could not be read in full (no answer in time)."
    assert look.failed_calls == 1


def test_a_group_of_which_nothing_was_read_in_time_is_a_timeout(load: Load, look: Look, account: SimulatedAccount):
    load(logs=groups("/ecs/web"))
    account.put(Fault("logs:FilterLogEvents", seconds=8))
    with deadline.within(0.5):
        reading = read(look, ["/ecs/web"], HOUR)
    assert reading.caveat == " Note: /ecs/web could not be read (no answer in time)."
    with pytest.raises(TimeoutError):
        reading.failed()


@pytest.mark.parametrize(
    ("group", "service", "belongs"),
    [
        ("/aws/lambda/x", "lambda", True),
        ("/aws/lambda/x", "AWS Lambda", True),
        ("/aws/lambda/x", "ecs", False),
        ("/aws/rds/instance/x/postgresql", "aurora", True),
        ("airflow-prod-Task", "mwaa", True),
        ("/anything", "", True),
    ],
)
def test_groups_are_told_apart_by_service(group: str, service: str, belongs: bool):
    assert belongs_to_service(group, service) is belongs
