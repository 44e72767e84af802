"""What is said of an alert that was seen before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.alert_rules.repeats import repeated
from agent.models import AlertStatus, Incident
from agent.ports import Sighting
from tests.agent.alert_rules.examples import NOON, alert


@pytest.mark.parametrize(
    ("count", "days", "zone", "words"),
    [
        (6, 0, "UTC", "same as 12:00 UTC, seen 6 times"),
        (2, 0, "America/Toronto", "same as 07:00 EST, seen twice"),
        (1, 0, "UTC", "same as 12:00 UTC"),
        (1200, 2, "UTC", "same as 20 Nov 12:00 UTC, seen 1,200 times"),
    ],
)
def test_an_earlier_one_is_named_by_its_time(count: int, days: int, zone: str, words: str) -> None:
    earlier = Incident(id="inc_1", title="x", created_at=NOON, updated_at=NOON)
    last = NOON + timedelta(days=days, hours=1)
    sighting = Sighting(alert(), "inc_2", count, count, NOON, last, AlertStatus.firing)

    assert repeated(sighting, earlier, zone) == words
