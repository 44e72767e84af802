from __future__ import annotations

import asyncio

from tests.contracts.adapters import Stores
from tests.contracts.examples import audit_entry


async def test_entries_come_newest_first(stores: Stores) -> None:
    entries = [audit_entry(event=event, detail={"n": 1}) for event in ("asked", "approved", "done")]
    for entry in entries:
        await stores.audit.append(entry)
    assert await stores.audit.read() == entries[::-1]


async def test_entries_can_be_read_by_subject(stores: Stores) -> None:
    for subject in ("inc_1", "inc_2", "inc_1"):
        await stores.audit.append(audit_entry(subject=subject))
    assert [entry.subject for entry in await stores.audit.read("inc_1")] == ["inc_1", "inc_1"]
    assert await stores.audit.read("inc_3") == []


async def test_no_more_is_read_than_asked(stores: Stores) -> None:
    for event in ("first", "second", "third"):
        await stores.audit.append(audit_entry(event=event))
    assert [entry.event for entry in await stores.audit.read("inc_1", limit=2)] == ["third", "second"]


async def test_the_same_entry_twice_is_two_entries(stores: Stores) -> None:
    await asyncio.gather(*(stores.audit.append(audit_entry()) for _ in range(10)))
    assert len(await stores.audit.read()) == 10
