"""Thousands of lines become a few patterns, the worst first, with the moment at which they began."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from agent.log_lines import LogLine, parse_line
from agent.log_patterns import burst, compare, patterns, severity, vanished

START = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
END = START + timedelta(hours=3)


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


def lines(text: str, start: float, end: float, per_minute: float) -> list[LogLine]:
    count = int((end - start) * per_minute)
    return [LogLine(minute(start + i / per_minute), text.replace("#", str(i)), "web") for i in range(count)]


def test_the_worst_pattern_comes_first_however_rare_it_is():
    found = patterns([*lines("INFO served request #", 0, 180, 20), *lines("FATAL out of disk on /data", 90, 92, 2)])
    assert found[0].template == "out of disk on /data"
    assert (found[0].count, found[0].first, found[0].last) == (4, minute(90), minute(91.5))
    assert found[1].template == "served request <*>"


@pytest.mark.parametrize(
    ("line", "least", "most"),
    [
        ("ERROR cannot connect", 0.9, 1.0),
        ("FATAL: shutting down", 1.0, 1.0),
        ("WARN retrying", 0.3, 0.5),
        ("connection refused", 0.5, 0.7),
        ("INFO request failed, will retry", 0.1, 0.35),
        ("finished with 0 errors", 0.0, 0.0),
        ("REPORT RequestId: 1 Status: error", 0.0, 0.0),
        ("2026-11-20T12:00:00Z 8f5d1b9a-1111-2222-3333-444455556666 Task timed out after 3.00 seconds", 0.9, 1.0),
        ("served 200", 0.0, 0.0),
    ],
)
def test_severity_follows_the_level_and_else_the_words(line: str, least: float, most: float):
    assert least <= severity(parse_line(line)) <= most


def test_an_id_that_every_line_carries_is_told_from_ids_that_vary():
    same = [f"ERROR cannot read message 5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1aa (try {n})" for n in range(9)]
    other = [f"ERROR cannot send letter 5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1{n:02}" for n in range(9)]
    found = patterns([LogLine(minute(n), text) for n, text in enumerate([*same, *other])])
    assert {pattern.template.split()[1]: pattern.always for pattern in found} == {
        "read": "5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1aa",
        "send": "",
    }


def test_a_burst_begins_where_the_rate_rose():
    times = [line.at for line in [*lines("x", 0, 120, 0.2), *lines("x", 120, 180, 10)]]
    found = burst(times, START, END)
    assert found is not None
    assert abs((found.at - minute(120)).total_seconds()) < 90
    assert found.after > 20 * found.before
    assert found.gain > 100


def test_a_steady_rate_is_no_burst():
    random.seed(3)
    times = sorted(minute(random.uniform(0, 180)) for _ in range(200))
    found = burst(times, START, END)
    assert found is None or found.gain < 8


def test_new_patterns_and_grown_ones_are_changes_and_steady_ones_are_not():
    logs = [
        *lines("INFO served #", 0, 180, 10),
        *lines("ERROR upstream answered 502", 0, 120, 0.2),
        *lines("ERROR upstream answered 502", 120, 180, 5),
        *lines("ERROR column total is missing", 121, 180, 1),
    ]
    changes = compare(patterns(logs), minute(120), 120, 60)
    assert [change.pattern.template for change in changes] == ["column total is missing", "upstream answered <*>"]
    assert changes[0].is_new
    assert changes[1].factor == pytest.approx(25, rel=0.1)


def test_the_platforms_own_lines_are_no_news():
    assert compare(patterns(lines("START RequestId: # Version: 7", 120, 180, 5)), minute(120), 120, 60) == []


def test_what_happened_once_or_twice_is_not_called_new():
    assert compare(patterns(lines("ERROR odd thing", 130, 132, 1)), minute(120), 120, 60) == []


def test_a_pattern_that_stopped_is_found():
    logs = [*lines("order # shipped", 0, 120, 5), *lines("heartbeat", 0, 180, 1)]
    gone = vanished(patterns(logs), minute(120), 120, 60)
    assert [change.pattern.template for change in gone] == ["order <*> shipped"]


def test_twenty_thousand_lines_take_no_more_than_a_moment():
    random.seed(1)
    logs = [
        LogLine(
            minute(i / 120),
            f"2026-11-18T12:00:00Z INFO user {random.randrange(9999)} did {random.choice('abcdef')} in {i}ms",
        )
        for i in range(20_000)
    ]
    began = time.process_time()
    found = patterns(logs)
    assert time.process_time() - began < 3
    assert sum(pattern.count for pattern in found) == 20_000
