"""The budgets of a day, which all workers' runs share: each item, races, midnight, and a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.budgets import RunMeter, Tokens
from agent.models import Spend
from agent.ports import Deps
from graphs.limits import may_ask, run_meter
from tests.graphs.conftest import Bench
from tools.stores.sqlite.database import Database
from tools.stores.sqlite.schema import MIGRATIONS
from tools.stores.sqlite.spend import SqliteSpendLedger

BEFORE_MIDNIGHT = datetime(2026, 11, 18, 23, 59, 50, tzinfo=UTC)


def dime(model: str, tokens: Tokens) -> float:
    return 0.1


class Away(SqliteSpendLedger):
    """A ledger that cannot be reached for a while."""

    away = False

    async def add(self, user: str, spend: Spend) -> None:
        if self.away:
            raise ConnectionError("the store is down")
        await super().add(user, spend)

    async def today(self, user: str = "") -> Spend:
        if self.away:
            raise ConnectionError("the store is down")
        return await super().today(user)


class Days:
    """A clock that tests set, and the ledgers of as many workers as they like over one file."""

    def __init__(self, file: Path) -> None:
        self.now = BEFORE_MIDNIGHT
        self._file = file
        self._open: list[Database] = []

    def ledger(self) -> Away:
        self._open.append(Database(self._file, MIGRATIONS))
        return Away(self._open[-1], lambda: self.now)

    def close(self) -> None:
        for database in self._open:
            database.close()


@pytest.fixture
async def days(tmp_path: Path) -> AsyncGenerator[Days]:
    kept = Days(tmp_path / "days.db")
    yield kept
    kept.close()


def deps_of(bench: Bench, ledger: Any) -> Deps:
    return replace(bench.deps(), spend=ledger, meter=RunMeter(dime))


async def calls_until_refused(meter: RunMeter, most: int = 40) -> int:
    """As a run does it: ask whether one may, call, count."""
    for made in range(most):
        if await may_ask(meter):
            return made
        await asyncio.sleep(0)
        meter.replied("m", Tokens(900, 100))
    return most


@pytest.mark.parametrize(
    ("setting", "limit", "calls"),
    [
        ("user_daily_usd", 0.5, 5),
        ("daily_usd", 0.3, 3),
        ("user_daily_tokens", 4000, 4),
        ("daily_tokens", 2000, 2),
        ("user_daily_model_calls", 6, 6),
        ("daily_model_calls", 1, 1),
    ],
)
async def test_each_budget_of_a_day_stops_its_runs_and_is_named(
    setting: str, limit: float, calls: int, bench: Bench, days: Days
) -> None:
    bench.settings = {setting: limit, "run_llm_usd": 100}
    first = await run_meter(deps_of(bench, days.ledger()), "ana")
    assert await calls_until_refused(first) == calls

    later = await run_meter(deps_of(bench, days.ledger()), "ana")
    assert f"WATCHKEEPER_{setting.upper()}" in await may_ask(later)
    someone_else = await run_meter(deps_of(bench, days.ledger()), "ben")
    assert bool(await may_ask(someone_else)) == (not setting.startswith("user_"))


async def test_runs_of_several_workers_at_once_share_one_budget(bench: Bench, days: Days) -> None:
    bench.settings = {"daily_usd": 1.0, "run_llm_usd": 100}
    meters = [await run_meter(deps_of(bench, days.ledger()), f"U{n}") for n in range(6)]

    made = await asyncio.gather(*map(calls_until_refused, meters))

    assert 10 <= sum(made) <= 10 + len(meters), "each may have had one call under way when it was used up"


async def test_the_time_of_runs_adds_up_over_a_day(bench: Bench, days: Days) -> None:
    bench.settings = {"user_daily_seconds": 600}
    ledger = days.ledger()
    await ledger.add("ana", Spend(seconds=599, model_calls=1))
    assert await may_ask(await run_meter(deps_of(bench, ledger), "ana")) == ""
    await ledger.add("ana", Spend(seconds=2, model_calls=1))
    assert "600 seconds (WATCHKEEPER_USER_DAILY_SECONDS)" in await may_ask(
        await run_meter(deps_of(bench, ledger), "ana")
    )


async def test_tool_calls_of_a_day_stop_tools_and_not_the_model_that_concludes(bench: Bench, days: Days) -> None:
    bench.settings = {"user_daily_tool_calls": 3}
    meter = await run_meter(deps_of(bench, days.ledger()), "ana")
    assert [bool(meter.refuse_tool_call()) for _ in range(5)] == [False] * 3 + [True] * 2
    assert await may_ask(meter) == ""

    later = await run_meter(deps_of(bench, days.ledger()), "ana")
    assert "WATCHKEEPER_USER_DAILY_TOOL_CALLS" in later.refuse_tool_call()


async def test_a_run_that_is_killed_has_been_counted_up_to_its_last_call(bench: Bench, days: Days) -> None:
    meter = await run_meter(deps_of(bench, days.ledger()), "ana")
    for _ in range(3):
        assert await may_ask(meter) == ""
        meter.replied("m", Tokens(900, 100))

    told = await days.ledger().today("ana")  # nobody told the ledger of the third before the worker died
    assert (told.model_calls, told.tokens, told.usd) == (2, 2000, pytest.approx(0.2))


async def test_a_run_over_midnight_counts_on_both_days_and_begins_the_second_afresh(bench: Bench, days: Days) -> None:
    bench.settings = {"user_daily_usd": 0.2, "run_llm_usd": 100}
    meter = await run_meter(deps_of(bench, days.ledger()), "ana")
    assert await calls_until_refused(meter) == 2

    days.now += timedelta(seconds=20)

    assert await calls_until_refused(meter) == 2


async def test_what_could_not_be_written_down_is_when_the_store_is_back(bench: Bench, days: Days) -> None:
    ledger = days.ledger()
    bench.settings = {"user_daily_usd": 5}
    meter = await run_meter(deps_of(bench, ledger), "ana")
    ledger.away = True
    assert await calls_until_refused(meter, most=4) == 4, "a store that is away stops no answer"
    ledger.away = False
    await meter.settle()

    assert (await ledger.today("ana")).model_calls == 4
