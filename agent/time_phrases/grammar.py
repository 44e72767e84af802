"""How days and times of day make a range: since, between, until, around, or just so.

reading  = anchor | between | from-to | since | until | plain
part     = element [clock] [zone]  |  clock [element] [zone]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from agent.time_phrases.elements import SINCE, element
from agent.time_phrases.lexicon import AGAINST, COMPARING
from agent.time_phrases.reader import FILLERS, SECONDS, Clock, Reader
from agent.time_phrases.wall import DAY, Span, Wall

BEFORE = frozenset({"before", "vor"})
ENDS = frozenset({"to", "until", "and"})
MAX_WORDS_TO_DEPLOY = 6
_BESIDE_DEPLOY = frozenset({"filler", "last", "this", "article", "word"})
Shape = Literal["around", "span", "since", "before", "range"]


@dataclass(frozen=True)
class Reading:
    """What tokens `first` up to `last` say: a stretch of time and how to take it, or an anchor to look up."""

    first: int
    last: int
    wall: Wall
    shape: Shape
    span: Span | None = None
    is_ahead: bool = False
    """Whether its time of day is still to come today, so that it means yesterday's, if it means the past at all."""
    is_sure: bool = True
    """False for what only sets a comparison: any other time in the text counts for more."""


@dataclass(frozen=True)
class Part:
    """A day, a time of day, or both."""

    wall: Wall
    span: Span | None
    clock: Clock | None
    end: int
    """The place after it."""

    @property
    def moments(self) -> list[datetime]:
        """Local times that it may begin at, the likeliest first."""
        if self.clock is None:
            return [self._local(self.span.start)] if self.span else []
        if self.span is None:
            days = (self.wall.today, self.wall.today - DAY)
            known = [m for day in days for m in self.clock.on(day) if m <= self.wall.local_now]
            return sorted(known, reverse=True)
        return [self._on_day(self.span, self.clock)]

    @property
    def is_ahead(self) -> bool:
        """Whether it is a time of day that may be still to come today."""
        if self.clock is None or self.span is not None:
            return False
        return any(moment > self.wall.local_now for moment in self.clock.on(self.wall.today))

    def whole(self) -> Span:
        """All that it means: an instant where a time of day was given."""
        if self.clock is None and self.span is not None:
            return self.span
        moment = self.moments[0]
        return Span(moment, moment)

    def until(self) -> datetime:
        """Where a range ends that it ends: with the day when it is a day."""
        whole = self.whole()
        return self._local(whole.end)

    def _on_day(self, span: Span, clock: Clock) -> datetime:
        start, end = self._local(span.start), self._local(span.end)
        first = self.wall.days(start.date()).start
        if span.is_morning and not clock.is_sure:
            return first + clock.offsets[0]
        if end - start == DAY:
            likely = first + clock.by_daylight
            return likely if likely <= self.wall.local_now else first + clock.offsets[0]
        within = [m for day in (start.date(), end.date()) for m in clock.on(day) if start <= m < end]
        return within[0] if within else first + clock.by_daylight

    def _local(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo is None else moment.astimezone(self.wall.zone).replace(tzinfo=None)


def part(reader: Reader, place: int, opener: str) -> Part | None:
    """The day and time of day that begin at a place, fillers between them aside."""
    span: Span | None = None
    clock: Clock | None = None
    end, before = place, opener
    while True:
        start = end if reader[end].text == "a" and reader.amount(end) else reader.skip(end)
        before = reader.kind(start - 1) if start > end and reader.kind(start - 1) != "filler" else before
        if span is None and (found := element(reader, start, before)):
            span, end = found
        elif clock is None and _takes_a_clock(span) and (read := reader.clock(start, before)):
            clock, end = read
        elif (clock or span) and (there := reader.zone(start, has_clock=bool(clock and clock.is_sure))):
            wall, length = there
            without = [*reader.tokens[:start], *reader.tokens[start + length :]]
            again = part(Reader(without, wall), place, opener)
            return replace(again, end=max(again.end, start) + length) if again else None
        else:
            break
        before = "day" if span else before
    if (span is None and clock is None) or (clock and span is None and clock.offset > DAY):
        return None
    wall = reader.wall if not _says_utc(reader, place, end) else reader.wall.at_offset(0, "UTC")
    read_part = Part(wall, span, clock, end)
    return read_part if read_part.moments else None


def _takes_a_clock(span: Span | None) -> bool:
    return span is None or not (span.is_instant or span.start.tzinfo or span.end - span.start > DAY)


def _says_utc(reader: Reader, start: int, end: int) -> bool:
    """`14:02Z` carries its zone in itself."""
    return any(token.kind == "clock" and token.value[4] for token in reader.tokens[start:end])


def read(reader: Reader, place: int) -> Reading | None:
    """What begins at a place, if anything does."""
    for way in WAYS:
        if found := way(reader, place):
            return found
    return None


def _anchor(reader: Reader, place: int) -> Reading | None:
    """`since the last deploy`, `before the checkout release`."""
    kind = reader.kind(place)
    if kind not in SINCE | BEFORE:
        return None
    words = 0
    for at in range(place + 1, place + 1 + MAX_WORDS_TO_DEPLOY):
        if reader.kind(at) == "deploy":
            shape: Shape = "before" if kind in BEFORE else "since"
            return Reading(place, at + 1, reader.wall, shape)
        words += reader.kind(at) == "word"
        if reader.kind(at) not in _BESIDE_DEPLOY or words > 2:
            return None
    return None


def _between(reader: Reader, place: int, day: Span | None = None) -> Reading | None:
    if reader.kind(place) != "between":
        return None
    first = part(reader, place + 1, "range")
    if first and first.span is None:
        first = replace(first, span=day)
    return _joined(reader, place, first, ENDS - {"until"}) if first else None


def _day_then_range(reader: Reader, place: int) -> Reading | None:
    """`yesterday between 2 and 4`."""
    day = element(reader, place, reader.kind(place - 1))
    if day is None or not _takes_a_clock(day[0]):
        return None
    span, end = day
    found = _between(reader, end, span) or _from(reader, end, span)
    return replace(found, first=place) if found and found.shape == "range" else None


def _from(reader: Reader, place: int, day: Span | None = None) -> Reading | None:
    """`from yesterday 14:00 to 16:00`, `14:00-15:30`, `Monday until Wednesday`, `de 14h a 16h`."""
    opened = reader.kind(place) in ("from", "since", "since_romance")
    start = place + opened
    to_an_hour = reader.kind(start + 1) == "at_clock" or reader[start + 1].text == "a"
    first = part(reader, start, "range" if opened or to_an_hour or day else "")
    if first and first.span is None:
        first = replace(first, span=day)
    if first is None:
        return None
    ends = ENDS - {"and"} if first.clock or opened else ENDS
    joined = _joined(reader, place, first, ends)
    if joined or reader.kind(place) != "from":
        return joined
    shape: Shape = "since" if first.clock else "span"
    return Reading(place, first.end, first.wall, shape, first.whole()) if _is_explicit(first) else None


def _is_explicit(one: Part) -> bool:
    """`from 2` may be from two of anything."""
    return one.span is not None or (one.clock is not None and one.clock.is_sure)


def _joined(reader: Reader, place: int, first: Part, ends: frozenset[str]) -> Reading | None:
    """The range from a part to the one after a word such as `to`."""
    link = reader.skip(first.end, frozenset({"filler"}))
    follows_directly = link > first.end and reader[link - 1].text in ("a", "as") and first.clock is not None
    if reader.kind(link) in ends:
        link += 1
    elif reader.kind(link) != "at_clock" and not follows_directly:
        return None
    if reader.kind(link) == "now" and reader.kind(place) != "between":
        return Reading(place, link + 1, first.wall, "since", first.whole())
    second = part(reader.seen_from(first.wall), link, "range")
    if second is None or (reader.kind(place) == "from" and not (_is_explicit(first) or _is_explicit(second))):
        return None
    if first.wall.name != second.wall.name:  # `14:00 to 15:00 UTC`: the zone is said once
        again = part(reader.seen_from(second.wall), place + (reader.kind(place) in _OPENING), "range")
        first = again or first
    span = _range(first, second)
    is_ahead = first.is_ahead and second.is_ahead
    return Reading(place, second.end, second.wall, "range", span, is_ahead) if span else None


_OPENING = SINCE | {"between", "from"}


def _range(first: Part, second: Part) -> Span | None:
    """From one part to the other: the shortest range that the two may mean, and of those the latest."""
    if first.clock and first.span is None and second.span and second.clock and _takes_a_clock(second.span):
        first = replace(first, span=second.span)
    if second.clock and second.span is None:
        starts = [m for m in first.moments if m <= first.wall.local_now] or first.moments
        pairs = [(start, _next(start, offset)) for start in starts for offset in second.clock.offsets]
        if not first.clock:  # `from yesterday to 14:00`
            pairs = [(start, second.moments[0]) for start in starts]
        start, end = min(pairs, key=lambda pair: (pair[1] - pair[0], -pair[0].toordinal(), -pair[0].hour))
    else:
        start, end = first.moments[0], second.until()
    if end <= start and second.clock is None and first.clock is None:  # `Tuesday and Monday`
        start, end = second.moments[0], first.until()
    return Span(start, end) if start < end else None


def _next(start: datetime, offset: timedelta) -> datetime:
    """The next time of day after a start."""
    end = datetime.combine(start.date(), datetime.min.time()) + offset
    return end if end > start else end + DAY


def _since(reader: Reader, place: int) -> Reading | None:
    kind = reader.kind(place)
    if kind not in SINCE:
        return None
    start = reader.skip(place + 1, frozenset({"filler"}))
    if near := _near_a_clock(reader, start):
        return replace(near, first=place, shape="since")
    found = part(reader, start, kind)
    if found is None:
        return None
    return Reading(place, found.end, found.wall, "since", found.whole(), kind == "after" and found.is_ahead)


def _for(reader: Reader, place: int) -> Reading | None:
    """`has been failing for 2 hours`; without "been" it may be a time-out."""
    if reader.kind(place) != "for" or not any(reader.kind(at) == "been" for at in range(place - 4, place)):
        return None
    found = part(reader, place + 1, "for")
    return Reading(place, found.end, found.wall, "since", found.whole()) if found else None


def _until(reader: Reader, place: int) -> Reading | None:
    kind = reader.kind(place)
    if kind not in BEFORE | {"until"}:
        return None
    found = part(reader, place + 1, "range")
    if found is None:
        return None
    end = found.until() if kind == "until" else found.whole().start
    return Reading(place, found.end, found.wall, "before", Span(end, end), found.is_ahead)


def _compared(reader: Reader, place: int) -> Reading | None:
    """`higher than last week`, `compare to last week`: what is compared with has to be read, and all since."""
    if not _compares(reader, place):
        return None
    found = part(reader, place + 1, "on")
    if found is None or found.clock:
        return None
    return Reading(place, found.end, found.wall, "since", found.span, is_sure=False)


def _compares(reader: Reader, place: int) -> bool:
    if reader.kind(place) == "compared":
        return True
    return reader[place].text in AGAINST and any(token.text in COMPARING for token in reader.clause(place))


def _near_a_clock(reader: Reader, place: int) -> Reading | None:
    """`5 min before 3`, `10 minutes after 14:00`."""
    amount = reader.amount(place)
    if amount is None or reader.kind(amount[2]) not in BEFORE | {"after"}:
        return None
    number, unit, end = amount
    found = part(reader, end + 1, "range")
    if found is None or found.clock is None:
        return None
    by = timedelta(seconds=number * SECONDS[unit])
    moment = found.moments[0] + (by if reader.kind(end) == "after" else -by)
    span = Span(moment, moment, around=max(timedelta(minutes=5), by))
    return Reading(place, found.end, found.wall, "around", span, found.is_ahead)


def _plain(reader: Reader, place: int) -> Reading | None:
    """`yesterday`, `at 3am`, `around 3`, `Monday and Tuesday`, `this month vs last month`."""
    kind = reader.kind(place)
    if kind == "filler" and reader[place].text != "a":
        return None
    start = place + (kind in FILLERS - {"filler"})
    found = part(reader, start, kind if start > place else "")
    if found is None:
        return None
    span = found.whole()
    if not found.clock and (reader.kind(found.end) == "and" or _compares(reader, found.end)):
        other = part(reader, found.end + 1, "on")
        if other and not other.clock and (both := _range(found, other)):
            return Reading(place, other.end, found.wall, "range", both)
    return Reading(place, found.end, found.wall, "around" if span.is_instant else "span", span, found.is_ahead)


WAYS: tuple[Callable[[Reader, int], Reading | None], ...] = (
    _anchor,
    _between,
    _day_then_range,
    _from,
    _near_a_clock,
    _since,
    _for,
    _until,
    _compared,
    _plain,
)
