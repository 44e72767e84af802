from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from agent.audit_chain import BEFORE_THE_FIRST, ChainHead, canonical
from agent.audit_check import verify
from agent.models import AuditEntry
from tests.contracts.adapters import STORES, SettableClock, Stores, wall_clock
from tests.contracts.contender import race
from tests.contracts.examples import START, audit_entry
from tests.contracts.parameters import stores_slow_over_emulators

SECRET = "hunter2-" + "correct-horse"


def without_chain(entry: AuditEntry) -> AuditEntry:
    return AuditEntry.model_validate(entry.model_dump(include={"at", "actor", "event", "subject", "detail"}))


async def append(stores: Stores, *events: str) -> list[AuditEntry]:
    return [await stores.audit.append(audit_entry(event=event)) for event in events]


async def test_entries_come_newest_first(stores: Stores) -> None:
    entries = [audit_entry(event=event, detail={"n": 1}) for event in ("asked", "approved", "done")]
    stored = [await stores.audit.append(entry) for entry in entries]
    assert [without_chain(entry) for entry in stored] == entries
    assert await stores.audit.read() == stored[::-1]


async def test_entries_can_be_read_by_subject(stores: Stores) -> None:
    for subject in ("inc_1", "inc_2", "inc_1"):
        await stores.audit.append(audit_entry(subject=subject))
    assert [entry.sequence for entry in await stores.audit.read("inc_1")] == [3, 1]
    assert await stores.audit.read("inc_3") == []


async def test_no_more_is_read_than_asked(stores: Stores) -> None:
    await append(stores, "first", "second", "third")
    assert [entry.event for entry in await stores.audit.read("inc_1", limit=2)] == ["third", "second"]
    assert [entry.event for entry in await stores.audit.read(limit=2)] == ["third", "second"]


async def test_the_same_entry_fifty_times_at_once_is_fifty_lines_of_one_chain(stores: Stores) -> None:
    stored = await asyncio.gather(*(stores.audit.append(audit_entry()) for _ in range(50)))
    assert sorted(entry.sequence for entry in stored) == [*range(1, 51)]
    report = await verify(stores.audit, START)
    assert (report.entries, report.broken) == (50, None)


async def test_each_line_holds_the_hash_of_the_one_before(stores: Stores) -> None:
    first, second = await append(stores, "first", "second")
    assert (first.sequence, first.previous, first.previous_at) == (1, BEFORE_THE_FIRST, None)
    assert (second.sequence, second.previous, second.previous_at) == (2, first.hash, first.at)
    assert await stores.audit.head() == ChainHead(sequence=2, hash=second.hash, at=second.at)


async def test_a_trail_without_a_line_has_no_head_and_is_whole(stores: Stores) -> None:
    assert await stores.audit.head() is None
    report = await verify(stores.audit, START)
    assert (report.entries, report.broken) == (0, None)


async def test_all_lines_can_be_walked_oldest_first_and_from_any_on(stores: Stores) -> None:
    entries = await append(stores, *(f"event {n}" for n in range(7)))
    assert [line.entry async for line in stores.audit.walk()] == entries
    assert [line.entry async for line in stores.audit.walk(5)] == entries[5:]
    assert [line.text async for line in stores.audit.walk(6)] == [canonical(entries[6].model_dump(mode="json"))]


async def test_what_is_hashed_is_what_is_stored_and_holds_no_secret(stores: Stores) -> None:
    stored = await stores.audit.append(audit_entry(detail={"password": SECRET, "why": f"password={SECRET}"}))
    [line] = [line async for line in stores.audit.walk()]
    assert SECRET not in line.text
    assert (line.entry, line.wrong) == (stored, "")


async def test_any_json_can_be_told_and_too_much_of_it_is_cut(stores: Stores) -> None:
    odd = {"half": "\ud83d", "none": None, "deep": [{"ü": [1, 2.5, True]}], "big": 2**70, "time": START}
    await stores.audit.append(audit_entry(detail=odd))
    long = await stores.audit.append(audit_entry(detail={"output": "o" * 300_000, "n": 1}))
    many = await stores.audit.append(audit_entry(detail={str(n): "o" * 100 for n in range(5000)}))
    assert long.detail["n"] == 1
    assert long.detail["output"].startswith("ooo")
    assert "… [cut: 300000 characters, SHA-256 " in long.detail["output"]
    assert "SHA-256" in many.detail["left_out"]
    report = await verify(stores.audit, START)
    assert (report.entries, report.broken) == (3, None)


async def test_a_head_that_was_noted_is_looked_for(stores: Stores) -> None:
    entries = await append(stores, "first", "second", "third")
    noted = ChainHead(sequence=2, hash=entries[1].hash)
    assert (await verify(stores.audit, START, noted)).broken is None
    other = await verify(stores.audit, START, ChainHead(sequence=2, hash="f" * 64))
    assert other.broken is not None
    assert (other.broken.sequence, other.broken.entry) == (2, entries[1])
    later = await verify(stores.audit, START, ChainHead(sequence=9, hash="f" * 64))
    assert later.broken is not None
    assert later.broken.reason == "the trail ends before line 9, whose hash was noted"


async def test_a_trail_that_is_kept_for_a_time_begins_with_what_must_be_there(
    stores: Stores, clock: SettableClock
) -> None:
    await append(stores, "first", "second")
    clock.advance(100 * 86_400)
    third = await stores.audit.append(audit_entry(event="third", at=clock()))
    report = await verify(stores.audit, clock())
    assert report.broken is None
    assert (report.entries, report.begins_later) == ((1, True) if stores.audit.keeps else (3, False))
    assert report.last == third
    clock.advance(100 * 86_400)
    assert (await verify(stores.audit, clock())).broken is None


@pytest.mark.slow
@stores_slow_over_emulators
async def test_lines_of_several_processes_are_one_chain(stores_adapter: str, tmp_path: Path) -> None:
    told = race(stores_adapter, tmp_path, "tell")
    stores = STORES[stores_adapter](tmp_path, wall_clock)
    report = await verify(stores.audit, wall_clock() + timedelta(seconds=1))
    stores.close()
    assert (report.entries, report.broken) == (sum(told), None)
