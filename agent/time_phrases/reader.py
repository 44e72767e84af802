"""A place in a text's tokens, and the readings that all parts of the grammar share: amounts, and times of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from agent.time_phrases.lexicon import FUNCTION_WORDS, NOT_BEFORE_AN_HOUR
from agent.time_phrases.tokens import Token
from agent.time_phrases.wall import Wall, cities

NONE = Token("", None, "", 0, 0)
FILLERS = frozenset({"filler", "at", "at_clock", "around", "on", "in"})
MAX_FILLERS = 3
OPENS_AN_HOUR = frozenset({"at_clock", "around", "since", "since_romance", "after", "range", "day"})
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800} | {
    "month": 30 * 86_400,
    "quarter": 91 * 86_400,
    "year": 365 * 86_400,
}
NOT_AFTER_A_FIGURE = frozenset({"word", "unit", "duration", "number", "deploy", "zone_name"})
CLAUSE_MARKS = frozenset(",;!?.()")
_GERMAN_PARTS = frozenset({"morgens", "vormittags", "nachmittags", "abends", "nachts"})
_FOUR_DIGITS = re.compile(r"0\d[0-5]\d")
HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True)
class Clock:
    """A time of day as the time since midnight. Without `is_sure` it may as well be twelve hours later or earlier."""

    offset: timedelta
    is_sure: bool

    @property
    def offsets(self) -> tuple[timedelta, ...]:
        if self.is_sure or self.offset >= 2 * HALF_A_DAY:
            return (self.offset,)
        return self.offset % HALF_A_DAY, self.offset % HALF_A_DAY + HALF_A_DAY

    def on(self, day: date) -> list[datetime]:
        return [datetime.combine(day, time()) + offset for offset in self.offsets]

    @property
    def by_daylight(self) -> timedelta:
        """The likelier of the two: 1 to 6 are in the afternoon, the others in the morning."""
        first = self.offset % HALF_A_DAY
        return self.offset if self.is_sure else first + HALF_A_DAY if first < timedelta(hours=7) else first


@dataclass(frozen=True)
class Reader:
    """The tokens, and whose clock and calendar they are read by."""

    tokens: Sequence[Token]
    wall: Wall

    def __getitem__(self, place: int) -> Token:
        return self.tokens[place] if 0 <= place < len(self.tokens) else NONE

    def kind(self, place: int) -> str:
        return self[place].kind

    def skip(self, place: int, kinds: frozenset[str] = FILLERS) -> int:
        """The place after at most three tokens of these kinds."""
        for _ in range(MAX_FILLERS):
            if self.kind(place) not in kinds:
                break
            place += 1
        return place

    def seen_from(self, wall: Wall) -> Reader:
        return replace(self, wall=wall)

    def amount(self, place: int) -> tuple[float, str, int] | None:
        """`2 hours`, `an hour`, `half an hour`, `90m`: how many, of which unit, and the place after it."""
        token = self[place]
        if token.kind == "duration":
            return (*token.value, place + 1)
        if token.kind not in ("number", "article") and token.text != "a":
            return None
        number = 1.0 if token.text == "a" else float(token.value)
        if self.kind(place + 1) == "number" and token.kind == "article":  # `a few`
            number, place = float(self[place + 1].value), place + 1
        following = self[self.skip(place + 1, frozenset({"filler", "article"}))]
        if following.kind != "unit" or self[place + 1].text == ",":
            return None
        return number, str(following.value), self.tokens.index(following, place) + 1

    def clock(self, place: int, opener: str) -> tuple[Clock, int] | None:
        """A time of day. `opener` is the kind of word before it: a bare `3` needs one that asks for an hour."""
        token = self[place]
        match token.kind:
            case "clock":
                return self._written(token.value, place)
            case "clock_word":
                return Clock(timedelta(hours=token.value), is_sure=True), place + 1
            case "dotted" if self.kind(place + 1) == "oclock" and token.value[1] < 60 and not token.value[2]:
                return Clock(timedelta(hours=token.value[0], minutes=token.value[1]), is_sure=True), place + 2
            case "duration":
                return self._hour_with_h(token, place, opener)
            case "half_to" if self.kind(place + 1) == "number" and self[place + 1].value in range(1, 13):
                return self._half_to(int(self[place + 1].value), place + 2)
            case "number" if _FOUR_DIGITS.fullmatch(token.text):
                return self._four_digits(token.text, place, opener)
            case "number" if token.value == int(token.value) and token.value <= 24:
                return self._hour(int(token.value), place, opener)
            case _:
                return None

    def _written(self, value: tuple[int, int, int, str, bool], place: int) -> tuple[Clock, int] | None:
        """`14:00`, `2pm`, `2:30 pm`, `14:30 Uhr`."""
        hour, minute, second, suffix, in_utc = value
        place += 1
        if not suffix and (meridiem := self._meridiem(place)):
            suffix, place = meridiem[0], place + 1
        elif not suffix and self.kind(place) == "oclock":
            suffix, place = "u", place + 1
        if suffix in ("a", "p"):
            return self._twelve(hour, minute, second, suffix, place)
        leading_zero = self[place - 1].text.startswith("0")
        unsure = self.wall.has_twelve_hours and 1 <= hour <= 12 and not (suffix or in_utc or leading_zero)
        return self._by_daypart(Clock(timedelta(hours=hour, minutes=minute, seconds=second), not unsure), place)

    def _twelve(self, hour: int, minute: int, second: int, suffix: str, place: int) -> tuple[Clock, int] | None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if suffix == "p" else 0)
        return Clock(timedelta(hours=hour, minutes=minute, seconds=second), is_sure=True), place

    def _half_to(self, hour: int, place: int) -> tuple[Clock, int] | None:
        """`halb drei` is half past two."""
        place += self.kind(place) == "oclock"
        clock = Clock(timedelta(hours=hour) - timedelta(minutes=30), is_sure=False)
        return self._by_daypart(clock, place) if self.ends_a_figure(place) else None

    def _four_digits(self, text: str, place: int, opener: str) -> tuple[Clock, int] | None:
        """`since 0230`: only the zero in front tells it from a number."""
        if opener not in OPENS_AN_HOUR | {"at"} or not self.ends_a_figure(place + 1):
            return None
        return Clock(timedelta(hours=int(text[:2]), minutes=int(text[2:])), is_sure=True), place + 1

    def _hour_with_h(self, token: Token, place: int, opener: str) -> tuple[Clock, int] | None:
        """`14h` is a time of day in French, Spanish and Portuguese; after "since", `2h` is an amount."""
        number, unit = token.value
        is_hour = unit == "hour" and token.text.endswith("h") and number == int(number) and number <= 24
        opened = opener in ("at_clock", "around", "range", "day") or (opener == "since_romance" and number >= 7)
        if is_hour and opener == "since_romance" and number <= 12:  # `depuis 2h du matin`
            clock, end = self._by_daypart(Clock(timedelta(hours=number), is_sure=False), place + 1)
            if clock.is_sure:
                return clock, end
        return (Clock(timedelta(hours=number), is_sure=True), place + 1) if is_hour and opened else None

    def _hour(self, hour: int, place: int, opener: str) -> tuple[Clock, int] | None:
        following = self[place + 1]
        if meridiem := self._meridiem(place + 1):
            return self._twelve(hour, 0, 0, meridiem[0], place + 2)
        if following.kind == "oclock":
            if self.kind(place + 2) == "number" and self[place + 2].value in range(1, 60):  # 14 Uhr 30
                return Clock(timedelta(hours=hour, minutes=self[place + 2].value), is_sure=True), place + 3
            return self._by_daypart(Clock(timedelta(hours=hour), "clock" not in following.text), place + 2)
        if not self._opens(hour, place, opener) or not self.ends_a_figure(place + 1):
            return None
        return self._by_daypart(Clock(timedelta(hours=hour), not 1 <= hour <= 12), place + 1)

    def _opens(self, hour: int, place: int, opener: str) -> bool:
        if opener == "at":
            return 1 <= hour <= 12 and self[place - 2].text not in NOT_BEFORE_AN_HOUR
        return opener in OPENS_AN_HOUR

    def _by_daypart(self, clock: Clock, place: int) -> tuple[Clock, int]:
        """`3 in the morning`, `8 de la tarde`, `3 Uhr nachts`."""
        following = self.skip(place, frozenset({"filler", "in", "at"}))
        token = self[following]
        part = "morning" if token.kind == "morgen" else token.value if token.kind == "daypart" else ""
        if not part or clock.is_sure or (following == place and token.text not in _GERMAN_PARTS):
            return clock, place
        first = clock.offset % HALF_A_DAY
        before_noon = part == "morning" or (part == "night" and first < timedelta(hours=6))
        return Clock(first if before_noon else first + HALF_A_DAY, is_sure=True), following + 1

    def _meridiem(self, place: int) -> str:
        """`am` is German for on, too: `um 3 am Montag`."""
        token = self[place]
        if token.text == "am":
            following = self.kind(place + 1)
            return "" if following in ("weekday", "date", "dotted") and self.wall.zone else "am"
        return str(token.value) if token.kind == "meridiem" else ""

    def ends_a_figure(self, place: int) -> bool:
        """Whether a number may end before this token, rather than count what it names."""
        token = self[place]
        return token.kind not in NOT_AFTER_A_FIGURE or token.text in FUNCTION_WORDS

    def clause(self, place: int) -> Sequence[Token]:
        """The tokens around a place, from one comma or full stop to the next."""
        marks = [at for at, token in enumerate(self.tokens) if token.text in CLAUSE_MARKS]
        first = max((at + 1 for at in marks if at < place), default=0)
        return self.tokens[first : min((at for at in marks if at >= place), default=len(self.tokens))]

    def zone(self, place: int, *, has_clock: bool) -> tuple[Wall, int] | None:
        """The wall in the zone that is named at a place, and of how many tokens: `CET`, `pacific`, `new york time`.

        Words that may mean other things count only after a time of day that is one for sure.
        """
        token = self[place]
        if token.kind == "zone":
            return self.wall.at_offset(int(token.value), token.text), 1
        if has_clock and token.kind == "zone_name":
            return self.wall.at_place(str(token.value)), 1 + (self[place + 1].text == "time")
        for length in (1, 2) if has_clock else ():
            city = "_".join(self[at].text for at in range(place, place + length))
            if self[place + length].text == "time" and city in cities():
                return self.wall.at_place(cities()[city]), length + 1
        return None

    def text(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text of these tokens."""
        return self.tokens[start].start, self.tokens[end - 1].end


Found = tuple[Any, int]
"""What was read, and the place after it."""
