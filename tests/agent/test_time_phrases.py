"""Times in questions: what is taken for one, what it means, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.time_phrases import TimePhrase, anchored, resolve
from tests.agent.time_table import NO_TIMES, NOW, RANGES, SINCE, ZONE, local, rows

BERLIN = ZoneInfo(ZONE)
SPRING = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
"""The day on which Berlin's clocks jumped from 02:00 to 03:00."""
AUTUMN = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)
"""The day on which they went from 03:00 back to 02:00."""


def found(text: str, now: datetime = NOW, zone: str = ZONE) -> TimePhrase:
    phrase = resolve(text, now, zone)
    assert phrase is not None, text
    return phrase


def wall(text: str, now: datetime = NOW, zone: str = ZONE) -> tuple[datetime, datetime]:
    """The local times that a text means."""
    phrase = found(text, now, zone)
    assert phrase.range is not None, phrase.assumption
    there = ZoneInfo(zone)
    start, end = (at.astimezone(there).replace(tzinfo=None) for at in (phrase.range.start, phrase.range.end))
    return start, end


@pytest.mark.parametrize(("text", "start"), rows(SINCE))
def test_a_phrase_that_reaches_to_now(text: str, start: str) -> None:
    assert wall(text) == (local(start), local("18 16:00"))


@pytest.mark.parametrize(("text", "start", "end"), rows(RANGES))
def test_a_phrase_that_ends(text: str, start: str, end: str) -> None:
    assert wall(text) == (local(start), local(end))


@pytest.mark.parametrize("text", [row[0] for row in rows(NO_TIMES)])
def test_what_is_no_time_is_not_taken_for_one(text: str) -> None:
    assert resolve(text, NOW, ZONE) is None
    assert resolve(f"why is checkout slow, {text}?", NOW, ZONE) is None


@pytest.mark.parametrize("row", rows(SINCE) + rows(RANGES), ids=lambda row: row[0])
def test_a_time_in_a_question_means_what_it_means_alone(row: tuple[str, ...]) -> None:
    question = f"why did payments-api throw 500 errors {row[0]}?"
    assert wall(question) == (local(row[1]), local(row[2] if len(row) > 2 else "18 16:00"))


EARLY = datetime(2026, 11, 19, 2, 40, tzinfo=UTC)
"""03:40 in Berlin: most hours of the day are still to come."""


@pytest.mark.parametrize(
    "text",
    [
        "orders_daily must be done by 6am",
        "the SLA is 7am, is the dag late?",
        "give me a summary for the 9am standup",
        "I go off shift at 6am, what's the state of checkout?",
        "ping me at 5pm if it breaks",
        "meeting at 9, summarise the incident",
        "maintenance window from 4am to 5am, anything running?",
    ],
)
def test_an_hour_that_is_a_deadline_or_an_appointment_is_not_yesterdays(text: str) -> None:
    assert resolve(text, EARLY, ZONE) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("who deployed at 11 pm?", "18 22:30"),
        ("errors from 22:00 to 23:00", "18 22:00"),
        ("which dags missed their SLA at 6am?", "18 05:30"),
        ("why did the meeting-bot fail at 9 am?", "18 08:30"),
        ("what was not done by 6am?", "18 05:30"),
        ("the SLA is 7am, but it is late since 2", "19 02:00"),
    ],
)
def test_an_hour_of_the_past_stays_one(text: str, start: str) -> None:
    assert wall(text, EARLY)[0] == local(start)


def test_an_hour_of_a_named_place_is_read_there() -> None:
    phrase = found("since 9am Pacific time", zone="America/New_York", now=EARLY)
    assert phrase.range is not None
    assert phrase.range.start == datetime(2026, 11, 18, 17, tzinfo=UTC)
    assert "America/Los_Angeles" in phrase.assumption


def test_the_words_are_those_of_the_text() -> None:
    assert found("what broke Since Yesterday  2 PM, and why?").words == "Since Yesterday 2 PM"


