"""A text as words that mean something for time, and words that do not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agent.spelling import one_slip
from agent.time_phrases.lexicon import GERMAN_WORDS, LONGEST, MEANINGS, TYPO_TARGETS, Meaning

MAX_CHARS = 4000
_RUN = re.compile(r"`[^`]*`|[^\s,;!?()\[\]\"“”„…]+|[,;!?()\[\]…]")
_LETTERS_TO_DIGITS = {"h": "hour", "hr": "hour", "hrs": "hour", "d": "day", "w": "week", "wk": "week"} | {
    **dict.fromkeys(("m", "min", "mins"), "minute"),
    **dict.fromkeys(("s", "sec", "secs"), "second"),
    **dict.fromkeys(("mo", "mos"), "month"),
    **dict.fromkeys(("y", "yr"), "year"),
}
_DURATION = re.compile(rf"(\d{{1,5}}(?:[.]\d{{1,2}})?)({'|'.join(_LETTERS_TO_DIGITS)})")
_LONG_DURATION = re.compile(r"(\d{1,3})h(\d{1,2})m(?:in)?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}))?)?(am|pm|a\.m|p\.m|uhr|hs|h)?(z|utc)?")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}t\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?(?:z|[+-]\d{2}:?\d{2})?")
_DATES = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}|\d{2})"),
    re.compile(r"(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})"),
)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})(\.?)")
_YEAR_MONTH = re.compile(r"(\d{4})-(\d{2})")
_ORDINAL = re.compile(r"(\d{1,2})(st|nd|rd|th|er|º)")
_NUMBER = re.compile(r"\d{1,5}(?:\.\d{1,2})?")
_BARE_CLOCK = re.compile(r"([01]\d|2[0-3])([0-5]\d)(z|utc)")
_ISH = re.compile(r"(\d{1,2}(?::\d{2})?(?:am|pm)?)-?ish")
_HYPHENS = re.compile(r"(?<=[\dhm])[-–—](?=\d)")


@dataclass(frozen=True)
class Token:
    """A word or figure. `kind` is `word` for what says nothing about time; `start` and `end` are its place."""

    kind: str
    value: Any
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, its first 4,000 characters at most."""
    runs = list(_runs(text[:MAX_CHARS].replace("’", "'")))
    is_german = any(run in GERMAN_WORDS for run, _ in runs)
    tokens: list[Token] = []
    place = 0
    while place < len(runs):
        length, meaning = _longest(runs, place)
        if meaning and not (is_german and runs[place][0] == "hier"):
            words = " ".join(run for run, _ in runs[place : place + length])
            end = runs[place + length - 1][1] + len(runs[place + length - 1][0])
            tokens.append(Token(*meaning, words, runs[place][1], end))
            place += length
        else:
            tokens.append(_figure(*runs[place]))
            place += 1
    return tokens


def _runs(text: str) -> Iterator[tuple[str, int]]:
    """Lower-case runs of characters and where they start: what belongs to a name stays one run, and so no time."""
    for match in _RUN.finditer(text):
        run, start = _lower(match[0]), match.start()
        run = run.rstrip(":'")
        if run.endswith(".") and not _DOTTED.fullmatch(run) and run not in ("a.m.", "p.m."):
            run = run.rstrip(".")
        for suffix in ("'s", "s'"):
            run = run.removesuffix(suffix) if (run.removesuffix(suffix),) in MEANINGS else run
        yield from _parts(run, start)


def _parts(run: str, start: int) -> Iterator[tuple[str, int]]:
    """`14:00-15:30` and `d'octobre` are more than one word; `~3am` and `3ish` say no more than `3`."""
    bare = run.lstrip("~≈")
    run, start = bare, start + len(run) - len(bare)
    if ish := _ISH.fullmatch(run):
        run = ish[1]
    cut = _HYPHENS.search(run)
    if cut and all(_is_clock(side) for side in (run[: cut.start()], run[cut.end() :])):
        yield run[: cut.start()], start
        yield cut[0], start + cut.start()
        yield run[cut.end() :], start + cut.end()
        return
    before, mark, after = run.partition("'")
    if mark and before in ("d", "l", "jusqu", "qu", "s") and after:
        yield before, start
        yield after, start + len(before) + 1
    elif run:
        yield run, start


