"""What is told of what a detector sees tick by tick."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from agent.detection.alerts import own_alert
from agent.detection.episodes import MAX_EPISODES, Anomaly, Memory, follow, lasting
from agent.detection.memory import MAX_BYTES
from agent.models import Alert, AlertStatus, Resource

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)


def anomaly(subject: str = "checkout", mark: str = "", value: str = "7") -> Anomaly:
    alert = own_alert("metrics", subject, f"Errors of {subject}", "They rose.", NOW, Resource(id=subject), value=value)
    return Anomaly(subject, alert, mark)


class Watch:
    """A detector's ticks, one every five minutes."""

    def __init__(self) -> None:
        self.memory: Memory = {}
        self.now = NOW

    def tick(self, *seen: Anomaly, quiet: bool = False, unread: Sequence[str] = ()) -> list[Alert]:
        self.memory, told = follow(
            self.memory, seen, self.now, quiet=lambda _: quiet, unread=lambda subject: subject in unread
        )
        self.now += STEP
        return told


def test_an_anomaly_is_told_once_however_long_it_lasts():
    watch = Watch()
    assert [alert.status for alert in watch.tick(anomaly())] == [AlertStatus.firing]
    assert [watch.tick(anomaly(value=str(n))) for n in range(20)] == [[]] * 20
    assert lasting(watch.memory) == ["checkout"]


def test_what_has_been_gone_for_ten_minutes_is_told_to_be_over_since_it_went():
    watch = Watch()
    watch.tick(anomaly())
    went = watch.now
    assert watch.tick() == []
    assert watch.tick() == []
    over = watch.tick()
    assert [(alert.status, alert.ended_at) for alert in over] == [(AlertStatus.resolved, went)]
    assert over[0].fingerprint == anomaly().alert.fingerprint
    assert watch.tick() == []
    assert lasting(watch.memory) == []


def test_a_gap_of_one_tick_is_no_end():
    watch = Watch()
    watch.tick(anomaly())
    assert [watch.tick(), watch.tick(anomaly()), watch.tick(), watch.tick(anomaly())] == [[], [], [], []]


def test_what_flaps_is_told_ever_more_rarely():
    watch, told = Watch(), 0
    for n in range(12 * 24):  # a day of: five minutes of trouble, fifteen of quiet
        told += len(watch.tick(*([anomaly()] if n % 4 == 0 else [])))
    assert told <= 4


def test_what_comes_back_on_another_day_is_told_as_on_the_first():
    watch = Watch()
    watch.tick(anomaly())
    for _ in range(12 * 24):
        watch.tick()
    assert len(watch.tick(anomaly())) == 1
    assert sum(len(watch.tick()) for _ in range(3)) == 1


def test_while_learning_neither_the_trouble_that_is_there_nor_its_end_is_told():
    watch = Watch()
    assert watch.tick(anomaly(), quiet=True) == []
    assert [watch.tick(anomaly()), *(watch.tick() for _ in range(6))] == [[]] * 7


def test_what_could_not_be_looked_at_is_not_over():
    watch = Watch()
    watch.tick(anomaly())
    assert [watch.tick(unread=["checkout"]) for _ in range(10)] == [[]] * 10
    assert lasting(watch.memory) == ["checkout"]


def test_news_of_what_lasts_are_told():
    watch = Watch()
    watch.tick(anomaly(mark="run 1"))
    assert len(watch.tick(anomaly(mark="run 2"))) == 1
    assert watch.tick(anomaly(mark="run 2")) == []


def test_of_very_many_at_once_those_are_told_that_can_be_remembered():
    watch, many = Watch(), [anomaly(f"queue-{n:04d}") for n in range(MAX_EPISODES + 50)]
    assert len(watch.tick(*many)) == MAX_EPISODES
    assert watch.tick(*many) == []
    assert len(json.dumps(watch.memory)) < MAX_BYTES


def test_what_is_over_gives_way_to_what_begins():
    watch, many = Watch(), [anomaly(f"queue-{n:04d}") for n in range(MAX_EPISODES)]
    watch.tick(*many)
    assert sum(len(watch.tick()) for _ in range(3)) == MAX_EPISODES
    assert len(watch.tick(anomaly())) == 1
    assert lasting(watch.memory) == ["checkout"]
