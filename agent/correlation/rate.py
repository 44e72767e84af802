"""How many alerts a system sends, and whether that is a storm."""

from __future__ import annotations

from collections import OrderedDict, deque

STORM_SECONDS, STORM_ALERTS = 60.0, 30
"""So many distinct alerts within so many seconds are a storm: one by one they tell nobody anything."""


class Rate:
    """Of the last `STORM_SECONDS`, second by second. Times are seconds since 1970."""

    def __init__(self) -> None:
        self.alerts = 0
        self._seconds: deque[list[int]] = deque()
        self._distinct: OrderedDict[str, int] = OrderedDict()

    @property
    def storm(self) -> bool:
        return len(self._distinct) >= STORM_ALERTS

    def add(self, at: float, fingerprint: str) -> None:
        """One that comes late counts as coming now."""
        second = max(int(at), self._seconds[-1][0] if self._seconds else 0)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0])
        self._seconds[-1][1] += 1
        self.alerts += 1
        self._distinct[fingerprint] = second
        self._distinct.move_to_end(fingerprint)
        while self._seconds[0][0] <= second - STORM_SECONDS:
            self.alerts -= self._seconds.popleft()[1]
        while next(iter(self._distinct.values())) <= second - STORM_SECONDS:
            self._distinct.popitem(last=False)