def test_the_assumption_names_the_zone_and_utc() -> None:
    assert found("since yesterday 2 pm").assumption == (
        "“since yesterday 2 pm” means Tue 17 Nov 14:00 to now in Europe/Berlin (13:00 UTC)."
    )
    assert found("yesterday").assumption == (
        "“yesterday” means Tue 17 Nov 00:00 to Wed 18 Nov 00:00 in Europe/Berlin "
        "(Mon 16 Nov 23:00 to Tue 17 Nov 23:00 UTC)."
    )
    assert found("since 14:02 UTC").assumption == "“since 14:02 UTC” means Wed 18 Nov 14:02 to now (UTC)."


def test_since_counts_more_than_a_time_that_stands_before_it() -> None:
    assert found("yesterday's deploy looked fine, but since 14:00 it fails").words == "since 14:00"


@pytest.mark.parametrize("text", ["tomorrow", "next week", "mañana", "since 2027-01-01", "tonight"])
def test_the_future_is_refused_with_a_reason(text: str) -> None:
    phrase = found(f"what happens {text}?")
    assert phrase.range is None
    assert "lies in the future" in phrase.assumption


def test_what_reaches_into_the_future_ends_now() -> None:
    assert wall("between 15:00 and 18:00") == (local("18 15:00"), local("18 16:00"))


def test_this_morning_lasts_until_now_and_begins_at_midnight_for_the_early() -> None:
    early = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    assert wall("since when, this morning?", early) == (datetime(2026, 11, 18, 0, 0), datetime(2026, 11, 18, 3, 0))


def test_what_broke_just_before_five_is_of_this_morning_for_who_asks_just_after() -> None:
    early = datetime(2026, 11, 18, 4, 20, tzinfo=UTC)
    assert wall("since this morning", early) == (datetime(2026, 11, 18, 0, 0), datetime(2026, 11, 18, 5, 20))

    later = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
    assert wall("since this morning", later) == (datetime(2026, 11, 18, 5, 0), datetime(2026, 11, 18, 9, 0))


def test_an_unknown_zone_means_utc_and_says_so() -> None:
    phrase = found("since 14:00", zone="Mars/Olympus")
    assert phrase.range is not None
    assert phrase.range.start == datetime(2026, 11, 18, 14, tzinfo=UTC)
    assert "Mars/Olympus is not known here, so UTC is meant" in phrase.assumption


def test_month_and_day_stand_as_the_zone_writes_them() -> None:
    assert wall("on 10/11")[0] == datetime(2026, 11, 10)
    assert wall("on 10/11", zone="America/New_York")[0] == datetime(2026, 10, 11)
    assert wall("on 11/13")[0] == datetime(2026, 11, 13)


def test_a_date_without_a_year_may_stand_alone() -> None:
    assert wall("12.11.") == (datetime(2026, 11, 12), datetime(2026, 11, 13))


def test_an_afternoon_hour_needs_no_pm_where_clocks_have_twelve_hours() -> None:
    late = datetime(2026, 11, 18, 21, 0, tzinfo=UTC)  # 16:00 in New York
    assert wall("since 2:30", late, "America/New_York")[0] == datetime(2026, 11, 18, 14, 30)
    assert wall("since 2:30", late, ZONE)[0] == datetime(2026, 11, 18, 2, 30)


