"""The time that a log line begins with, in the notations that logs are written in.

stamp("Dec 10 06:55:46 LabSZ sshd[24200]: ...")      # -> datetime(1900, 12, 10, 6, 55, 46)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

WITHIN = 100
"""A time stands among the first so many characters of a line."""
NO_YEAR = 1900
"""Stands for the year when a line names none; some syslogs do not."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?P<H>\d\d):?(?P<M>\d\d):?(?P<S>\d\d)"
_NOTATIONS = tuple(
    re.compile(rf"(?<!\d){notation}(?!\d)", re.IGNORECASE)
    for notation in (
        rf"(?P<Y>\d{{4}})[-/.]?(?P<m>\d\d)[-/.]?(?P<d>\d\d)[T\s_-]{_CLOCK}",
        r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)-(?P<H>\d\d)\.(?P<M>\d\d)\.(?P<S>\d\d)",
        rf"(?P<d>\d\d)/(?P<b>[a-z]{{3}})/(?P<Y>\d{{4}})[:\s]{_CLOCK}",
        rf"(?P<b>[a-z]{{3}})\s+(?P<d>\d\d?)\s{_CLOCK}(?:\s(?P<Y>\d{{4}}))?",
        rf"(?P<y>\d\d)/?(?P<m>\d\d)/?(?P<d>\d\d)\s{_CLOCK}",
        rf"(?P<m>\d\d)[-.](?P<d>\d\d)\s{_CLOCK}",
        r"(?P<epoch>1\d{9})(?:\d{3})?",
        rf"{_CLOCK}",
    )
)


def stamp(line: str) -> datetime | None:
    """The time at the head of a line, without its zone; None when there is none to be seen."""
    head = line[:WITHIN]
    for notation in _NOTATIONS:
        if match := notation.search(head):
            try:
                return _moment(match.groupdict())
            except ValueError:
                continue
    return None


def _moment(parts: dict[str, str | None]) -> datetime:
    """Raises ValueError when the digits are no time."""
    if epoch := parts.get("epoch"):
        return datetime.fromtimestamp(int(epoch), UTC).replace(tzinfo=None)
    year = 2000 + int(parts["y"] or 0) if parts.get("y") else int(parts.get("Y") or NO_YEAR)
    name = (parts.get("b") or "").lower()
    month = _MONTHS.index(name) + 1 if name in _MONTHS else int(parts.get("m") or 1)
    hour, minute, second = (int(parts[unit] or 0) for unit in "HMS")
    return datetime(year, month, int(parts.get("d") or 1), hour, minute, second)
