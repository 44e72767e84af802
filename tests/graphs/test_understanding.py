from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from agent.specialists import read_specialists
from graphs import understanding
from graphs.understanding import Understood, understand
from tests.agent.examples import evidence, finding
from tests.graphs.conftest import Bench, Nowhere

SPECIALISTS = read_specialists()


class Counted(Nowhere):
    """An account that counts how often it was asked, and does not answer."""

    def __init__(self, seconds: float = 0) -> None:
        self.asked, self.seconds = 0, seconds
        self.let_go = threading.Event()
        self.places: set[tuple[str, str]] = set()

    def at(self, account: str = "", region: str = "") -> Counted:
        self.places.add((account, region))
        return self

    def client(self, service: str, region: str = "") -> Any:
        self.asked += 1
        self.let_go.wait(self.seconds)
        raise RuntimeError("no such account")


async def understood(bench: Bench, question: str, *known: str, zone: str = "UTC") -> Understood:
    pieces = [evidence(finding("metric_rise", resource=name)) for name in known]
    return await understand(question, pieces, zone, bench.deps(), SPECIALISTS)


async def test_a_name_is_found_in_the_inventory(bench: Bench) -> None:
    bench.has("payments-api", "orders-worker")

    found = await understood(bench, "why is payments-api slow?")

    assert found.scope == {"resource": "payments-api", "service": "lambda"}


async def test_of_two_things_that_are_named_each_is_kept_apart(bench: Bench) -> None:
    bench.has("payments-api", "orders-worker")

    found = await understood(bench, "why is payments-api slow, and is orders-worker ok?")

    assert [one["resource"] for one in found.named] == ["payments-api", "orders-worker"]
    assert "resource" not in found.scope


async def test_things_in_a_list_are_asked_about_alike(bench: Bench) -> None:
    bench.has("payments-api", "orders-worker", "search-api")

    listed = await understood(bench, "check payments-api, orders-worker and the search-api pls")
    apart = await understood(bench, "why can't payments-api reach orders-worker?")

    assert listed.scope["listed"] == "payments-api, orders-worker, search-api"
    assert "listed" not in apart.scope


async def test_what_nothing_is_called_is_told_to_the_router(bench: Bench) -> None:
    bench.has("repayment-worker", "orders-worker")

    found = await understood(bench, "is payments ok?")

    assert found.scope == {"unknown": "payments", "nearest": "repayment-worker"}


async def test_what_the_thread_knows_is_no_unknown_name(bench: Bench) -> None:
    bench.has("repayment-worker", "orders-worker")

    assert "unknown" not in (await understood(bench, "is payments ok?", "payments")).scope


async def test_times_are_read_in_the_askers_zone(bench: Bench) -> None:
    found = await understood(bench, "what failed since yesterday 2 pm?", zone="Europe/Berlin")

    assert found.scope["start"] == "2026-11-19T13:00:00Z"
    assert found.scope["end"] == "2026-11-20T15:00:00Z"
    assert "Europe/Berlin" in found.assumptions[0]


async def test_names_that_fit_alike_are_candidates(bench: Bench) -> None:
    bench.has("payments-api", "payments-worker")

    found = await understood(bench, "why is the payments lambda slow?")

    assert set(found.candidates) == {"payments-api", "payments-worker"}
    assert "resource" not in found.scope


@pytest.mark.parametrize(
    "question",
    ["hello", "thanks a lot", "why did our Lambda costs go up?", "and now?", "is anything failing right now?", "help!"],
)
async def test_a_question_without_a_name_asks_nobody(bench: Bench, question: str) -> None:
    bench.aws = Counted()

    found = await understood(bench, question)

    assert bench.aws.asked == 0
    assert "resource" not in found.scope


async def test_whether_there_is_such_a_thing_is_left_to_who_looks(bench: Bench) -> None:
    bench.has("payments-api", "payments-worker")

    found = await understood(bench, "is there a payments lambda?")

    assert (found.candidates, found.scope) == ((), {})


async def test_a_name_that_the_thread_settles_asks_nobody(bench: Bench) -> None:
    bench.aws = Counted()

    found = await understood(bench, "since when does payments-api fail?", "payments-api")

    assert found.scope == {"resource": "payments-api"}
    assert bench.aws.asked == 0


async def test_one_known_name_does_not_hide_another(bench: Bench) -> None:
    bench.has("payments-api", "orders-worker")

    found = await understood(bench, "is payments-api slower than checkout-api?", "checkout-api")

    assert {one["resource"] for one in found.named} == {"payments-api", "checkout-api"}
    assert "resource" not in found.scope


async def test_all_names_that_the_thread_settles_count(bench: Bench) -> None:
    bench.aws = Counted()

    found = await understood(bench, "is payments-api slower than checkout-api?", "checkout-api", "payments-api")

    assert [one["resource"] for one in found.named] == ["payments-api", "checkout-api"]
    assert bench.aws.asked == 0


async def test_a_deployment_is_looked_for_where_the_question_says(bench: Bench) -> None:
    bench.settings = {"aws_accounts": [{"id": "210987654321", "name": "staging"}]}
    bench.aws = Counted()

    await understood(bench, "what broke in staging in eu-central-1 since the last deploy?")

    assert bench.aws.places == {("210987654321", "eu-central-1")}


async def test_an_account_and_a_region_can_be_named(bench: Bench) -> None:
    bench.settings = {"aws_accounts": [{"id": "210987654321", "name": "staging"}]}

    found = await understood(bench, "what fails in staging in eu-central-1?")

    assert (found.scope["account"], found.scope["region"]) == ("210987654321", "eu-central-1")
    assert "account" not in (await understood(bench, "what fails in pre-staging?")).scope


async def test_an_inventory_that_cannot_be_read_leaves_the_question_as_it_is(bench: Bench) -> None:
    bench.aws = Counted()

    assert await understood(bench, "why is payments-api slow?") == Understood()
    assert bench.aws.asked


async def test_nobody_waits_long_for_names(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(understanding, "SECONDS", 0.2)
    bench.aws = slow = Counted(seconds=60)
    began = time.perf_counter()

    found = await understood(bench, "why is payments-api slow since yesterday 2 pm?")

    assert time.perf_counter() - began < 30
    slow.let_go.set()
    assert "resource" not in found.scope
    assert found.scope["start"]
    assert understanding.UNREAD in found.assumptions
    await asyncio.sleep(0)
