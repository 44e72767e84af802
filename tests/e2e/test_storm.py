"""A small storm through the real processes, which are killed in the middle of it."""

from __future__ import annotations

import pytest

from tests.benchmarks.storm import LIMIT_MESSAGES, Size, run

SIZE = Size(alerts=1000, fingerprints=100, seconds=6)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kill", [False, True], ids=["undisturbed", "killed"])
def test_a_storm_loses_nothing_and_stays_quiet(kill: bool) -> None:
    outcome = run(SIZE, kill)

    assert len(outcome.milliseconds) == SIZE.alerts
    assert (outcome.counted, outcome.fingerprints) == (SIZE.alerts, SIZE.fingerprints)
    assert outcome.incidents <= 5
    assert outcome.messages < LIMIT_MESSAGES
    assert outcome.left == 0
