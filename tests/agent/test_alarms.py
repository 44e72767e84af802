from datetime import UTC, datetime, timedelta

from agent.alarms import Episode, episodes, graze, is_flapping

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def at(minutes_ago: float) -> datetime:
    return NOW - timedelta(minutes=minutes_ago)


def test_transitions_become_stays_in_alarm():
    stays = episodes([(at(60), "ALARM"), (at(50), "OK"), (at(10), "ALARM")])
    assert stays == [Episode(at(60), at(50)), Episode(at(10), None)]
    assert stays[1].seconds(NOW) == 600


def test_a_recovery_whose_alarm_is_out_of_sight_is_no_stay():
    assert episodes([(at(60), "OK")]) == []


def test_three_short_stays_are_flapping_and_three_long_ones_or_two_are_not():
    short = [Episode(at(m), at(m - 5)) for m in (90, 60, 30)]
    long = [Episode(at(m), at(m - 60)) for m in (300, 200, 100)]
    assert is_flapping(short, NOW)
    assert not is_flapping(long, NOW)
    assert not is_flapping(short[:2], NOW)


def week(peak: float, today: float) -> list[tuple[datetime, float]]:
    """Seven days at 60 with one point an afternoon at `peak`, and today one at `today`."""
    flat = [(NOW - timedelta(minutes=30 * n), 60.0) for n in range(7 * 48)]
    afternoons = [(NOW - timedelta(days=day, minutes=7), peak) for day in range(1, 7)]
    return [*flat, *afternoons, (at(7), today)]


def test_a_threshold_that_every_day_crosses_a_little_is_grazed():
    found = graze(week(peak=72, today=71), NOW - timedelta(hours=3), threshold=70, above=True)
    assert found is not None
    assert (found.within_normal, found.crossings, found.days_crossed) == (True, 1, 6)
    assert found.strength > 0.85


def test_a_value_far_beyond_what_any_day_reached_is_no_graze():
    found = graze(week(peak=62, today=98), NOW - timedelta(hours=3), threshold=70, above=True)
    assert found is not None
    assert not found.within_normal
    assert found.strength < 0.5


def test_a_value_that_stays_below_does_not_cross():
    assert graze(week(peak=62, today=69), NOW - timedelta(hours=3), threshold=70, above=True) is None


def test_thresholds_from_below_work_alike():
    fallen = [(moment, -value) for moment, value in week(peak=72, today=71)]
    found = graze(fallen, NOW - timedelta(hours=3), threshold=-70, above=False)
    assert found is not None
    assert found.within_normal
    assert found.peak == -71
