"""Times as tools write them: ISO 8601, seconds or milliseconds since 1970, mail dates, ServiceNow's plain ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MILLISECONDS, MICROSECONDS, NANOSECONDS = 1e11, 1e14, 1e17
"""Numbers above these count that unit rather than seconds."""
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Beyond these a time stands for none: Go's year 1, a counter, a slip."""

_FRACTION = re.compile(r"(\.\d{6})\d+")
_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")


def moment(value: object) -> datetime | None:
    """The time in UTC; one without a zone is in UTC. None when it is no time, or one that no alert can have."""
    text = str(value).strip()[:40] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    found = _epoch(text) or _written(text)
    return found if found and EARLIEST < found < LATEST else None


def _epoch(text: str) -> datetime | None:
    try:
        number = float(text)
        number /= 1e9 if number > NANOSECONDS else 1e6 if number > MICROSECONDS else 1e3 if number > MILLISECONDS else 1
        return datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):  # the latter two for years that no calendar has
        return None


def _written(text: str) -> datetime | None:
    for read in (_iso, parsedate_to_datetime):
        try:
            found = read(text)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def _iso(text: str) -> datetime:
    """Nine digits of a second and zones without a colon are read too."""
    short = _FRACTION.sub(r"\1", text.removesuffix(" UTC")).replace("Z", "+00:00")
    return datetime.fromisoformat(_ZONE.sub(r"\1:\2", short))
