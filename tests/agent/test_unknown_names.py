from __future__ import annotations

import pytest

from agent.name_matches import InventoryItem
from agent.specialists import read_specialists
from agent.unknown_names import Unknown, unknown_name

HANDLED = {word for specialist in read_specialists() for word in specialist.handles}
ITEMS = [
    InventoryItem(name=name, service=service, type=kind)
    for name, service, kind in (
        ("basket-submit", "lambda", "function"),
        ("search-api", "ecs", "service"),
        ("repayment-worker", "lambda", "function"),
        ("ledger-db", "rds", "database"),
    )
]


def unknown(question: str) -> Unknown | None:
    return unknown_name(question, ITEMS, HANDLED)


@pytest.mark.parametrize(
    ("question", "name", "nearest"),
    [
        ("is payments ok?", "payments", ("repayment-worker",)),
        ("why is payments-api down?", "payments-api", ("repayment-worker",)),
        ("is the refunds lambda erroring?", "refunds", ()),
        ("what's wrong with loyalty?", "loyalty", ()),
        ("how is loyalty doing", "loyalty", ()),
        ("ist payments langsam?", "payments", ("repayment-worker",)),
        ("is ledgre-db ok?", "ledgre-db", ("ledger-db",)),
    ],
)
def test_what_nothing_is_called_is_told_with_the_nearest_names(
    question: str, name: str, nearest: tuple[str, ...]
) -> None:
    assert unknown(question) == Unknown(name, nearest)


@pytest.mark.parametrize(
    "question", ["is basket ok?", "is baskte ok?", "is search slow?", "is Ledger-DB up", "is the db ok"]
)
def test_what_something_is_called_is_known(question: str) -> None:
    assert unknown(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "invoices are late, why?",
        "dynamo is acting up",
        "is something broken?",
        "is it ok",
        "is prod down",
        "is the site down?",
        "is aws down?",
        "is dbt ok",
        "is kafka down",
        "is the whole cluster down",
        "is latency ok",
        "is load_orders failing?",
        "why did costs go up?",
        "",
    ],
)
def test_what_points_at_no_single_name_is_no_unknown_name(question: str) -> None:
    assert unknown(question) is None


def test_an_inventory_that_could_not_be_read_tells_nothing() -> None:
    assert unknown_name("is payments ok?", [], HANDLED) is None
