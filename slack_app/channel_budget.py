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
REMEMBERED = 1000
"""Refusals that a process knows by heart."""


class ChannelBudget:
    """`await ChannelBudget(state, clock, 15).take("C0ALERTS", NORMAL)` gives the seconds to wait; 0.0: go ahead."""

    def __init__(self, state: StateStore, clock: Clock, per_minute: int) -> None:
        self._state = state
        self._clock = clock
        self._limit = per_minute
        self._refused: dict[tuple[str, float], tuple[float, float]] = {}
        """By channel and share: when, and until when. Until then others can only take more, so it holds."""

    async def take(self, channel: str, share: float) -> float:
        """A refusal changes nothing."""
        now, wait = self._clock().timestamp(), 0.0
        if known := self._known(channel, share, now):
            return known

        def add(kept: dict[str, Any]) -> dict[str, Any]:
            nonlocal wait
            wait = self._wait(kept, now, share)
            return kept if wait else {"at": [*_recent(kept, now), now]}

        await self._state.change(_key(channel), add, ttl_seconds=2 * WINDOW_SECONDS)
        return self._remembered(channel, share, now, wait)

    async def room(self, channel: str, share: float) -> float:
        """As `take`, but nothing is taken: for asking before work that would be in vain."""
        now = self._clock().timestamp()
        if known := self._known(channel, share, now):
            return known
        wait = self._wait(await self._state.get(_key(channel)) or {}, now, share)
        return self._remembered(channel, share, now, wait)

    def _known(self, channel: str, share: float, now: float) -> float:
        """The seconds that a refusal still holds; 0.0 without one, or for a clock that went back."""
        refused, until = self._refused.get((channel, share), (now, now))
        return until - now if refused <= now < until else 0.0

    def _remembered(self, channel: str, share: float, now: float, wait: float) -> float:
        self._refused.pop((channel, share), None)
        if wait:
            self._refused[channel, share] = (now, now + wait)
        if len(self._refused) > REMEMBERED:
            del self._refused[next(iter(self._refused))]
        return wait

    def _wait(self, kept: dict[str, Any], now: float, share: float) -> float:
        recent, allowed = _recent(kept, now), max(1, int(self._limit * share))
        return max(0.1, recent[-allowed] + WINDOW_SECONDS - now) if len(recent) >= allowed else 0.0


def _key(channel: str) -> str:
    return f"channel:{channel}"


def _recent(kept: dict[str, Any], now: float) -> list[float]:
    """What was written in the last 60 seconds, oldest first. A clock that went back forgets what is ahead of it."""
    times = sorted(float(at) for at in cast("list[float]", kept.get("at") or []))
    return [at for at in times if now - WINDOW_SECONDS < at <= now]
