"""Times in messages that many people read: Slack shows each of them their own clock."""

from __future__ import annotations

from datetime import datetime


def moment(at: datetime, day: datetime) -> str:
    """`14:02` on the reader's clock, with the date where it is not of the same UTC day as `day`.

    Says nothing that changes while time goes by, so that a message which is drawn again looks the same.
    """
    same_day = at.date() == day.date()
    pattern = "{time}" if same_day else "{date_short} {time}"
    plain = f"{at:%H:%M} UTC" if same_day else f"{at:%d %b %H:%M} UTC"
    return f"<!date^{int(at.timestamp())}^{pattern}|{plain}>"


def duration(seconds: float) -> str:
    """`0 minutes`, `12 minutes`, `3 h 5 min`, `2 days`."""
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {rest} min" if rest else "")
    return f"{hours // 24} days"
