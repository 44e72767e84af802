from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tools.llm.breaker import CircuitBreaker


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(seconds: Seconds) -> CircuitBreaker:
    breaker = CircuitBreaker(threshold=3, rest_seconds=60, seconds=seconds)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed("it is down")
    return breaker


def test_it_opens_after_three_failures_in_a_row_and_remembers_why() -> None:
    breaker = opened(Seconds())
    assert not breaker.allows()
    assert breaker.reason == "it is down"


def test_a_success_in_between_starts_the_count_again() -> None:
    breaker = CircuitBreaker(threshold=3, seconds=Seconds())
    for outcome in ("failed", "failed", "succeeded", "failed", "failed"):
        breaker.succeeded() if outcome == "succeeded" else breaker.failed("")
    assert breaker.allows()


def test_after_its_rest_it_lets_one_probe_through() -> None:
    seconds = Seconds()
    breaker = opened(seconds)
    seconds.now = 59
    assert not breaker.allows()
    seconds.now = 60
    assert [breaker.allows() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it() -> None:
    seconds = Seconds()
    breaker = opened(seconds)
    seconds.now = 60
    breaker.allows()
    breaker.succeeded()
    assert [breaker.allows() for _ in range(3)] == [True, True, True]


def test_a_probe_that_fails_opens_it_for_another_rest() -> None:
    seconds = Seconds()
    breaker = opened(seconds)
    seconds.now = 60
    breaker.allows()
    seconds.now = 70
    breaker.failed("still down")
    seconds.now = 129
    assert not breaker.allows()
    seconds.now = 130
    assert breaker.allows()


def test_a_probe_that_never_returns_does_not_keep_it_open_for_good() -> None:
    seconds = Seconds()
    breaker = opened(seconds)
    seconds.now = 60
    breaker.allows()
    seconds.now = 120
    assert breaker.allows()


def test_of_many_threads_one_probes() -> None:
    seconds = Seconds()
    breaker = opened(seconds)
    seconds.now = 60
    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(lambda _: breaker.allows(), range(200))) == 1
