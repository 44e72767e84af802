"""Whether an action helped: the signal that fired, read again and again, and what is near it.

It helped when the signal is as it should be for `hold_seconds`; it had no effect when that did not begin within
`within_seconds`, or within a multiple of that while something still goes on that may bring it about; it made things
worse when the signal moved away from its threshold, or something near it began to fire, and that lasts. A reading that
failed decides nothing before the time is over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.models import Check, Verification

WORSE_FACTOR = 1.5
"""So much further than it was when the action was made is worse; less is noise."""
WORSE_LASTS = timedelta(minutes=2)
"""What is worse for a moment is the change itself: tasks that start anew, a cache that is cold."""
PATIENCE = 8
"""So many times `within_seconds` is waited for a run, a script or a rollout that goes on."""
_HOLDS = re.compile(r"\bfor (?P<count>\d+|an?) (?P<unit>minute|hour)s?\b")


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
    going_on: bool = False
    """Something runs that may yet make it good."""
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
    looked = Verification(seen=_told(reading), nearby=reading.nearby, looked_at=now, baseline=last.baseline)
    if reading.worse:
        since = last.worse_since or now
        lasts = now - since >= WORSE_LASTS
        return looked.model_copy(update={"outcome": "worse" if lasts else "waiting", "worse_since": since})
    patience = PATIENCE if reading.going_on else 1
    over = now - began >= timedelta(seconds=check.within_seconds * patience)
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


def hold_seconds(verification: str) -> float | None:
    """How long a runbook's `verification` wants it to stay so: `no throttles for 10 minutes`; None: it does not say."""
    found = _HOLDS.search(verification)
    if found is None:
        return None
    count = float(found["count"]) if found["count"].isdigit() else 1.0
    return count * (3600 if found["unit"] == "hour" else 60)


def _told(reading: Reading) -> str:
    if not reading.nearby:
        return reading.seen
    return f"{reading.seen} Meanwhile {', '.join(reading.nearby)} began to fire."
