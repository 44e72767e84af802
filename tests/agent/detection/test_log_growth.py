"""Error templates that are new, and those whose rate grew."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from agent.detection.log_growth import LEAST_NEW, MAX_TEMPLATES, Growth, Memory, learn
from agent.detection.memory import MAX_BYTES
from agent.log_lines import LogLine

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
DAY = timedelta(days=1)


def lines(text: str, count: int, start: datetime, end: datetime, source: str = "/aws/lambda/checkout") -> list[LogLine]:
    """So many lines, evenly over a range; `#` in the text is their number."""
    step = (end - start) / max(count, 1)
    return [LogLine(start + n * step, text.replace("#", str(4700 + n)), source) for n in range(count)]


def learned(*seen: LogLine) -> Memory:
    memory, found = learn({}, seen, NOW - DAY, NOW)
    assert found == []
    return memory


def tick(memory: Memory, *seen: LogLine, at: datetime = NOW) -> tuple[Memory, list[Growth]]:
    return learn(json.loads(json.dumps(memory)), seen, at, at + STEP)


def usual() -> list[LogLine]:
    return lines("ERROR Payment # refused: card expired", 288, NOW - DAY, NOW)


def test_a_first_look_only_learns():
    learned(*usual(), *lines("FATAL disk of node # is full", 500, NOW - STEP, NOW))


def test_the_usual_errors_are_no_news():
    memory = learned(*usual())
    for n in range(12):
        at = NOW + n * STEP
        memory, found = tick(memory, *lines("ERROR Payment # refused: card expired", 1, at, at + STEP), at=at)
        assert found == []


def test_an_error_that_nobody_ever_saw_is_news_when_it_comes_a_few_times():
    memory = learned(*usual())
    assert tick(memory, *lines("ERROR KeyError: 'currency' in order #", LEAST_NEW - 1, NOW, NOW + STEP))[1] == []
    found = tick(memory, *lines("ERROR KeyError: 'currency' in order #", LEAST_NEW, NOW, NOW + STEP))[1]
    assert [(growth.is_new, growth.count) for growth in found] == [(True, LEAST_NEW)]


def test_a_rare_new_error_is_counted_over_several_ticks():
    memory, found = learned(*usual()), list[Growth]()
    for n in range(3):
        at = NOW + n * STEP
        memory, found = tick(memory, *lines("ERROR lost the connection to shard #", 1, at, at + STEP), at=at)
    assert [(growth.is_new, growth.count) for growth in found] == [(True, 3)]


def test_one_fatal_line_is_enough():
    found = tick(learned(*usual()), *lines("FATAL out of memory, process # killed", 1, NOW, NOW + STEP))[1]
    assert [growth.is_new for growth in found] == [True]


def test_a_known_error_that_comes_ten_times_as_often_grew():
    found = tick(learned(*usual()), *lines("ERROR Payment # refused: card expired", 20, NOW, NOW + STEP))[1]
    assert [(growth.is_new, growth.count, round(growth.usual)) for growth in found] == [(False, 20, 1)]


def test_what_a_nightly_job_always_prints_in_its_hour_did_not_grow():
    nightly = lines("ERROR row # skipped: no price", 600, NOW - DAY, NOW - DAY + timedelta(hours=1))
    found = tick(learned(*usual(), *nightly), *lines("ERROR row # skipped: no price", 60, NOW, NOW + STEP))[1]
    assert found == []


def test_ordinary_lines_do_not_count():
    assert tick(learned(*usual()), *lines("INFO order # paid", 900, NOW, NOW + STEP))[1] == []


def test_the_same_text_in_another_log_is_news_there():
    same = lines("ERROR Payment # refused: card expired", 5, NOW, NOW + STEP, "/aws/lambda/refunds")
    assert [growth.source for growth in tick(learned(*usual()), *same)[1]] == ["/aws/lambda/refunds"]


def test_the_memory_of_a_log_that_never_says_the_same_twice_is_bounded():
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(4 * MAX_TEMPLATES)]
    seen = [LogLine(NOW - DAY + n * STEP, f"ERROR {word * 8} {word * 5} failed", "x") for n, word in enumerate(words)]
    memory = learned(*seen, *lines("ERROR " + "long " * 500, 3, NOW - DAY, NOW))
    assert len(memory["templates"]) <= MAX_TEMPLATES
    assert len(json.dumps(memory)) < MAX_BYTES


def test_what_was_not_seen_for_a_week_is_news_again():
    memory = learned(*usual())
    at = NOW + timedelta(days=8)
    memory, _ = tick(memory, at=at)
    assert memory["templates"] == []
