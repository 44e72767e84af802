"""What a worker does at once, by kind of work, so that no kind keeps another one waiting.

Slow tickets leave room for alerts, redraws in a slow Slack for clicks and stops, and changes to an account for all of
them. A lane holds more jobs than it has at work; their leases are renewed while they wait. What finds its lane full
goes back to the queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from agent.models import Job, JobKind

BATCH = 10
"""Jobs that are received together."""
YIELD_SECONDS = 0.5


@dataclass(eq=False)
class Lane:
    """`Lane(16, 48)`: sixteen at work, and no more than forty-eight held."""

    at_once: int
    most: int
    held: int = 0
    working: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.working = asyncio.Semaphore(self.at_once)

    @property
    def is_full(self) -> bool:
        return self.held >= self.most

    @property
    def is_crowded(self) -> bool:
        """It could not take a whole batch."""
        return self.held + BATCH > self.most


class Lanes:
    """`lane = lanes.enter(job)`, then `lanes.leave(lane)`.

    What takes turns waits for those; `held` is how many of it a worker keeps waiting.
    """

    def __init__(self, held: int) -> None:
        self._turns = Lane(held, held)
        self._slow = Lane(8, 24)
        self._eased = asyncio.Event()
        people, shown, changes = Lane(32, 64), Lane(24, 64), Lane(16, 48)
        self._lanes = {
            JobKind.analysis: self._turns,
            JobKind.mention: self._turns,
            JobKind.alert: Lane(16, 48),
            JobKind.living: shown,
            JobKind.digest: shown,
            JobKind.approval: changes,
            JobKind.verify: changes,
            **dict.fromkeys(
                (JobKind.stop, JobKind.ownership, JobKind.command, JobKind.feedback, JobKind.evidence), people
            ),
        }

    def enter(self, job: Job) -> Lane | None:
        """The lane, which holds the job until `leave`; None when it is full."""
        lane = self._of(job)
        if lane.is_full:
            return None
        lane.held += 1
        return lane

    @property
    def no_more_turns(self) -> bool:
        """It holds as much as it may of what takes turns; the next of that kind is for another worker."""
        return self._turns.is_full

    def leave(self, lane: Lane) -> None:
        lane.held -= 1
        self._eased.set()

    async def ease(self, last: Sequence[Job]) -> None:
        """Before more is received: waits a moment for room for more of the same.

        A worker that holds all it may also lets others look into the queue first, unless there is a lot in it.
        """
        crowded = [lane for job in last if (lane := self._of(job)).is_crowded]
        waited_for = set(crowded) if len(crowded) * 2 > len(last) else set[Lane]()
        if self.no_more_turns and len(last) < BATCH:
            waited_for.add(self._turns)
        if waited_for:
            await self._room_in(waited_for)

    async def _room_in(self, lanes: Collection[Lane]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(YIELD_SECONDS):
                while any(lane.is_crowded for lane in lanes):
                    self._eased.clear()
                    await self._eased.wait()

    def _of(self, job: Job) -> Lane:
        """Tickets, looking for trouble, and what only a later version knows: slow."""
        return self._lanes.get(job.kind, self._slow)
