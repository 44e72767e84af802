"""Charts of what tools read: few points, the ones that matter, and nothing where there is nothing to see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from agent.models import TimeRange
from tools.evidence.drawing import POINTS, beside, by_day, counted, over_time

END = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def span(hours: float) -> TimeRange:
    return TimeRange(start=END - timedelta(hours=hours), end=END)


def test_a_peak_of_a_minute_is_in_a_chart_of_a_week() -> None:
    points = [(END - timedelta(days=7) + n * 5 * MINUTE, 500.0 if n == 1000 else 1.0) for n in range(2016)]

    (chart,) = over_time("Errors", "Count", {"Errors": points}, span(7 * 24))

    assert len(chart.labels) <= POINTS
    assert max(value or 0 for value in chart.series[0].values) == 500
    assert len(set(chart.labels)) == len(chart.labels)


def test_a_drop_shows_its_lowest_points() -> None:
    points = [(END - n * MINUTE, 0.0 if n == 30 else 9.0) for n in range(1, 180)]

    (chart,) = over_time("Hosts", "Count", {"Hosts": sorted(points)}, span(3), choose=min)

    assert min(value or 0 for value in chart.series[0].values) == 0


def test_steps_are_no_finer_than_the_points() -> None:
    points = [(END - timedelta(hours=3) + n * 15 * MINUTE, 1.0) for n in range(12)]

    (chart,) = over_time("t", "", {"s": points}, span(3))

    assert chart.series[0].values == (1.0,) * 12


def test_what_lies_outside_the_range_is_not_drawn() -> None:
    inside = [(END - n * 10 * MINUTE, 1.0) for n in (3, 2, 1)]

    (chart,) = over_time("t", "", {"s": [(END - timedelta(days=2), 99.0), *inside, (END, 99.0)]}, span(3))

    assert max(value or 0 for value in chart.series[0].values) == 1


def test_counts_add_up_to_what_was_counted() -> None:
    times = [END - n * MINUTE for n in range(1, 170)]

    (chart,) = counted("Errors", {"Timed out": times, "None": []}, span(3))

    assert chart.title == "Errors, by 10 min"
    assert [series.name for series in chart.series] == ["Timed out"]
    assert sum(value or 0 for value in chart.series[0].values) == len(times)


def test_a_last_step_that_is_not_over_yet_is_no_plunge() -> None:
    late = TimeRange(start=END - timedelta(hours=3), end=END + MINUTE)
    times = [END - n * MINUTE for n in range(170)]

    (bars,) = counted("Errors", {"Timed out": times}, late)
    (line,) = over_time("Errors", "Count", {"Errors": [(at, 9.0 if at < END else 1.0) for at in sorted(times)]}, late)

    assert bars.series[0].values[-1] == 10
    assert line.series[0].values[-1] == 9
    assert bars.labels[-1] == line.labels[-1] == "14:50"


def test_trouble_that_began_in_the_last_step_is_drawn_though_it_is_not_over() -> None:
    late = TimeRange(start=END - timedelta(hours=3), end=END + 3 * MINUTE)
    times = [END + n * MINUTE for n in range(3)]
    points = [(END - n * MINUTE, 10.0) for n in range(1, 170)]

    (bars,) = counted("Errors", {"Timed out": times}, late)
    (drop,) = over_time("Hosts", "", {"Hosts": [*sorted(points), (times[0], 0.0)]}, late, choose=min)

    assert (bars.labels[-1], bars.series[0].values[-1]) == ("15:00", 3)
    assert drop.series[0].values[-1] == 0


def test_a_level_line_ends_where_the_measurements_end() -> None:
    points = [(END - n * 10 * MINUTE, 5.0) for n in (17, 16, 9, 8, 7)]

    (chart,) = over_time("t", "", {"s": points}, span(3))

    level = beside(chart, "usual", 2.0).series[1].values
    assert [v is None for v in level] == [v is None for v in chart.series[0].values]
    assert level[1] == 2


def test_a_day_without_an_amount_cost_nothing() -> None:
    days = [date(2026, 10, 20) + timedelta(days=n) for n in range(30)]

    (chart,) = by_day("Cost", "usd", {"Lambda": {days[-1]: 2.5}, "Idle": {}}, days)

    assert len(chart.labels) == POINTS
    assert (chart.kind, chart.series[0].values[-2:]) == ("bar", (0.0, 2.5))


def test_nothing_is_drawn_of_nothing() -> None:
    assert over_time("t", "", {"s": []}, span(3)) == []
    assert over_time("t", "", {"s": [(END - MINUTE, 1.0)]}, span(3)) == []
    assert counted("t", {"s": []}, span(3)) == []
    assert by_day("t", "", {"s": {}}, [END.date()]) == []
