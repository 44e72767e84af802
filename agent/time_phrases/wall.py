"""The asker's clock on the wall and calendar: local times, without a zone, and what they are in UTC."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, cached_property
from zoneinfo import ZoneInfo, available_timezones

DAY = timedelta(days=1)
DAYPARTS: dict[str, tuple[int, int]] = {
    "morning": (5, 12),
    "afternoon": (12, 18),
    "evening": (17, 23),
    "night": (18, 30),
}
"""Hours of a day; the night ends at 6 on the next. Wide: an incident at 19:00 was "last night", too."""
EARLY = timedelta(hours=2)
"""At 5:20 `broken since this morning` may well be about 4:50."""
TWELVE_HOUR_ZONES = ("America/", "US/", "Canada/", "Australia/", "Pacific/Honolulu")
MONTH_FIRST_ZONES = ("America/", "US/", "Pacific/Honolulu")


@dataclass(frozen=True)
class Span:
    """A stretch of time. Without a zone its times are the wall's. An instant has no length, but room around it."""

    start: datetime
    end: datetime
    around: timedelta = timedelta(minutes=30)
    is_morning: bool = False
    """Whether an hour on it is before noon."""

    @property
    def is_instant(self) -> bool:
        return self.start == self.end


@dataclass(frozen=True)
class Wall:
    """Where and when somebody asks."""

    now: datetime
    zone: tzinfo
    name: str
    note: str = ""

    @classmethod
    def of(cls, now: datetime, zone: str) -> Wall:
        """An unknown zone counts as UTC, and says so: a bare machine may know none."""
        try:
            return cls(now, UTC if zone.upper() in ("UTC", "") else ZoneInfo(zone), zone or "UTC")
        except (KeyError, ValueError, OSError):
            return cls(now, UTC, "UTC", f" The time zone {zone[:40]} is not known here, so UTC is meant.")

    def at_offset(self, minutes: int, name: str) -> Wall:
        """The same moment, read off another clock that was named."""
        return Wall(self.now, timezone(timedelta(minutes=minutes)) if minutes else UTC, name.upper(), self.note)

    def at_place(self, zone: str) -> Wall:
        """The same moment, by the time of an IANA zone."""
        return replace(Wall.of(self.now, zone), note=self.note)

    @cached_property
    def local_now(self) -> datetime:
        return self.now.astimezone(self.zone).replace(tzinfo=None)

    @property
    def today(self) -> date:
        return self.local_now.date()

    @property
    def has_month_first(self) -> bool:
        return self.name.startswith(MONTH_FIRST_ZONES)

    @property
    def has_twelve_hours(self) -> bool:
        return self.name.startswith(TWELVE_HOUR_ZONES)

    def days(self, start: date, count: int = 1) -> Span:
        begin = datetime.combine(start, time())
        return Span(begin, begin + timedelta(days=count))

    def day_ago(self, count: int) -> Span:
        return self.days(self.today - timedelta(days=count))

    def weekday(self, number: int, *, before_today: bool = False) -> Span:
        """The most recent such day, today among them unless it has to lie before."""
        back = (self.today.weekday() - number) % 7
        return self.day_ago(back or 7 if before_today else back)

    def daypart(self, day: Span, part: str) -> Span:
        first, last = DAYPARTS[part]
        begin, end = day.start + timedelta(hours=first), day.start + timedelta(hours=last)
        return Span(begin, end, is_morning=part == "morning")

    def today_since(self, part: str) -> Span:
        """`this morning` and all that came of it since; for who asks before it has gone on for long, since midnight."""
        span = self.daypart(self.day_ago(0), part)
        early = span.is_morning and self.local_now < span.start + EARLY
        return replace(
            span, start=self.days(self.today).start if early else span.start, end=max(span.end, self.local_now)
        )

    def night(self, *, coming: bool = False) -> Span:
        """Last night, or the one that is under way or coming (`tonight`)."""
        under_way = self.local_now.hour < 6
        return self.daypart(self.day_ago(0 if coming and not under_way else 1), "night")

    def weekend(self, *, previous: bool = False) -> Span:
        """The weekend that is under way or just past; when it is under way, the previous one is the one before."""
        saturday = self.weekday(5).start.date()
        under_way = self.today.weekday() >= 5
        return self.days(saturday - 7 * DAY if previous and under_way else saturday, 2)

    def unit(self, unit: str, back: int = 0) -> Span:
        """The calendar's day, week (from Monday), month, quarter or year, so many of them ago (negative: to come)."""
        today = self.today
        match unit:
            case "day":
                return self.day_ago(back)
            case "week":
                return self.days(today - DAY * (today.weekday() + 7 * back), 7)
            case "month":
                return Span(_month_start(today, -back), _month_start(today, 1 - back))
            case "quarter":
                first = today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1)
                return Span(_month_start(first, -3 * back), _month_start(first, 3 - 3 * back))
            case "year":
                return Span(datetime(today.year - back, 1, 1), datetime(today.year - back + 1, 1, 1))
            case _:
                begin = self.local_now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=back)
                return Span(begin, begin + timedelta(hours=1))

    def month(self, number: int, year: int | None = None) -> Span:
        """The most recent month of that number, unless a year is given."""
        first = date(year or self.today.year, number, 1)
        if year is None and first > self.today:
            first = first.replace(year=first.year - 1)
        return Span(_month_start(first, 0), _month_start(first, 1))

    def date(self, month: int, day: int, year: int | None = None) -> Span:
        """The most recent such day, unless a year is given. ValueError when there is none."""
        if year is not None:
            return self.days(date(year, month, day))
        years = range(self.today.year, self.today.year - 8, -1)  # a 29 February may be eight years ago
        known = (found for y in years if (found := _date(y, month, day)) and found <= self.today)
        found = next(known, None)
        if found is None:
            raise ValueError("no such day")
        return self.days(found)

    def day_of_month(self, day: int) -> Span:
        months = (self.unit("month", back).start for back in range(12))
        found = (d for m in months if (d := _date(m.year, m.month, day)) and d <= self.today)
        return self.days(next(found))

    def rolling(self, seconds: float) -> Span:
        """The last so many seconds, which no change of the clocks makes longer."""
        return Span(self.now - timedelta(seconds=seconds), self.now)

    def in_utc(self, moment: datetime, *, later: bool = False) -> tuple[datetime, str]:
        """A time in UTC, and what there is to say of it where the clocks changed.

        Of a time that there was twice, the first is meant, or the `later` one. One that there was not is read on a
        clock that nobody had put forward yet.
        """
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), ""
        first, second = (moment.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            return first, ""
        real = first.astimezone(self.zone).replace(tzinfo=None)
        if real != moment:  # a gap: the first reading uses the offset from before it
            return first, f" {moment:%H:%M} did not exist on {day_name(moment)}: the clocks went forward."
        which = "second" if later else "first"
        return second if later else first, (
            f" {moment:%H:%M} came twice on {day_name(moment)}, when the clocks went back; the {which} is meant."
        )


@cache
def cities() -> dict[str, str]:
    """The zones of the world by the cities that they are called after: `new_york` is America/New_York."""
    return {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones()) if "/" in zone}


def day_name(moment: datetime) -> str:
    """`Fri 20 Nov`, in English whatever the machine's locale."""
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month_start(day: date, months: int) -> datetime:
    index = day.year * 12 + day.month - 1 + months
    return datetime(index // 12, index % 12 + 1, 1)
