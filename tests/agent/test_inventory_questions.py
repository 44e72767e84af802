"""Which questions ask for what there is, and which only sound so."""

from __future__ import annotations

import time

import pytest

from agent.inventory_questions import MAX_CHARS, Asked, asked_for
from agent.languages import english
from agent.resource_kinds import EVERY_KIND, kinds_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("list my lambda functions", "lambda functions"),
        ("What Lambda functions do we have?", "lambda functions"),
        ("hey, can you list all of our SQS queues?", "sqs queues"),
        ("how many ECS services are running?", "ecs services"),
        ("which databases are in this account?", "databases"),
        ("show me all queues", "queues"),
        ("list lambda", "lambda"),
        ("what tables exist right now?", "tables"),
        ("number of dynamodb tables", "dynamodb tables"),
        ("what are our databases?", "databases"),
        ("which s3 buckets do we have in eu-west-1?", "s3 buckets"),
        ("list the queues in account data", "queues"),
        ("what's running in ecs?", "ecs"),
        ("what is in this account?", "resources"),
        ("what aws services do we use", "aws services"),
        ("show me my vpcs", "vpcs"),
    ],
)
def test_a_list_or_a_count_is_asked_for(question: str, kind: str) -> None:
    assert asked_for(question) == Asked(kind)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "do we have a table called storefront-sessions?",
            Asked("table", "storefront-sessions", whole=True, checks=True),
        ),
        ("does the queue `orders.fifo` exist?", Asked("queue", "orders.fifo", whole=True, checks=True)),
        ("does orders-db still exist?", Asked("resources", "orders-db", whole=True, checks=True)),
        ("is there anything called payments?", Asked("resources", "payments", whole=True, checks=True)),
        ("do we have any dead letter queues?", Asked("dead letter queues", checks=True)),
        ("any sns topics?", Asked("sns topics", checks=True)),
        ("list lambda functions starting with checkout", Asked("lambda functions", "checkout")),
        ("which lambda functions use python3.9?", Asked("lambda functions", "python3.9")),
        ("list prod functions", Asked("functions", "prod")),
        ("list the checkout functions", Asked("functions", "checkout")),
        ("is there a payments queue?", Asked("queue", "payments", checks=True)),
        ("show all ecs services in the web-prod cluster", Asked("ecs services", "web-prod")),
    ],
)
def test_a_name_or_a_part_of_one_narrows_what_is_asked_for(question: str, asked: Asked) -> None:
    assert asked_for(question) == asked


@pytest.mark.parametrize(
    "question",
    [
        "how many functions failed?",
        "list the failing functions",
        "which functions are slow",
        "what lambda errors do we have",
        "which queue is growing",
        "how many messages are in the queue",
        "which databases are down?",
        "which databases are running out of connections",
        "list the changes",
        "list our costs",
        "what did the lambda functions cost",
        "which lambda function costs most",
        "list unused buckets",
        "what lambda functions changed",
        "which functions were deployed today",
        "list all lambda functions and their errors",
        "are there any errors",
        "is there a problem with the queue",
        "do we have enough nat gateways",
        "how many lambdas can we run",
        "are the lambda functions ok?",
        "is orders-db ok?",
        "show me the queue",
        "do we have a problem",
        "which queues are backed up?",
        "",
        "list functions " * MAX_CHARS,
    ],
)
def test_how_things_do_what_they_cost_and_who_changed_them_is_another_question(question: str) -> None:
    assert asked_for(question) is None


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Liste meine Lambda-Funktionen auf", "lambda function"),
        ("Wie viele Queues haben wir?", "queues"),
        ("quelles bases de données avons-nous ?", "database"),
        ("¿cuántas colas tenemos?", "queue"),
        ("quais bancos de dados temos?", "database"),
        ("elenca le mie funzioni lambda", "lambda functions"),
    ],
)
def test_other_languages_ask_for_it_too(question: str, kind: str) -> None:
    assert asked_for(english(question).text) == Asked(kind)


def test_a_hostile_question_takes_no_time() -> None:
    began = time.monotonic()
    for words in ("list all the my of ", "in the a ", "a-", "do we have a ", "names of ", "with a "):
        asked_for((f"how many functions {words}" + words * MAX_CHARS)[: MAX_CHARS - 2] + " ~")
    assert time.monotonic() - began < 1.0


def test_words_for_a_kind_are_understood_in_any_number_and_case() -> None:
    assert [kind.type for kind in kinds_of("AWS Lambda functions")] == ["function"]
    assert [kind.type for kind in kinds_of("ecs-services")] == ["service"]
    assert {kind.service for kind in kinds_of("database")} == {"rds", "dynamodb", "redshift"}
    assert kinds_of("resources") == EVERY_KIND
    assert kinds_of("kinesis streams") == kinds_of("unicorns") == ()


def test_numbers_are_told_with_their_noun() -> None:
    (queue,) = kinds_of("queues")
    assert [queue.counted(n) for n in (0, 1, 1204)] == ["no SQS queues", "1 SQS queue", "1,204 SQS queues"]