class TestDeployments:
    @pytest.mark.parametrize(
        ("text", "relation"),
        [
            ("what broke since the last deploy?", "since"),
            ("errors after the latest release", "since"),
            ("after the last payments-api deployment", "since"),
            ("since we deployed", "since"),
            ("latency before the last rollout", "before"),
            ("seit dem letzten Deployment", "since"),
            ("vor dem letzten Release", "before"),
            ("desde el último despliegue", "since"),
            ("depuis le dernier déploiement", "since"),
            ("desde o último deploy", "since"),
        ],
    )
    def test_a_deployment_has_to_be_looked_up(self, text: str, relation: str) -> None:
        phrase = found(text)
        assert (phrase.anchor, phrase.relation, phrase.range) == ("last_deploy", relation, None)

    def test_the_range_begins_when_it_was_found_to_have_been(self) -> None:
        at = NOW - timedelta(hours=3)
        phrase = anchored(found("since the last deploy"), at, NOW)
        assert phrase.range is not None
        assert (phrase.range.start, phrase.range.end) == (at, NOW)
        assert phrase.assumption == "“since the last deploy” means Wed 18 Nov 12:00 to now (UTC)."

    def test_it_is_told_in_the_time_of_the_asker(self) -> None:
        phrase = anchored(found("since the last deploy"), NOW - timedelta(hours=3), NOW, "Europe/Berlin")
        assert "13:00 to now in Europe/Berlin (12:00 UTC)" in phrase.assumption

    def test_before_it_means_the_day_before(self) -> None:
        at = NOW - timedelta(hours=3)
        phrase = anchored(found("before the last deploy"), at, NOW)
        assert phrase.range is not None
        assert (phrase.range.start, phrase.range.end) == (at - timedelta(hours=24), at)

    def test_a_deployment_in_the_future_anchors_nothing(self) -> None:
        assert anchored(found("since the last deploy"), NOW + timedelta(hours=1), NOW).range is None

    def test_the_deployment_of_a_day_is_that_day(self) -> None:
        assert wall("since yesterday's deploy")[0] == local("17 00:00")


class TestClocksThatChange:
    def test_a_time_that_did_not_exist_is_read_on_the_old_clock_and_said(self) -> None:
        phrase = found("since 2:30", SPRING)
        assert phrase.range is not None
        assert phrase.range.start == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
        assert "02:30 did not exist on Sun 29 Mar: the clocks went forward." in phrase.assumption

    def test_a_time_that_came_twice_is_the_first_one_and_said(self) -> None:
        phrase = found("since 2:30", AUTUMN)
        assert phrase.range is not None
        assert phrase.range.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert "02:30 came twice on Sun 25 Oct, when the clocks went back; the first is meant." in phrase.assumption

    def test_a_range_ends_at_the_second_of_two(self) -> None:
        phrase = found("between 1:00 and 2:30", AUTUMN)
        assert phrase.range is not None
        assert phrase.range.end - phrase.range.start == timedelta(hours=2, minutes=30)

    def test_such_a_day_has_23_or_25_hours(self) -> None:
        for now, hours in ((SPRING, 23), (AUTUMN, 25)):
            span = found("yesterday", now + timedelta(days=1)).range
            assert span is not None
            assert span.end - span.start == timedelta(hours=hours)

    def test_the_last_24_hours_are_24_hours(self) -> None:
        span = found("last 24 hours", AUTUMN).range
        assert span is not None
        assert span.end - span.start == timedelta(hours=24)


PIECES = """
since until between and to at around last next this 3 14 24 0 31 2:30 25:99 99999 week ago am pm Uhr a 29 feb UTC -
30.2. 31/2 2026-02-30 9999-12-31 99999d 0001-01-01T00:00:00Z vor hace
"""
PHRASES = [row[0] for table in (SINCE, RANGES, NO_TIMES) for row in rows(table)]
TIMELIKE = st.lists(st.sampled_from(PHRASES + PIECES.split()), max_size=6).map(" ".join)
ZONES = st.sampled_from(["UTC", ZONE, "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Europe", "", "x/../y"])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


class TestWhateverIsWritten:
    @given(text=st.text() | TIMELIKE, now=MOMENTS, zone=ZONES)
    @settings(max_examples=200, deadline=None)
    def test_a_range_is_never_empty_inverted_or_in_the_future(self, text: str, now: datetime, zone: str) -> None:
        phrase = resolve(text, now, zone)
        if phrase is not None and phrase.range is not None:
            assert phrase.range.start < phrase.range.end <= now
        if phrase is not None:
            assert phrase.words
            assert phrase.assumption.endswith(".")

    @given(text=TIMELIKE, minutes=st.integers(-300, 300), changed=st.sampled_from([SPRING, AUTUMN]))
    @settings(max_examples=100, deadline=None)
    def test_nor_is_it_near_a_change_of_the_clocks(self, text: str, minutes: int, changed: datetime) -> None:
        now = changed.replace(hour=1) + timedelta(minutes=minutes)
        phrase = resolve(text, now, ZONE)
        if phrase is not None and phrase.range is not None:
            assert phrase.range.start < phrase.range.end <= now
