"""Signed requests that come again while their time still counts: somebody on the way may have kept one.

Who sends the same alert again signs it anew, or sends the very same request because it heard no answer; either is
answered, and the second of the latter has no effect.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from agent.models import digest
from agent.sources.senders import TIMESTAMP_HEADER, TOLERANCE_SECONDS
from agent.sources.source import Request

MAX_KEPT = 50_000


def mark_of(source: str, given: Request) -> str:
    """The same for the same signed words, however their signature is written; "" where no time was signed."""
    stated = given.headers.get(TIMESTAMP_HEADER, "").strip()
    return digest(source, stated, given.body.decode("utf-8", "replace"), length=32) if stated else ""


class Replays:
    """`taken(mark)` for what was accepted; `again(mark)` says whether it was. Of this process, as long as it counts."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._marks: OrderedDict[str, float] = OrderedDict()

    def taken(self, mark: str) -> None:
        if not mark:
            return
        now = self._now()
        self._marks[mark] = now
        while self._marks and (len(self._marks) > MAX_KEPT or now - self._oldest() > 2 * TOLERANCE_SECONDS):
            self._marks.popitem(last=False)

    def again(self, mark: str) -> bool:
        return mark in self._marks

    def _oldest(self) -> float:
        return next(iter(self._marks.values()))
