"""What people and everybody together may still take of language models today (UTC), as all workers' runs take it.

A run asks before each call of a model: what it took since is added to the ledger first, then what is left is read. So
runs at the same time see each other, a run that is killed has been counted up to its last call, and one that goes on
past midnight counts on the new day.
"""

from __future__ import annotations

import asyncio
import logging

from agent.budgets import Allowance, RunMeter, SpentItem
from agent.models import Spend
from agent.ports import SpendLedger
from agent.settings import Settings

log = logging.getLogger(__name__)

WORDS: dict[SpentItem, str] = {
    "usd": "{limit:.2f} USD for language models",
    "tokens": "{limit:,.0f} tokens of language models",
    "model_calls": "{limit:,.0f} model calls",
    "tool_calls": "{limit:,.0f} tool calls",
    "seconds": "{limit:,.0f} seconds",
}


class DayBudget:
    """`RunMeter(settle=DayBudget(settings, ledger, user).settle)`; user "" for runs that an alert began."""

    def __init__(self, settings: Settings, ledger: SpendLedger, user: str) -> None:
        self._settings, self._ledger, self._user = settings, ledger, user

    async def settle(self, meter: RunMeter) -> None:
        """An answer under the run's own budget is better than none, so a ledger that is away stops nothing."""
        new = meter.take_unsettled()
        try:
            if new.model_calls or new.tool_calls:
                await self._ledger.add(self._user, new)
            else:  # time alone is told with the next call
                meter.give_back(new)
        except Exception as error:
            meter.give_back(new)
            log.warning("what a run took cannot be written down: %s", type(error).__name__)
        try:
            meter.renew(await self._left())
        except Exception as error:
            log.warning("what was spent today cannot be read: %s", type(error).__name__)

    async def _left(self) -> list[Allowance]:
        if not self._user:
            return self._of(await self._ledger.today(), "DAILY", "everybody")
        mine, everybodys = await asyncio.gather(self._ledger.today(self._user), self._ledger.today())
        return [*self._of(mine, "USER_DAILY", "one person"), *self._of(everybodys, "DAILY", "everybody")]

    def _of(self, spent: Spend, prefix: str, who: str) -> list[Allowance]:
        left: list[Allowance] = []
        for item, words in WORDS.items():
            limit = float(getattr(self._settings, f"{prefix}_{item}".lower()))
            setting = f"WATCHKEEPER_{prefix}_{item.upper()}"
            whose = f"today's budget of {words.format(limit=limit)} ({setting}) for {who}"
            left.append(Allowance(limit - getattr(spent, item), whose, item))
        return left
