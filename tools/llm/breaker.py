"""A circuit breaker: stop calling what keeps failing, and ask again now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Opens after `threshold` failures in a row; after `rest_seconds` one caller may probe, and its success closes it.

    Shared by threads. `seconds` is a monotonic clock.
    """

    def __init__(
        self, threshold: int = 3, rest_seconds: float = 60, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._threshold = threshold
        self._rest_seconds = rest_seconds
        self._seconds = seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0
        self.reason = ""
        """Why the last call failed."""

    def allows(self) -> bool:
        """May the call be tried? An open breaker says yes to one caller a rest, even if that one never returns."""
        with self._lock:
            if self._failures < self._threshold:
                return True
            if self._seconds() < self._next_probe:
                return False
            self._next_probe = self._seconds() + self._rest_seconds
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self, reason: str, rest_seconds: float = 0) -> None:
        """One more failure. `rest_seconds`: how long whoever failed asked to be left alone, which opens at once."""
        with self._lock:
            self._failures = max(self._failures + 1, self._threshold if rest_seconds else 0)
            self._next_probe = self._seconds() + (rest_seconds or self._rest_seconds)
            self.reason = reason
