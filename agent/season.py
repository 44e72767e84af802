"""What is usual at a time of day, learned point by point from the days before. Pure, memory bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median

SLOT_MINUTES = 30
DAYS_KEPT = 28
MIN_DAYS = 2


@dataclass
class _Slot:
    """One half-hour of the day: the means of earlier days, and the day that is being added up."""

    today: date | None = None
    total: float = 0.0
    count: int = 0
    past: deque[tuple[date, float]] = field(default_factory=lambda: deque(maxlen=DAYS_KEPT))
    expected: float | None = None


class Season:
    """`expected(at)` is the median of earlier days at that half-hour: of that weekday, else of all days."""

    def __init__(self) -> None:
        self._slots: dict[int, _Slot] = {}

    def expected(self, at: datetime) -> float | None:
        """None until two days have been seen."""
        return self._slot(at).expected

    def add(self, at: datetime, value: float) -> None:
        slot = self._slot(at)
        slot.total += value
        slot.count += 1

    def _slot(self, at: datetime) -> _Slot:
        """The slot of that time of day, turned over when a new day reaches it."""
        slot = self._slots.setdefault((at.hour * 60 + at.minute) // SLOT_MINUTES, _Slot())
        today = at.date()
        if slot.today != today:
            if slot.today and slot.count:
                slot.past.append((slot.today, slot.total / slot.count))
            slot.today, slot.total, slot.count = today, 0.0, 0
            slot.expected = _usual(slot.past, today)
        return slot


def _usual(past: deque[tuple[date, float]], today: date) -> float | None:
    same = [value for day, value in past if day.weekday() == today.weekday()]
    chosen = same if len(same) >= MIN_DAYS else [value for _, value in past]
    return median(chosen) if len(chosen) >= MIN_DAYS else None
