"""Time periods of Cost Explorer: ends are exclusive, days are UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.account.request import AwsError

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HISTORY_MONTHS = 14
HOURLY_DAYS = 14


@dataclass(frozen=True)
class Period:
    start: datetime
    end: datetime

    def shown(self, granularity: str = "DAILY") -> dict[str, str]:
        form = "%Y-%m-%dT%H:%M:%SZ" if granularity == "HOURLY" else "%Y-%m-%d"
        return {"Start": self.start.strftime(form), "End": self.end.strftime(form)}

    def before(self, moment: datetime) -> "Period":
        """The part of the period that lies before a moment; it may be empty."""
        return Period(min(self.start, moment), min(self.end, moment))


def read_period(time_period: dict[str, str], granularity: str = "DAILY") -> Period:
    """Raises ValidationException for a malformed or empty one."""
    start, end = (_read(time_period[name], granularity) for name in ("Start", "End"))
    if start >= end:
        raise invalid("Start date (and hour) should be before end date (and hour)")
    return Period(start, end)


def check_past(period: Period, granularity: str, now: datetime) -> None:
    """Costs are kept for fourteen months, by the hour for fourteen days."""
    oldest = month_start(now, -HISTORY_MONTHS)
    if period.start < oldest:
        raise invalid(f"You haven't enabled historical data beyond {HISTORY_MONTHS} months")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if granularity == "HOURLY" and period.start < midnight - timedelta(days=HOURLY_DAYS):
        raise invalid(f"Start time is too old. Hourly data is available for the past {HOURLY_DAYS} days only")
    if period.end > month_start(now, 1):
        raise invalid("end date past the beginning of next month")


def split(period: Period, granularity: str) -> Iterator[Period]:
    """The days, hours or calendar months of a period; the first and the last month may be partial."""
    start = period.start
    while start < period.end:
        if granularity == "HOURLY":
            end = start + timedelta(hours=1)
        elif granularity == "DAILY":
            end = start + timedelta(days=1)
        else:
            end = month_start(start, 1)
        yield Period(start, min(end, period.end))
        start = end


def month_start(moment: datetime, months: int = 0) -> datetime:
    """The first of a month, so many months after the moment's own."""
    count = moment.year * 12 + moment.month - 1 + months
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def invalid(message: str) -> AwsError:
    """Cost Explorer's word for a request that is wrong."""
    return AwsError("ValidationException", message)


def read_granularity(params: dict[str, Any], *allowed: str) -> str:
    granularity: str = params["Granularity"]
    if granularity not in allowed:
        raise invalid(f"Granularity must be one of {', '.join(allowed)}")
    return granularity


def _read(text: str, granularity: str) -> datetime:
    try:
        if _DAY.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        if granularity == "HOURLY" and _HOUR.fullmatch(text):
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            return moment.replace(minute=0, second=0)
    except ValueError:
        pass
    raise invalid(f"Invalid time format: {text}. Use yyyy-MM-dd, or yyyy-MM-ddTHH:mm:ssZ with HOURLY granularity")
