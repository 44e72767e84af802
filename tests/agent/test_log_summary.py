"""Thousands of lines become a page that still shows every statement, what is new first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.log_lines import LogLine
from agent.log_summary import summarise, template_ids

START = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def raw(text: str, count: int, level: str = "INFO") -> list[str]:
    return [
        f"2026-11-18 12:{n % 60:02}:00,123 {level} [main] app.Shop: {text.replace('#', str(n))}" for n in range(count)
    ]


QUIET = [*raw("served order # in 12 ms", 400), *raw("cache holds # keys", 60)]


def test_lines_of_one_statement_have_one_id_and_others_have_others():
    ids = template_ids([*raw("served order #", 20), *raw("lost order #", 20, "ERROR")])
    assert len(ids) == 40
    assert len(set(ids[:20])) == len(set(ids[20:])) == 1
    assert ids[0] != ids[20]


def test_ids_are_the_same_in_every_run():
    assert template_ids(QUIET) == template_ids(list(QUIET))


def test_the_worst_comes_first_and_what_came_once_is_kept():
    summary = summarise([*QUIET, *raw("disk /data is full", 1, "FATAL")])
    assert [(group.level, group.count) for group in summary.groups] == [("FATAL", 1), ("INFO", 400), ("INFO", 60)]
    assert summary.groups[0].samples == ("disk /data is full",)
    assert sum(group.count for group in summary.groups) == summary.records == 461


def test_a_page_says_how_often_from_when_to_when_and_shows_an_example():
    text = summarise([*QUIET, *raw("order # is lost", 3, "ERROR")]).render()
    assert text.splitlines() == [
        "463 records, 3 templates, 11-18 12:00 to 11-18 12:59",
        "ERRORS:",
        "3x 12:00:00-12:02:00 order 0 is lost",
        "OTHER:",
        "400x 12:00:00-12:39:00 served order 0 in 12 ms",
        "60x 12:00:00-12:59:00 cache holds 0 keys",
    ]


def test_a_second_example_shows_other_words_not_other_numbers():
    lines = [
        f"2026-11-18 12:00:00 INFO user {name} came {n}" for n in range(9) for name in ("ann", "bob", "cid", "dora")
    ]
    (group,) = summarise(lines).groups
    assert group.samples == ("user ann came 0", "user bob came 0")
    assert summarise(lines, max_samples=1).groups[0].samples == ("user ann came 0",)
    assert len(summarise(lines, max_samples=3).groups[0].samples) == 3
    assert summarise(QUIET).groups[0].samples == ("served order 0 in 12 ms",)


def test_against_a_baseline_the_new_and_the_growing_come_first():
    now = [*QUIET, *raw("stock of # is low", 40, "WARN"), *raw("price of # is odd", 3)]
    before = [*QUIET, *raw("stock of # is low", 4, "WARN")]
    summary = summarise(now, baseline=before)
    assert [group.heading for group in summary.groups] == ["NEW", "GROWING", "OTHER", "OTHER"]
    assert (summary.groups[0].before, summary.groups[1].before) == (0, 4)
    assert "40x (4 before) WARN 12:00:00-12:39:00 stock of 0 is low" in summary.render()


def test_without_a_baseline_nothing_is_called_new():
    assert not any(group.is_new or group.growing for group in summarise(QUIET).groups)


def test_what_is_a_little_more_frequent_than_before_is_not_growing():
    groups = summarise(raw("served #", 110), baseline=raw("served #", 100)).groups
    assert [group.growing for group in groups] == [False]


def test_log_lines_keep_the_time_that_their_store_gave_them():
    lines = [LogLine(START + timedelta(minutes=n), f"INFO saved {n}", "web") for n in range(30)]
    (group,) = summarise(lines).groups
    assert (group.first, group.last, group.count) == (START, START + timedelta(minutes=29), 30)


@pytest.mark.parametrize("bearer", [str, lambda text: LogLine(START, text, "web")], ids=["raw", "log line"])
def test_a_stack_trace_is_one_record_with_what_was_raised(bearer: type):
    trace = [
        "2026-11-18 12:00:00 ERROR [main] order 17 failed",
        "Traceback (most recent call last):",
        '  File "shop.py", line 3, in buy',
        "ValueError: no price",
    ]
    summary = summarise([bearer(line) for line in [*trace, *QUIET]])
    assert summary.records == 461
    assert summary.groups[0].samples == ("order 17 failed | ValueError: no price",)


def test_the_level_in_a_header_of_any_kind_is_found():
    android = [f"03-17 16:13:{n:02}.811  1702  {n} E Keeper: no window {n}" for n in range(30)]
    apache = [f"[Sun Dec 04 04:47:{n:02} 2005] [error] no child {n}" for n in range(30)]
    assert [summarise(lines).groups[0].level for lines in (android, apache)] == ["ERROR", "ERROR"]


def test_groups_beyond_the_bound_are_counted_aloud():
    assert summarise(QUIET).render(most=1).splitlines()[-1] == "and 1 more templates in 60 records"


def test_a_long_message_is_shown_by_its_ends():
    text = summarise([f"begin {'word ' * 300}end"]).render()
    assert text.startswith("1 records, 1 templates")
    assert "1x begin" in text
    assert text.endswith("end")
    assert len(text) < 700


def test_a_page_is_a_small_part_of_the_lines():
    lines = [*QUIET * 5, *raw("disk # is full", 7, "ERROR")]
    assert len(summarise(lines).render()) < 0.01 * len("\n".join(lines))


def test_no_lines_make_an_empty_page():
    assert template_ids([]) == []
    assert summarise([]).render() == "0 records, 0 templates"


def test_lines_of_a_store_are_put_in_order_of_time():
    lines = [LogLine(START + timedelta(minutes=n), f"INFO saved {n}") for n in (7, 3, 9)]
    (group,) = summarise(lines).groups
    assert (group.first, group.last) == (START + timedelta(minutes=3), START + timedelta(minutes=9))


ANY_LINE = st.text(max_size=50) | st.builds(LogLine, st.just(START), st.text(max_size=50))


@given(st.lists(ANY_LINE | st.just(QUIET[0]), max_size=20))
@settings(max_examples=80, deadline=None)
def test_any_text_can_be_summarised(lines: list[str | LogLine]):
    summary = summarise(lines, baseline=lines[:3])
    assert sum(group.count for group in summary.groups) == summary.records
    assert isinstance(summary.render(), str)
