from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence_text import render
from agent.grounding import Figures, known_figures
from agent.models import Chart, Evidence, Series, Table, TimeRange
from tests.agent.examples import evidence, finding
from tests.agent.strategies import evidences

ROSE = datetime(2026, 11, 20, 13, 2, tzinfo=UTC)
PIECE = evidence(
    finding("metric_rise", "Errors rose from 1 to 1,904 a minute, 4.25% of calls, for $7.40.", at=ROSE, p99="1.9k ms"),
    time_range=TimeRange(start=datetime(2026, 11, 20, 12, tzinfo=UTC), end=datetime(2026, 11, 20, 15, tzinfo=UTC)),
    tables=(Table(title="Days", columns=("day", "usd"), rows=(("2026-11-19", "812.44"),)),),
    charts=(Chart(title="Errors", labels=("23:30",), series=(Series(name="errors", values=(77.0, None)),)),),
)


def strange(text: str, zone: str = "UTC", *pieces: Evidence) -> list[str]:
    return known_figures(pieces or [PIECE], zone).strange(text)


@pytest.mark.parametrize(
    "text",
    [
        "About 1,900 errors a minute.",
        "1.9k errors.",
        "1.9 thousand errors.",
        "4.3% of calls failed.",
        "It took 1,900 ms.",
        "It cost $7.40, or some $7.",
        "On 19 November it was 812.44 USD.",
        "The peak was 77.",
        "It began at 13:02 on 2026-11-20.",
        "It began around 13:05.",
        "It began at 1:02 pm.",
        "It began at about 1 pm.",
        "Within 3 hours (180 minutes).",
        "3 of 5 checks and two retries.",
    ],
)
def test_what_the_evidence_shows_may_be_said(text: str) -> None:
    assert strange(text) == []


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("2,904 errors a minute.", "2,904"),
        ("2.4k errors.", "2.4"),
        ("8% of calls failed.", "8"),
        ("It cost $9.", "9"),
        ("It began at 14:42.", "14:42"),
        ("It began at 9 pm.", "9 pm"),
        ("3.7 times as many.", "3.7"),
        ("It cost 812.94 USD.", None),
        ("It cost 818.94 USD.", "818.94"),
    ],
)
def test_what_it_does_not_show_is_found(text: str, figure: str | None) -> None:
    assert strange(text) == ([figure] if figure else [])


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "It began at 14:02."),
        ("Europe/Berlin", "Looked at 13:00 to 16:00 on 20 November."),
        ("Asia/Kolkata", "It began at 18:32."),
        ("America/New_York", "It began at 8:02 am."),
        ("Asia/Tokyo", "It began at 22:02."),
        ("Europe/Berlin", "At 00:30 on 21 November."),
    ],
)
def test_times_may_be_told_in_the_askers_zone(zone: str, text: str) -> None:
    assert strange(text, zone) == []
    assert strange(text, "UTC") or "13:00" in text


def test_an_unknown_zone_is_taken_for_utc() -> None:
    assert strange("At 13:02.", "Mars/Olympus") == []
    assert strange("At 13:02.", "../../etc/passwd") == []


def test_the_questions_own_figures_may_be_repeated() -> None:
    known = Figures().with_text("is 512 MB enough since 14:30?")

    assert known.strange("512 MB has been too little since 14:30.") == []
    assert known.strange("1024 MB is enough.") == ["1024"]


def test_the_query_allows_nothing() -> None:
    assert strange("It was 99,123.", "UTC", evidence(query="start=99123")) == ["99,123"]


@given(evidences, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_what_a_model_reads_it_may_say(piece: Evidence, zone: str) -> None:
    assert known_figures([piece], zone).strange(render(piece)) == []


@pytest.mark.parametrize("text", ["1" * 20_000, "1," * 20_000, "10:10" * 8000, "9 " * 20_000, "2026-11-20T" * 4000])
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    began = time.monotonic()

    known_figures([PIECE]).with_text(text).strange(text)

    assert time.monotonic() - began < 1
