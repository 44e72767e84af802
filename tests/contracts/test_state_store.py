from __future__ import annotations

import asyncio
from typing import Any

from tests.contracts.adapters import SettableClock, Stores


async def test_a_document_comes_back(stores: Stores) -> None:
    value = {"learnt": {"mean": 1.5, "names": ["a", "b"]}, "none": None, "deep": [{"n": 1}]}
    assert await stores.state.get("detector/a b") is None
    await stores.state.put("detector/a b", value)
    assert await stores.state.get("detector/a b") == value
    await stores.state.put("detector/a b", {})
    assert await stores.state.get("detector/a b") == {}
    assert await stores.state.get("detector") is None


async def test_a_document_is_gone_after_its_time_and_may_be_made_again(stores: Stores, clock: SettableClock) -> None:
    await stores.state.put("k", {"n": 1}, ttl_seconds=60)
    clock.advance(61)
    assert await stores.state.get("k") is None
    assert await stores.state.change("k", increased) == {"n": 1}


async def test_a_change_begins_with_nothing_and_gives_what_is_there_after_it(stores: Stores) -> None:
    assert await stores.state.change("k", increased) == {"n": 1}
    assert await stores.state.change("k", increased) == {"n": 2}
    assert await stores.state.get("k") == {"n": 2}


async def test_changes_at_once_are_all_made(stores: Stores) -> None:
    await asyncio.gather(*(stores.state.change("k", increased) for _ in range(30)))
    assert await stores.state.get("k") == {"n": 30}


async def test_a_large_document_comes_back_whole(stores: Stores) -> None:
    value = {f"metric {n}": [float(n)] * 50 for n in range(2000)}
    await stores.state.put("k", value)
    assert await stores.state.get("k") == value


async def test_no_secret_is_kept(stores: Stores) -> None:
    await stores.state.put("k", {"password": "hunter2"})
    assert "hunter2" not in str(await stores.state.get("k"))


def increased(value: dict[str, Any]) -> dict[str, Any]:
    return {"n": value.get("n", 0) + 1}
