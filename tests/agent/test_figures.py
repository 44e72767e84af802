import pytest

from agent.figures import count, duration, number, percent_change, quantity, times, usd


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.4213, "0.421"), (17, "17"), (1234, "1,234"), (12_345, "12.3k"), (3.42e9, "3.42G")]
)
def test_numbers_keep_three_digits(value: float, text: str):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (93.27, "Percent", "93.3%"),
        (5.5e12, "Bytes", "5.5TB"),
        (2048, "Bytes", "2,048 B"),
        (3221, "Milliseconds", "3.2 s"),
        (12, "Count", "12"),
        (3, "Megabytes", "3 Megabytes"),
        (1240.4, "usd", "$1,240"),
    ],
)
def test_quantities_carry_their_unit(value: float, unit: str, text: str):
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.035, "35 ms"), (90, "90 s"), (720, "12 min"), (12_600, "3.5 h"), (181_440, "2.1 days")]
)
def test_durations_use_the_unit_people_would(seconds: float, text: str):
    assert duration(seconds) == text


def test_one_is_not_many():
    assert (count(1, "alarm"), count(0, "alarm"), count(1200, "alarm")) == ("1 alarm", "0 alarms", "1,200 alarms")


def test_changes_in_words():
    assert (times(2.44), times(36.2), times(4e9)) == ("2.4 times", "36 times", "more than 100 times")
    assert (percent_change(10, 22), percent_change(10, 7), percent_change(0, 7)) == ("+120%", "-30%", "new")
    assert (usd(3.4), usd(-3.4)) == ("$3.40", "-$3.40")
