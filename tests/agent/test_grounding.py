from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.evidence_text import render
from agent.figures import quantity
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
        ("2.4k errors.", "2.4k"),
        ("8% of calls failed.", "8%"),
        ("It cost $9.", "$9"),
        ("It began at 14:42.", "14:42"),
        ("It began at 9 pm.", "9 pm"),
        ("3.7 times as many.", "3.7"),
        ("It cost 812.94 USD.", None),
        ("It cost 818.94 USD.", "818.94 USD"),
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
    assert known.strange("1024 MB is enough.") == ["1024 MB"]


def test_the_query_allows_nothing() -> None:
    assert strange("It was 99,123.", "UTC", evidence(query="start=99123")) == ["99,123"]


@settings(deadline=None)  # a busy machine is no defect
@given(evidences, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_what_a_model_reads_it_may_say(piece: Evidence, zone: str) -> None:
    assert known_figures([piece], zone).strange(render(piece)) == []


@pytest.mark.parametrize(
    "text", ["1" * 20_000, "1," * 10_000, "10:10" * 4000, "9 " * 10_000, "2026-11-20T" * 2000, "two " * 5000]
)
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    began = time.process_time()

    known_figures([PIECE]).with_text(text).strange(text)

    assert time.process_time() - began < 3


BEGAN = datetime(2026, 11, 21, 14, 18, tzinfo=UTC)
FAILING = evidence(
    finding("metric_rise", "Errors rose from 1 to 1904 a minute; error ratio 0.97.", at=BEGAN, strength=0.88),
    summary="checkout fails since 14:18: 1904 errors a minute, p99 1250 ms, memory 512 MB.",
    time_range=TimeRange(start=BEGAN - timedelta(hours=3), end=BEGAN + timedelta(minutes=45)),
)


@pytest.mark.parametrize(
    "text",
    [
        "The error rate is 21%.",
        "Costs rose by $14.",
        "11 instances died.",
        "12 tasks were killed.",
        "2026 requests failed.",
        "45 pods crashed.",
        "Latency is 15 minutes.",
    ],
)
def test_the_parts_of_a_date_are_figures_of_nothing_else(text: str) -> None:
    assert strange(text, "Europe/Berlin", FAILING)


@pytest.mark.parametrize("text", ["1904k errors", "1904 million requests", "3 million users", "2.1 Millionen Aufrufe"])
def test_a_scale_is_part_of_the_figure(text: str) -> None:
    assert strange(text, "UTC", FAILING)


@pytest.mark.parametrize(
    "text", ["$1,904 was lost", "a 1250% rise", "memory is 512 GB", "1250 s latency", "1250 users", "88% of calls"]
)
def test_a_figure_of_another_unit_is_another_figure(text: str) -> None:
    assert strange(text, "UTC", FAILING)


@pytest.mark.parametrize(
    "text",
    [
        "USD5000 were lost",
        "EUR 1200",
        "x500 more errors",
        "1e6 errors a minute",
        "two hundred errors",
        "fifty-five pods",
        "½ of requests",
        "Fehlerquote 1,4 %",
        "on 17 November",
        "on the 17th",
        "in 2019 already",
        "version 5.8.1",
    ],
)
def test_a_figure_is_found_however_it_is_written(text: str) -> None:
    assert strange(text, "UTC", FAILING)


@pytest.mark.parametrize(
    "text",
    [
        "97% of requests fail",
        "p99 is 1.25 s",
        "a 99th percentile of 1.25 seconds",
        "0.5 GB of memory",
        "a 512-MB function",
        "about 2,000 errors a minute",
        "~2k errors",
        "nearly two thousand errors",
        "1.904 Fehler pro Minute",
        "1 904 erreurs par minute",
        "p99 ist 1,25 s",
        "it rose to 1250",
        "errors rose 1,904-fold",
        "at 14h18",
        "um 15.18 Uhr",
        "seit 15 Uhr",
        "the last 225 minutes, or 3.75 hours, or 3 h 45 min",
        "on 21 November 2026",
        "am 21. November",
        "since the 21st",
        "in 2026",
    ],
)
def test_the_same_figure_may_be_told_in_other_words(text: str) -> None:
    assert strange(text, "Europe/Berlin", FAILING) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Function thumbs: memory mb 512, timeout s 30.", "It has 512 MB and 30 seconds, which is half a minute."),
        ("Timeout 3 -> 30, memorySize=1024", "The timeout was raised to 30 s, the memory to 1 GB."),
        ("The limit is 2048 MB.", "Tasks may use 2 GB."),
        ("Retried after 1 h 35 min.", "Retried after 95 minutes."),
        ("It rose from 300 to 1900 ms.", "It rose from 0.3 s to 1.9 s."),
        ("It kept 14.5 million rows.", "It kept 14,500,000 rows."),
        ('"GET /" 200 512', "It answered with 200 and 512"),
        ("exit code 137", "Exit code 137 means that it was killed."),
        ("orders-api:5.9.0 on 10.0.12.34", "Version 5.9.0 runs at 10.0.12.34."),
        ("512M is used", "512 MB is used"),
    ],
)
def test_evidence_is_read_with_the_units_that_it_means(said: str, text: str) -> None:
    assert strange(text, "UTC", evidence(summary=said)) == []


UNITS = ("usd", "Percent", "Bytes", "Milliseconds", "Seconds", "Count")
amounts = st.floats(10, 1e12).map(lambda value: float(f"{value:.6g}"))


def measured(unit: str, *values: float) -> Evidence:
    line = Series(name="m", values=values)
    return evidence(charts=(Chart(title="m", unit=unit, labels=("",) * len(values), series=(line,)),))


@settings(deadline=None)
@given(st.sampled_from(UNITS), st.lists(amounts, min_size=1, max_size=5))
def test_what_code_writes_of_a_value_may_be_said(unit: str, values: list[float]) -> None:
    known = known_figures([measured(unit, *values)])

    assert [said for value in values for said in known.strange(f"It was {quantity(value, unit)} at most.")] == []


@settings(deadline=None)
@given(st.sampled_from(UNITS), st.lists(amounts, min_size=1, max_size=5), amounts)
def test_a_value_far_from_all_others_is_strange(unit: str, values: list[float], other: float) -> None:
    assume(all(not 1 / 3 < other / value < 3 for value in values))
    said = quantity(other, unit)
    assume(not (unit in ("Seconds", "Milliseconds") and re.match(r"\d [a-z]", said)))  # "3 h" is no figure

    assert known_figures([measured(unit, *values)]).strange(f"It was {said}.") != []


@settings(deadline=None)
@given(st.sampled_from(UNITS), st.sampled_from(UNITS), amounts)
def test_no_unit_stands_for_another(unit: str, other: str, value: float) -> None:
    spans = ("Seconds", "Milliseconds")
    assume(unit != other and not (unit in spans and other in spans))
    assume(other != "Count")  # a figure without a unit may leave out the one that it has
    said = quantity(value, other)
    assume(not (other in spans and re.match(r"\d [a-z]", said)))

    assert known_figures([measured(unit, value)]).strange(f"It was {said}.") != []


def test_figures_are_read_once() -> None:
    pieces = [
        evidence(*(finding("k", f"{n} of {m} calls took {n * m} ms.") for n in range(25)), summary=f"{m}")
        for m in range(20)
    ]
    began = time.process_time()
    known_figures(pieces)
    first = time.process_time() - began

    known_figures(pieces)

    assert time.process_time() - began - first < first / 4
