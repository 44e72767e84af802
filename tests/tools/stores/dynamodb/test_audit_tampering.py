"""Whoever can write to the tables themselves changes something in the audit trail: `verify` notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from agent.audit_chain import ANCHOR_LOST, ChainHead, canonical
from agent.audit_check import ChainReport, verify
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import START, audit_entry
from tests.wire import Wire
from tools.stores.dynamodb import Stores

LINES = 6


@dataclass
class Tables:
    """The items themselves."""

    client: Any
    prefix: str

    def line(self, sequence: int) -> dict[str, Any]:
        return self.client.get_item(TableName=f"{self.prefix}history", Key=key(sequence))["Item"]

    def put(self, item: dict[str, Any]) -> None:
        self.client.put_item(TableName=f"{self.prefix}history", Item=item)

    def change(self, sequence: int, **attributes: dict[str, str]) -> None:
        self.put({**self.line(sequence), **attributes})

    def delete(self, *sequences: int) -> None:
        for sequence in sequences:
            self.client.delete_item(TableName=f"{self.prefix}history", Key=key(sequence))

    def put_head(self, head: str) -> None:
        self.client.put_item(TableName=f"{self.prefix}coordination", Item={**HEAD, "chain": {"S": head}})

    def delete_head(self) -> None:
        self.client.delete_item(TableName=f"{self.prefix}coordination", Key=HEAD)


HEAD = {"group": {"S": "audit#head"}, "item": {"S": "head"}}


def key(sequence: int) -> dict[str, Any]:
    return {"subject": {"S": "chain"}, "sequence": {"S": f"{sequence:020d}"}}


@pytest.fixture
def tables(client: Any, table_prefix: str) -> Tables:
    return Tables(client, table_prefix)


@pytest.fixture
async def written(stores: Stores) -> Stores:
    for n in range(LINES):
        await stores.audit.append(audit_entry(event=f"event {n}"))
    return stores


def edited(tables: Tables) -> None:
    tables.change(3, line={"S": tables.line(3)["line"]["S"].replace("U1", "U2")})


def swapped(tables: Tables) -> None:
    third, fourth = tables.line(3)["line"], tables.line(4)["line"]
    tables.change(3, line=fourth)
    tables.change(4, line=third)


def put_in_at_the_end(tables: Tables) -> None:
    tables.put({**tables.line(LINES), **key(LINES + 1)})


def put_in_between(tables: Tables) -> None:
    tables.put({**tables.line(3), "sequence": {"S": f"{3:020d}5"}})


def put_in_without_a_hash(tables: Tables) -> None:
    text = canonical(audit_entry().model_dump(mode="json"))
    tables.put({**tables.line(LINES), **key(LINES + 1), "line": {"S": text}})


def head_set_back(tables: Tables) -> None:
    line = json.loads(tables.line(4)["line"]["S"])
    tables.put_head(ChainHead(sequence=4, hash=line["hash"], at=START).model_dump_json())


CHANGES: dict[str, Callable[[Tables], None]] = {
    "an edit": edited,
    "no text": lambda tables: tables.change(3, line={"S": "nonsense"}),
    "another subject": lambda tables: tables.change(3, about={"S": "subject#inc_2"}),
    "an earlier end": lambda tables: tables.change(3, delete_after={"N": "1"}),
    "an end that is no number": lambda tables: tables.change(3, delete_after={"S": "never"}),
    "the first deleted": lambda tables: tables.delete(1),
    "one in the middle deleted": lambda tables: tables.delete(3),
    "the last deleted": lambda tables: tables.delete(LINES),
    "all deleted": lambda tables: tables.delete(*range(1, LINES + 1)),
    "two swapped": swapped,
    "one put in at the end": put_in_at_the_end,
    "one put in between": put_in_between,
    "one without a hash": put_in_without_a_hash,
    "no head": lambda tables: tables.delete_head(),
    "a head set back": head_set_back,
    "another head": lambda tables: tables.put_head(ChainHead(sequence=LINES, hash="a" * 64).model_dump_json()),
    "a head that cannot be read": lambda tables: tables.put_head("nonsense"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_any_change_is_noticed(written: Stores, tables: Tables, change: Callable[[Tables], None]) -> None:
    assert (await _report(written)).broken is None
    change(tables)
    assert (await _report(written)).broken is not None


async def _report(stores: Stores) -> ChainReport:
    return await verify(stores.audit, START)


@pytest.mark.parametrize("change", ["no head", "a head set back", "a head that cannot be read"])
async def test_a_store_whose_head_was_lost_goes_on_and_says_so_in_the_trail(
    written: Stores, tables: Tables, change: str
) -> None:
    CHANGES[change](tables)
    await written.audit.append(audit_entry(event="after"))
    assert [entry.event for entry in await written.audit.read(limit=2)] == ["after", ANCHOR_LOST]
    report = await _report(written)
    assert report.broken is None
    assert [entry.sequence for entry in report.anchors_lost] == [LINES + 1]


async def test_lines_that_are_missing_at_the_end_stay_missing_when_more_is_written(
    written: Stores, tables: Tables
) -> None:
    tables.delete(LINES)
    await written.audit.append(audit_entry(event="after"))
    report = await _report(written)
    assert report.broken is not None
    assert report.broken.sequence == LINES + 1


async def test_what_was_deleted_in_its_time_is_not_missed_and_what_was_before_it_is(
    stores: Stores, tables: Tables, clock: SettableClock
) -> None:
    for _ in range(2):
        for n in range(3):
            await stores.audit.append(audit_entry(event=f"event {n}", at=clock()))
        clock.advance(80 * 86_400)
    tables.delete(2)  # as TTL does: in no order
    report = await verify(stores.audit, clock())
    assert (report.broken, report.entries, report.begins_later) == (None, 3, True)
    tables.delete(1, 3, 4)
    report = await verify(stores.audit, clock())
    assert report.broken is not None
    assert report.broken.reason == "it is line 5, and line 1 should be there: lines are missing"


async def test_lines_of_the_version_before_are_read_and_told_apart(stores: Stores, tables: Tables) -> None:
    for n in range(2):
        old = audit_entry(event=f"earlier {n}").model_dump_json(include={"at", "actor", "event", "subject", "detail"})
        tables.put(
            {
                "subject": {"S": "subject#inc_1"},
                "sequence": {"S": f"{int(START.timestamp() * 1e9) + n:020d}-0123456789ab"},
                "month": {"S": f"{START:%Y-%m}"},
                "delete_after": {"N": str(int(START.timestamp()) + 86_400)},
                "body": {"S": old},
            }
        )
    await stores.audit.append(audit_entry(event="new"))
    for subject in (None, "inc_1"):
        assert [entry.event for entry in await stores.audit.read(subject)] == ["new", "earlier 1", "earlier 0"]
    walked = [line.entry.event async for line in stores.audit.walk() if line.entry]
    assert walked == ["earlier 0", "earlier 1", "new"]
    report = await _report(stores)
    assert (report.broken, report.entries, report.unchained) == (None, 1, 2)


async def test_a_line_whose_answer_was_lost_is_written_once(written: Stores, wire: Wire) -> None:
    wire.lose_answer("TransactWriteItems")
    entry = await written.audit.append(audit_entry(event="once"))
    report = await _report(written)
    assert (report.broken, report.entries, report.last) == (None, LINES + 1, entry)
