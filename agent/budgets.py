"""What one run may spend, shared by all its threads: on evidence (API calls, bytes, money) and on language models.

budget = RunBudget(api_calls=400)
budget.spend(api_calls=1)    # BudgetExceeded once the 400 are used up
budget.left("api_calls")     # 399

meter = RunMeter(model_calls=40)
meter.replied("openai:gpt-5", Tokens(input=900, output=80))
meter.exhausted()            # "" while there is something left, else "this run's budget of 40 model calls … is used up"
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

from agent.errors import BudgetExceeded
from agent.models import Spend

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


@dataclass(frozen=True)
class Tokens:
    """What one reply took. `cached` were read from the provider's prompt cache, `written` to it; `input` has both."""

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0


SpentItem = Literal["usd", "tokens", "model_calls", "tool_calls", "seconds"]


@dataclass(frozen=True)
class Allowance:
    """What is left of a budget; `whose` is what a person reads when it is gone, as in "today's budget"."""

    left: float
    whose: str
    item: SpentItem = "usd"


Price = Callable[[str, Tokens], "float | None"]
"""Dollars of one reply of a model; None when its price is not known."""


Settle = Callable[["RunMeter"], Awaitable[None]]


async def _nowhere(meter: RunMeter) -> None:
    """For runs that no day counts."""


class RunMeter:
    """Counts what language models take in one run, and says when it is enough. Without limits by default.

    A call is counted when its reply is there, so calls that run at the same time may exceed a limit by one each.
    The seconds of the run come from `elapsed`. `settle` tells the day's ledger what was taken since it was last told
    (`take_unsettled`), and how much is left of the day (`renew`).
    """

    def __init__(
        self,
        price: Price = lambda model, tokens: 0.0,
        *,
        allowances: Sequence[Allowance] = (),
        model_calls: float = math.inf,
        tool_calls: float = math.inf,
        seconds: float = math.inf,
        elapsed: Callable[[], float] = lambda: 0.0,
        settle: Settle = _nowhere,
    ) -> None:
        self.price = price
        self._allowances = tuple(allowances)
        self._day: tuple[Allowance, ...] = ()
        self._limits = {"model calls": model_calls, "tool calls": tool_calls}
        self._seconds = seconds
        self._elapsed = elapsed
        self._settle = settle
        self._settled = Spend()
        self._lock = Lock()
        self.model_calls = 0
        self.tool_calls = 0
        self.tokens = Tokens()
        self.usd_by_model: dict[str, float] = {}
        self.unpriced: set[str] = set()
        """Models that answered and whose price is not known; their dollars count as 0."""

    @property
    def usd(self) -> float:
        return math.fsum(self.usd_by_model.values())

    def replied(self, model: str, tokens: Tokens) -> None:
        """Count one reply."""
        usd = self.price(model, tokens)
        with self._lock:
            self.model_calls += 1
            mine = self.tokens
            self.tokens = Tokens(
                mine.input + tokens.input,
                mine.output + tokens.output,
                mine.cached + tokens.cached,
                mine.written + tokens.written,
            )
            self.usd_by_model[model] = self.usd_by_model.get(model, 0.0) + (usd or 0.0)
            if usd is None:
                self.unpriced.add(model)

    def refuse_tool_call(self) -> str:
        """Why the run may not make one more, as what follows "because"; or "", and it is counted."""
        with self._lock:
            if why := self._gone("tool_calls"):
                return why
            if self.tool_calls >= self._limits["tool calls"]:
                return "this run's tool calls (WATCHKEEPER_RUN_TOOL_CALLS) are used up"
            self.tool_calls += 1
            return ""

    def exhausted(self) -> str:
        """Why no model may be called any more, as what follows "because"; "" while one may."""
        with self._lock:
            if why := self._gone("usd", "tokens", "model_calls", "seconds"):
                return why
        if self.model_calls >= self._limits["model calls"]:
            limit = self._limits["model calls"]
            return f"this run's budget of {limit:.0f} model calls (WATCHKEEPER_RUN_MODEL_CALLS) is used up"
        if self.seconds_left() <= 0:
            return "this run's time (WATCHKEEPER_RUN_TIMEOUT_SECONDS) is nearly used up"
        return ""

    def _gone(self, *items: SpentItem) -> str:
        """The first allowance of these items that is used up: the run's by all it took, the day's by what is new."""
        total = self.spend()
        for allowances, taken in ((self._day, total - self._settled), (self._allowances, total)):
            for allowance in allowances:
                if allowance.item in items and getattr(taken, allowance.item) >= allowance.left:
                    return f"{allowance.whose} is used up"
        return ""

    def seconds_left(self) -> float:
        """How long models may still take; infinite without a limit."""
        return max(self._seconds - self._elapsed(), 0.0)

    def spend(self) -> Spend:
        """What the run has taken so far."""
        return Spend(
            input_tokens=self.tokens.input,
            output_tokens=self.tokens.output,
            usd=self.usd,
            model_calls=self.model_calls,
            tool_calls=self.tool_calls,
            seconds=self._elapsed(),
        )

    async def settle(self) -> None:
        """Let the day's ledger know what was taken, and hear what is left."""
        await self._settle(self)

    def take_unsettled(self) -> Spend:
        """What the ledger does not know yet; whoever takes it adds it there, or gives it back."""
        with self._lock:
            total = self.spend()
            new, self._settled = total - self._settled, total
            return new

    def give_back(self, unsettled: Spend) -> None:
        with self._lock:
            self._settled -= unsettled

    def renew(self, left_today: Sequence[Allowance]) -> None:
        """What is left of the day now that the ledger knows all that was settled."""
        with self._lock:
            self._day = tuple(left_today)

    def provenance(self) -> dict[str, Any]:
        """The fields of `Provenance` that are known here. Where no model answered, whoever did counts for itself."""
        tokens = {"input_tokens": self.tokens.input, "output_tokens": self.tokens.output} if self.model_calls else {}
        return {
            **tokens,
            "model_calls": self.model_calls,
            "tool_calls": self.tool_calls,
            "cached_tokens": self.tokens.cached,
            "usd": self.usd,
            "unpriced": tuple(sorted(self.unpriced)),
        }
