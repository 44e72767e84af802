"""How many requests a sender may make: a token bucket each. https://en.wikipedia.org/wiki/Token_bucket"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_SENDERS = 10_000
"""Whoever was heard longest ago is forgotten, and begins with a full bucket."""


class RateLimit:
    """`RateLimit(500, 2000).wait("datadog 192.0.2.7")` gives the seconds to wait; 0.0: go ahead."""

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._now = per_second, float(burst), now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Tokens, and when they were counted."""

    def wait(self, sender: str) -> float:
        """Takes a token, if there is one."""
        now = self._now()
        tokens, at = self._buckets.pop(sender, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        allowed = tokens >= 1
        self._buckets[sender] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_SENDERS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self._rate


def retry_after(seconds: float) -> dict[str, str]:
    """The header, in whole seconds."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
