"""From the words in a question to one range of time, and a sentence that says which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from agent.models import TimeRange
from agent.time_phrases.ahead import speaks_of_what_is_ahead
from agent.time_phrases.grammar import Reading, read
from agent.time_phrases.phrase import TimePhrase
from agent.time_phrases.reader import FILLERS, Reader
from agent.time_phrases.tokens import tokenize
from agent.time_phrases.wall import Wall, day_name

BEFORE = timedelta(hours=24)
"""How much of the time before a moment is looked at."""


def resolve(text: str, now: datetime, zone: str) -> TimePhrase | None:
    """The range of time that a text speaks of, in the asker's IANA time zone; None when it speaks of none.

    Of several times, one with a word such as "since" or "between" counts more than one without; else the first does.
    `range` is None for what waits for its anchor, and for what lies in the future: `assumption` says which.
    """
    reader = Reader(tokenize(text), Wall.of(now, zone))
    readings = sorted(_readings(reader), key=_weight, reverse=True)
    phrases = (_phrase(text, reader, reading) for reading in readings)
    return next((phrase for phrase in phrases if phrase), None)


def anchored(phrase: TimePhrase, at: datetime, now: datetime, zone: str = "UTC") -> TimePhrase:
    """The phrase with its range, now that the time of its anchor is known: since then, or the 24 hours before."""
    start, end = (at - BEFORE, at) if phrase.relation == "before" else (at, now)
    if not phrase.anchor or start >= end:
        return phrase
    span, wall = TimeRange(start=start, end=end), Wall.of(now, zone)
    moment = _moment(span.start, span.end, now, wall.zone)
    said = f"“{phrase.words}” means {moment}{_where(span.start, span.end, now, wall)}."
    return phrase.model_copy(update={"range": span, "assumption": said})


def _readings(reader: Reader) -> Iterator[Reading]:
    place = 0
    while place < len(reader.tokens):
        try:
            reading = read(reader, place)
        except (OverflowError, ValueError):  # a time before the first year, or after the last
            reading = None
        if reading and not (reading.is_ahead and _is_to_come(reader, reading)):
            yield reading
        place = reading.last if reading else place + 1


def _is_to_come(reader: Reader, reading: Reading) -> bool:
    before = reading.first - 1
    while reader.kind(before) in FILLERS:
        before -= 1
    openers = (reader[reading.first], reader[before])
    clause = reader.clause(reading.first)
    return any(speaks_of_what_is_ahead(clause, token.text) for token in openers)


def _weight(reading: Reading) -> int:
    return 0 if not reading.is_sure else 2 if reading.shape in ("since", "before", "range") else 1


def _phrase(text: str, reader: Reader, reading: Reading) -> TimePhrase | None:
    start, end = reader.text(reading.first, reading.last)
    words = " ".join(text[start:end].split())
    if reading.span is None:
        side = "before" if reading.shape == "before" else "since"
        said = f"“{words}” needs the time of the last deployment."
        return TimePhrase(words=words, assumption=said, anchor="last_deploy", relation=side)
    try:
        return _ranged(words, reading)
    except (OverflowError, ValueError):
        return None


def _ranged(words: str, reading: Reading) -> TimePhrase | None:
    wall, span = reading.wall, reading.span
    if span is None:
        return None
    now = wall.now.astimezone(UTC)
    start, note = wall.in_utc(span.start)
    end, end_note = wall.in_utc(span.end, later=True)
    match reading.shape:
        case "around":
            start, end, end_note = start - span.around, start + span.around, ""
        case "since":
            end, end_note = now, ""
        case "before":
            start, end, note = end - BEFORE, end, ""
        case _:
            pass
    end = min(end, now)
    if start >= now:
        return TimePhrase(words=words, assumption=f"“{words}” lies in the future; only the past can be looked at.")
    if start >= end:
        return None
    said = f"“{words}” means {_moment(start, end, now, wall.zone)}{_where(start, end, now, wall)}.{note}{end_note}"
    return TimePhrase(words=words, range=TimeRange(start=start, end=end), assumption=said + wall.note)


def _where(start: datetime, end: datetime, now: datetime, wall: Wall) -> str:
    if wall.zone is UTC:
        return " (UTC)"
    day = "" if start.astimezone(wall.zone).date() == start.date() else f"{day_name(start)} "
    upto = "" if end >= now else f" to {_clock(end, start)}"
    return f" in {wall.name} ({day}{_time(start)}{upto} UTC)"


def _moment(start: datetime, end: datetime, now: datetime, zone: tzinfo) -> str:
    """`Fri 20 Nov 14:00 to now`."""
    local_start, local_end, local_now = (moment.astimezone(zone) for moment in (start, end, now))
    year = f" {local_start.year}" if local_start.year != local_now.year else ""
    upto = "now" if end >= now else _clock(local_end, local_start)
    return f"{day_name(local_start)}{year} {_time(local_start)} to {upto}"


def _clock(moment: datetime, start: datetime) -> str:
    return _time(moment) if moment.date() == start.date() else f"{day_name(moment)} {_time(moment)}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M}"
