"""Whether an action helped: the signal that fired, read again and again, and what is near it.

It helped when the signal is as it should be for `hold_seconds`; it had no effect when that did not begin within
`within_seconds`; it made things worse when the signal moved away from its threshold, or something near it began to
fire. A reading that failed decides nothing before the time is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.models import Check, Verification

WORSE_FACTOR = 1.5
"""So much further than it was when the action was made is worse; less is noise."""


@dataclass(frozen=True)
class Reading:
    """What was seen at one look. `good` is None when it could not be read.

    `value` and `before` are the signal now and when the action was made, in the same unit; `higher_is_worse` says on
    which side of its threshold it fires.
    """

    good: bool | None
    seen: str
    value: float | None = None
    before: float | None = None
    higher_is_worse: bool = True
    nearby: tuple[str, ...] = ()
    """What near it fires now and did not when the action was made."""

    @property
    def worse(self) -> bool:
        return bool(self.nearby) or self._moved_away

    @property
    def _moved_away(self) -> bool:
        if self.good or self.value is None or self.before is None or self.before <= 0:
            return False
        factor = self.value / self.before
        return factor >= WORSE_FACTOR if self.higher_is_worse else factor <= 1 / WORSE_FACTOR


def look(check: Check, last: Verification, reading: Reading, began: datetime, now: datetime) -> Verification:
    """The verification after one more look; `began` is when the action was made."""
    looked = Verification(seen=reading.seen, nearby=reading.nearby, looked_at=now, baseline=last.baseline)
    if reading.worse:
        return looked.model_copy(update={"outcome": "worse"})
    over = now - began >= timedelta(seconds=check.within_seconds)
    if reading.good is None:
        return looked.model_copy(update={"outcome": "unknown" if over else "waiting", "good_since": last.good_since})
    if not reading.good:
        return looked.model_copy(update={"outcome": "no_effect" if over else "waiting"})
    since = last.good_since or now
    held = now - since >= timedelta(seconds=check.hold_seconds)
    return looked.model_copy(update={"outcome": "helped" if held else "waiting", "good_since": since})


def next_look(check: Check, verification: Verification, began: datetime, now: datetime) -> datetime:
    """When it is worth looking again: about ten times in all, and when the holding time is over."""
    pause = max(1.0, min(60.0, check.within_seconds / 10))
    times = [now + timedelta(seconds=pause)]
    if verification.good_since is not None:
        times.append(max(now, verification.good_since + timedelta(seconds=check.hold_seconds)))
    return min(times)
