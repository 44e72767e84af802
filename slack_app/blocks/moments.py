"""Times in messages that many people read: Slack shows each of them their own clock."""

from __future__ import annotations

from datetime import datetime

from agent.times import times_told


def moment(at: datetime, day: datetime) -> str:
    """`14:02` on the reader's clock, with the date where it is not of the same UTC day as `day`.

    Says nothing that changes while time goes by, so that a message which is drawn again looks the same.
    """
    same_day = at.date() == day.date()
    return _date(at, f"{at:%H:%M}" if same_day else f"{at:%d %b %H:%M}", dated=not same_day)


def on_the_readers_clock(text: str, day: datetime, written: datetime | None = None) -> str:
    """Escaped text whose times say UTC, as code writes them, with each of them as a `moment`.

    A time without a date is of the day of `written`, or of `day`; it gets one where that is another.
    """

    def tell(at: datetime, said: str) -> str:
        dated = " " in said or at.date() != day.date()
        return _date(at, said if " " in said or not dated else f"{at:%d %b} {said}", dated=dated)

    return times_told(text, written or day, tell)


def _date(at: datetime, said: str, *, dated: bool) -> str:
    clock = "{time_secs}" if said.count(":") == 2 else "{time}"
    return f"<!date^{int(at.timestamp())}^{'{date_short} ' if dated else ''}{clock}|{said} UTC>"


def duration(seconds: float) -> str:
    """`0 minutes`, `12 minutes`, `3 h 5 min`, `2 days`."""
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{hours // 24} days"
