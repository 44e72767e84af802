"""A refusal is asked for once: in a storm hundreds of messages wait for the same room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from slack_app import channel_budget
from slack_app.channel_budget import EDIT, NORMAL, PERSON, ChannelBudget
from tests.contracts.adapters import SettableClock
from tools.stores.sqlite import open_stores
from tools.stores.sqlite.state import SqliteStateStore

PER_MINUTE = 5


class Counting(SqliteStateStore):
    """The real store, and how often it was asked."""

    asked = 0

    async def get(self, key: str) -> dict[str, Any] | None:
        self.asked += 1
        return await super().get(key)

    async def change(
        self, key: str, change: Callable[[dict[str, Any]], dict[str, Any]], ttl_seconds: float = 2_592_000
    ) -> dict[str, Any]:
        self.asked += 1
        return await super().change(key, change, ttl_seconds)


async def test_a_refusal_holds_until_there_may_be_room_and_no_store_is_asked_meanwhile(tmp_path: Path) -> None:
    clock = SettableClock()
    stores = open_stores(tmp_path / "stores.db", clock)
    state = Counting(stores.database, clock)
    budget = ChannelBudget(state, clock, PER_MINUTE)
    while not (wait := await budget.take("C1", NORMAL)):
        pass
    asked = state.asked
    clock.now += timedelta(seconds=wait / 2)
    assert await budget.room("C1", NORMAL) == await budget.take("C1", NORMAL) == wait / 2
    assert state.asked == asked, "known by heart"
    assert await budget.take("C1", PERSON) == 0.0, "others may have more of it"
    assert await budget.take("C2", NORMAL) == 0.0, "and another channel has its own"
    clock.now += timedelta(seconds=wait / 2)
    await budget.room("C1", EDIT)
    asked = state.asked
    await budget.room("C1", NORMAL)
    assert state.asked == asked + 1, "it is over, and asked for anew"
    stores.close()


async def test_a_clock_that_goes_back_forgets_the_refusal(tmp_path: Path) -> None:
    clock = SettableClock()
    stores = open_stores(tmp_path / "stores.db", clock)
    budget = ChannelBudget(stores.state, clock, PER_MINUTE)
    while not await budget.take("C1", NORMAL):
        pass
    clock.now -= timedelta(hours=1)
    assert await budget.room("C1", NORMAL) == 0.0
    stores.close()


async def test_only_so_many_refusals_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_budget, "REMEMBERED", 3)
    clock = SettableClock()
    stores = open_stores(tmp_path / "stores.db", clock)
    state = Counting(stores.database, clock)
    budget = ChannelBudget(state, clock, 1)
    for channel in ("C1", "C2", "C3", "C4"):
        assert await budget.take(channel, NORMAL) == 0.0
        assert await budget.take(channel, NORMAL) > 0.0
    asked = state.asked
    assert await budget.room("C4", NORMAL) > 0.0
    assert state.asked == asked
    assert await budget.room("C1", NORMAL) > 0.0
    assert state.asked == asked + 1, "the oldest was forgotten"
    stores.close()
