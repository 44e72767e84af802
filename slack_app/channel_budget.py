"""How much Watchkeeper writes about alerts in one channel: so many posts and edits in any 60 seconds, in all processes.

Who presses a button and what is critical may use all of it, what is told for the first time most, edits less, and
progress half: a storm costs a channel no more than a busy quarter of an hour does, and nothing new in it waits for
edits of what is known.
"""

from __future__ import annotations

from typing import Any, cast

from agent.ports import Clock, StateStore

WINDOW_SECONDS = 60.0
PERSON, NORMAL, EDIT, PROGRESS = 1.0, 0.8, 0.6, 0.5
"""Which share of the budget may be used up."""


class ChannelBudget:
    """`await ChannelBudget(state, clock, 15).take("C0ALERTS", NORMAL)` gives the seconds to wait; 0.0: go ahead."""

    def __init__(self, state: StateStore, clock: Clock, per_minute: int) -> None:
        self._state = state
        self._clock = clock
        self._limit = per_minute

    async def take(self, channel: str, share: float) -> float:
        """A refusal changes nothing."""
        now, wait = self._clock().timestamp(), 0.0

        def add(kept: dict[str, Any]) -> dict[str, Any]:
            nonlocal wait
            wait = self._wait(kept, now, share)
            return kept if wait else {"at": [*_recent(kept, now), now]}

        await self._state.change(_key(channel), add, ttl_seconds=2 * WINDOW_SECONDS)
        return wait

    async def room(self, channel: str, share: float) -> float:
        """As `take`, but nothing is taken: for asking before work that would be in vain."""
        return self._wait(await self._state.get(_key(channel)) or {}, self._clock().timestamp(), share)

    def _wait(self, kept: dict[str, Any], now: float, share: float) -> float:
        recent, allowed = _recent(kept, now), max(1, int(self._limit * share))
        return max(0.1, recent[-allowed] + WINDOW_SECONDS - now) if len(recent) >= allowed else 0.0


def _key(channel: str) -> str:
    return f"channel:{channel}"


def _recent(kept: dict[str, Any], now: float) -> list[float]:
    """What was written in the last 60 seconds, oldest first. A clock that went back forgets what is ahead of it."""
    times = sorted(float(at) for at in cast("list[float]", kept.get("at") or []))
    return [at for at in times if now - WINDOW_SECONDS < at <= now]
