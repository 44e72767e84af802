from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256

import pytest

from agent.audit_chain import BEFORE_THE_FIRST, ChainHead, Line, canonical, end_of, line, sealed, told
from agent.audit_check import Checker
from tests.contracts.examples import START, audit_entry

ENTRY = audit_entry(detail={"why": "die Fehler begannen mit Version 42 …", "n": 1.5})


def chain(count: int) -> list[Line]:
    lines: list[Line] = []
    head = None
    for n in range(count):
        new = sealed(told(audit_entry(at=START + timedelta(days=n))), head)
        head = new.head
        lines.append(line(new.text, new.head.sequence))
    return lines


def test_a_hash_can_be_checked_with_nothing_but_json_and_sha256() -> None:
    text = sealed(told(ENTRY), None).text
    document = json.loads(text)
    claimed = document.pop("hash")
    again = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert sha256(again.encode()).hexdigest() == claimed
    assert text.isascii()


def test_equal_entries_are_different_lines() -> None:
    assert sealed(told(ENTRY), None).head.hash != sealed(told(ENTRY), None).head.hash


def test_a_line_follows_the_head_and_the_first_follows_nothing() -> None:
    first = sealed(told(ENTRY), None)
    second = sealed(told(ENTRY), first.head)
    assert (first.entry.sequence, first.entry.previous) == (1, BEFORE_THE_FIRST)
    assert (second.entry.sequence, second.entry.previous) == (2, first.entry.hash)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"at": "yesterday"}', "[" * 100_000, b"\xff", 5])
def test_whatever_lies_there_is_looked_at_without_an_error(text: object) -> None:
    looked = line(text, 7)
    assert (looked.entry, looked.wrong) == (None, "it cannot be read")


def test_a_line_that_lies_elsewhere_or_was_written_anew_is_wrong() -> None:
    new = sealed(told(ENTRY), None)
    assert line(new.text, 1, "inc_1").wrong == ""
    assert line(new.text, 2).wrong == "it says that it is line 1"
    assert line(new.text, 1, "inc_2").wrong == "it is filed under another subject"
    assert line(new.text.replace(",", ", "), 1).wrong == "it was written anew"
    assert line(new.text.replace("U1", "U2"), 1).wrong == "its hash does not fit what it says"


def test_the_next_line_follows_the_head_unless_the_head_is_behind() -> None:
    [first, second] = chain(2)
    assert first.entry is not None
    assert second.entry is not None
    heads = [ChainHead(sequence=each.sequence, hash=each.hash, at=each.at) for each in (first.entry, second.entry)]
    assert end_of(None, None) == (None, False)
    assert end_of(heads[1], second) == (heads[1], False)
    assert end_of(heads[1], first) == (heads[1], False)
    assert end_of(heads[0], second) == (heads[1], True)
    assert end_of(None, second) == (heads[1], True)
    earlier = line(audit_entry().model_dump_json(), 5)
    assert end_of(None, earlier) == (ChainHead(sequence=5, hash=BEFORE_THE_FIRST), False)


def test_what_is_older_than_its_time_is_not_missed() -> None:
    lines = chain(100)
    end = lines[-1].entry
    assert end is not None
    for kept in (lines, lines[5:], lines[8:9] + lines[10:]):
        checker = Checker(end.at, timedelta(days=90))
        for each in kept:
            checker.take(each)
        report = checker.end(ChainHead(sequence=end.sequence, hash=end.hash, at=end.at))
        assert (report.broken, report.entries, report.begins_later) == (None, 90, True)


def test_what_went_before_its_time_is_missed() -> None:
    lines = chain(100)
    checker = Checker(START + timedelta(days=99), timedelta(days=90))
    checker.take(lines[12])
    assert checker.broken is not None
    assert checker.broken.sequence == 13


def test_a_trail_all_of_which_had_to_go_is_whole() -> None:
    [first] = chain(1)
    assert first.entry is not None
    head = ChainHead(sequence=1, hash=first.entry.hash, at=first.entry.at)
    assert Checker(START + timedelta(days=200), timedelta(days=90)).end(head).broken is None
    assert Checker(START + timedelta(days=10), timedelta(days=90)).end(head).broken is not None
    assert Checker(START + timedelta(days=200), None).end(head).broken is not None


def test_canonical_json_is_the_same_whatever_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'
