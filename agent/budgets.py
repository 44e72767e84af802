"""What one run may spend on evidence: API calls, bytes scanned, money. Shared by all tools of the run and its threads.

budget = RunBudget(api_calls=400)
budget.spend(api_calls=1)    # BudgetExceeded once the 400 are used up
budget.left("api_calls")     # 399
"""

from __future__ import annotations

import math
from threading import Lock
from typing import Literal

from agent.errors import BudgetExceeded

Item = Literal["api_calls", "bytes_scanned", "usd"]

_WORDS: dict[Item, str] = {
    "api_calls": "{limit:.0f} API calls (WATCHKEEPER_RUN_API_CALLS)",
    "bytes_scanned": "{limit:,.0f} bytes scanned (WATCHKEEPER_RUN_SCANNED_GIGABYTES)",
    "usd": "{limit:.2f} USD for AWS requests (WATCHKEEPER_RUN_AWS_USD)",
}


class RunBudget:
    """Without limits by default. What a call takes is asked for before it is made; nothing is taken when refused."""

    def __init__(self, api_calls: float = math.inf, bytes_scanned: float = math.inf, usd: float = math.inf) -> None:
        self._limits: dict[Item, float] = {"api_calls": api_calls, "bytes_scanned": bytes_scanned, "usd": usd}
        self._used: dict[Item, float] = dict.fromkeys(self._limits, 0.0)
        self._lock = Lock()

    def spend(self, *, api_calls: int = 0, bytes_scanned: int = 0, usd: float = 0.0) -> None:
        """Take from the budget, or raise BudgetExceeded and take nothing."""
        wanted: dict[Item, float] = {"api_calls": api_calls, "bytes_scanned": bytes_scanned, "usd": usd}
        with self._lock:
            for item, amount in wanted.items():
                if amount and self._used[item] + amount > self._limits[item] + 1e-9:
                    words = _WORDS[item].format(limit=self._limits[item])
                    raise BudgetExceeded(f"This run's budget of {words} is used up")
            self._take(wanted)

    def record(self, *, api_calls: int = 0, bytes_scanned: int = 0, usd: float = 0.0) -> None:
        """What turned out to have been used, even if that is over the limit: the next `spend` is refused then."""
        with self._lock:
            self._take({"api_calls": api_calls, "bytes_scanned": bytes_scanned, "usd": usd})

    def left(self, item: Item) -> float:
        """How much may still be spent; never negative, infinite without a limit."""
        with self._lock:
            return max(self._limits[item] - self._used[item], 0.0)

    def used(self, item: Item) -> float:
        with self._lock:
            return self._used[item]

    def _take(self, wanted: dict[Item, float]) -> None:
        for item, amount in wanted.items():
            self._used[item] += amount