def _is_clock(text: str) -> bool:
    match = _CLOCK.fullmatch(text)
    return bool(match and (match[2] or match[4]))


def _longest(runs: list[tuple[str, int]], place: int) -> tuple[int, Meaning | None]:
    """The longest phrase of the lexicon that begins here; a hyphen may stand for a space."""
    for length in range(min(LONGEST, len(runs) - place), 0, -1):
        words = tuple(run for run, _ in runs[place : place + length])
        meaning = MEANINGS.get(words) or MEANINGS.get(tuple(map(_bare, words)))
        if meaning:
            return length, meaning
    run = runs[place][0]
    if "-" in run and (meaning := MEANINGS.get(tuple(run.split("-")))):
        return 1, meaning
    return 1, _misspelt(_bare(run))


@lru_cache(maxsize=4096)
def _misspelt(word: str) -> Meaning | None:
    """What a long word means that differs from one we know by a single slip."""
    if len(word) < 6 or not word.isalpha():
        return None
    known = next((target for target in TYPO_TARGETS if target[0] == word[0] and one_slip(word, target)), None)
    return MEANINGS[(known,)] if known else None


def _figure(run: str, start: int) -> Token:
    """A number, date, time of day or duration where the whole run is one; else an opaque word."""
    end = start + len(run)
    kind, value = _meaning_of(run)
    return Token(kind, value, run, start, end)


def _meaning_of(run: str) -> Meaning:
    if not run[:1].isdigit() or not run.isascii():
        return ("word" if any(map(str.isalnum, run)) else "mark"), None
    if _ISO.fullmatch(run):
        return "timestamp", run.upper()
    for pattern in _DATES:
        if match := pattern.fullmatch(run):
            return "date", (_year(match["y"]), int(match["m"]), int(match["d"]))
    if match := _SLASHED.fullmatch(run):
        return "slashed", (int(match[1]), int(match[2]), _year(match[3]) if match[3] else None)
    if match := _YEAR_MONTH.fullmatch(run):
        return "year_month", (int(match[1]), int(match[2]))
    if match := _LONG_DURATION.fullmatch(run):
        return "duration", (int(match[1]) * 60 + int(match[2]), "minute")
    if match := _DURATION.fullmatch(run):
        return "duration", (float(match[1]), _LETTERS_TO_DIGITS[match[2]])
    if match := _ORDINAL.fullmatch(run):
        return "ordinal", int(match[1])
    if (match := _CLOCK.fullmatch(run)) and (match[2] or match[4]) and _spells_a_time(run, match):
        return "clock", (int(match[1]), int(match[2] or 0), int(match[3] or 0), (match[4] or "")[:1], bool(match[5]))
    if match := _BARE_CLOCK.fullmatch(run):
        return "clock", (int(match[1]), int(match[2]), 0, "", True)
    if match := _DOTTED.fullmatch(run):
        return "dotted", (int(match[1]), int(match[2]), bool(match[3]))
    return ("number", float(run)) if _NUMBER.fullmatch(run) else ("word", None)


def _spells_a_time(run: str, match: re.Match[str]) -> bool:
    """`2.30pm` is a time; `2.30` is not. Nor is 25:00."""
    if "." in run.removesuffix(".m") and not match[4]:
        return False
    return int(match[1]) <= 24 and int(match[2] or 0) < 60 and int(match[3] or 0) < 60


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _lower(text: str) -> str:
    """Lower case of the same length, so that places in it are places in the text."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _bare(word: str) -> str:
    """Without accents: `manana` for `mañana`."""
    return word if word.isascii() else "".join(unicodedata.normalize("NFD", char)[0] for char in word)
