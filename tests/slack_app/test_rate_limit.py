from __future__ import annotations

import pytest

from slack_app.web import limits
from slack_app.web.limits import RateLimit, retry_after


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_and_then_an_even_rate() -> None:
    clock = Clock()
    limit = RateLimit(2, 3, clock)

    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now += 0.5
    assert [limit.wait("a") for _ in range(2)] == [0, 0.5]


def test_a_long_pause_fills_the_bucket_and_no_more() -> None:
    clock = Clock()
    limit = RateLimit(2, 3, clock)
    limit.wait("a")
    clock.now += 3600

    assert [limit.wait("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_senders_have_a_bucket_each() -> None:
    limit = RateLimit(1, 1, Clock())

    assert [limit.wait(sender) for sender in ("a", "b", "a")] == [0, 0, 1]


def test_only_so_many_senders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_SENDERS", 2)
    limit = RateLimit(1, 1, Clock())

    assert [limit.wait(sender) for sender in ("a", "b", "c", "a", "c")] == [0, 0, 0, 0, 1]


def test_whole_seconds_are_asked_for() -> None:
    assert [retry_after(seconds)["Retry-After"] for seconds in (0.1, 1, 1.2)] == ["1", "1", "2"]
