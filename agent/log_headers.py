"""Where the message of a line begins, learnt from the lines themselves: no list of formats, no configuration.

A header is what stands at the same place in (nearly) every line of a file and is a time, a number, a level, a bracket,
a mark, or a name that ends in a colon. Names such as hosts lie between those. The lines are shapes (see `log_tokens`).

layout = learn([line.split() for line in shapes], counts)
message = line[layout.start(line):]
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

Words = Sequence[str]

MOST_STUDIED = 150
"""So many different lines of a kind are enough to know their header."""
FEWEST_LINES = 10
"""Fewer lines of a kind say nothing of what they have in common."""
MOST_ELEMENTS = 16
MOST_NAMES = 3
"""So many names may stand between two parts of a header that are surely that."""
MOST_BRACKETED = 14
"""So many words may stand in one bracket of a header."""
MAX_WORD_CHARS = 150
NEARLY_ALL = 0.9

_NUMBER = re.compile(r"[-+.:,/_TZ\d]*\d[-+.:,/_TZ\d]*(?:AM|PM|ms|s)?[,;:]?")
_MARK = re.compile(r"-+|\||:|=+>?|->|::|>+")
_COMPONENT = re.compile(r"(?!\[)(?=[^A-Za-z]*[A-Za-z])[\w./$@()\[\]<>#*&{}+-]+:")
_IDENTIFIER = re.compile(r"[\w./:$@#+-]*[\d._/$@#][\w./:$@#+-]*|[A-Z]+")
_LOGGER = re.compile(r"[A-Z][A-Z_]+|[A-Za-z][\w$]*(?:[./$][\w$]+)+")
_CALENDAR_WORDS = """
jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun utc gmt am pm est edt cet cest
"""
_CALENDAR = frozenset(_CALENDAR_WORDS.split())
_LEVEL_WORDS = """
trace verbose debug info information notice warn warning error err severe fatal critical crit alert emerg panic
failure config fine finer finest log
"""
_LEVELS = frozenset(_LEVEL_WORDS.split())
_LETTER_LEVELS = frozenset("VDIWEFTCN")
_CLOSING = {"[": "]", "(": ")", "<": ">"}
_ROUND = str.maketrans("", "", "[](){}<>:,;|")


def _is(pattern: re.Pattern[str], word: str) -> bool:
    # The bound keeps patterns that backtrack from taking long over a word without end.
    return len(word) <= MAX_WORD_CHARS and pattern.fullmatch(word) is not None


@lru_cache(maxsize=20_000)
def kind_of(word: str) -> str:
    """What a word of a header looks like: number, calendar, bracket, level, mark, json, or name."""
    if word.startswith("{"):
        return "json"
    if word[:1] in "[(<":
        return "bracket"
    if _is(_NUMBER, word):
        return "number"
    if _is(_MARK, word):
        return "mark"
    bare = word.translate(_ROUND).lower()
    if bare in _CALENDAR:
        return "number"
    if bare in _LEVELS or (len(word) == 1 and word in _LETTER_LEVELS):
        return "level"
    return "name"


@dataclass(frozen=True, slots=True)
class Layout:
    """The elements of a header from the left: the names of steps in _STEP."""

    elements: tuple[str, ...] = ()

    def start(self, words: Words) -> int:
        """The index of the first word of the message; 0 when the line does not have this header."""
        at = 0
        for element in self.elements:
            at = _STEP[element](words, at)
        return at if at < len(words) else 0


def learn(lines: Sequence[Words], counts: Sequence[int]) -> Layout:
    """The header that the lines share. `counts` says how often each line came."""
    if sum(counts) < FEWEST_LINES:
        return Layout()
    step = max(1, len(lines) // MOST_STUDIED)
    return _Study(lines[::step], counts[::step]).layout()


class _Study:
    def __init__(self, lines: Sequence[Words], counts: Sequence[int]) -> None:
        self._lines = lines
        self._counts = counts
        self._at = [0] * len(lines)
        self._total = sum(counts)

    def layout(self) -> Layout:
        """Elements up to the last one that is surely of the header; names count only when such a one follows."""
        elements: list[str] = []
        sure = 0
        names = 0
        leveled = plain = False
        while len(elements) < MOST_ELEMENTS and names <= MOST_NAMES:
            kind = self._kind()
            if kind == "end":
                break
            if kind == "name" and sure and names == 0:
                # Only where neither level nor bracket came before may a host stand between the time and the component.
                component = "component" if set(elements) == {"word"} and not leveled else "logger"
                if self._moves(component):
                    return Layout((*elements, component))
                kind = "dash" if self._moves("dash") else kind
            if kind == "number" and (leveled or (plain and self._kind(1) != "number")):
                # "INFO user 12 came": a number after plain words is the message's, unless two come, as in HPC logs.
                kind = "name"
            plain = kind == "name" and (plain or not self._are_identifiers())
            names = names + 1 if kind == "name" else 0
            leveled = leveled or kind == "level"
            self._advance(elements, kind if kind in _STEP else "word")
            sure = sure if names else len(elements)
        if leveled and self._are_loggers(elements[:sure]):
            sure += 1
        return Layout(tuple(elements[:sure]))

    def _advance(self, elements: list[str], element: str) -> None:
        elements.append(element)
        self._at = [_STEP[element](words, at) for words, at in zip(self._lines, self._at, strict=True)]

    def _kind(self, ahead: int = 0) -> str:
        weights: dict[str, int] = defaultdict(int)
        for words, at, count in zip(self._lines, self._at, self._counts, strict=True):
            weights[kind_of(words[at + ahead]) if at + ahead < len(words) else "end"] += count
        kind = max(weights, key=lambda k: weights[k])
        return kind if weights[kind] >= NEARLY_ALL * self._total else "name"

    def _share(self, holds: Callable[[Words, int], bool]) -> float:
        every = zip(self._lines, self._at, self._counts, strict=True)
        return sum(count for words, at, count in every if holds(words, at)) / self._total

    def _moves(self, element: str) -> bool:
        step = _STEP[element]
        return self._share(lambda words, at: step(words, at) > at) >= NEARLY_ALL

    def _are_loggers(self, header: Sequence[str]) -> bool:
        """Whether the next word after a header names one of a few parts of the program in nearly every line."""
        layout = Layout(tuple(header))
        names: dict[str, int] = defaultdict(int)
        for words, count in zip(self._lines, self._counts, strict=True):
            names[words[layout.start(words)]] += count
        named = sum(count for name, count in names.items() if _is(_LOGGER, name))
        return named >= 0.99 * self._total and len(names) <= max(2, len(self._lines) // 20)

    def _are_identifiers(self) -> bool:
        return self._share(lambda words, at: at < len(words) and _is(_IDENTIFIER, words[at])) >= 0.8


def _to_next(words: Words, at: int) -> int:
    return at + 1


def _to_bracket_end(words: Words, at: int) -> int:
    """Past the word that closes the bracket which opens here; the same place when none opens or closes."""
    opening = words[at][:1] if at < len(words) else ""
    closing = _CLOSING.get(opening)
    if closing is None:
        return at
    depth = 0
    for index in range(at, min(at + MOST_BRACKETED, len(words))):
        depth += words[index].count(opening) - words[index].count(closing)
        if depth <= 0:
            return index + 1
    return at


def _to_dash(words: Words, at: int) -> int:
    """Past the first dash of the next few words; the same place when there is none."""
    for index in range(at + 1, min(at + MOST_NAMES, len(words) - 1)):
        if words[index] == "-":
            return index + 1
    return at


def _to_component(words: Words, at: int) -> int:
    """Past the first word that ends in a colon, of the next few; the same place when there is none."""
    for index in range(at, min(at + MOST_NAMES + 1, len(words) - 1)):
        if _is(_COMPONENT, words[index]):
            return index + 1
    return at


def _past_component(words: Words, at: int) -> int:
    """Past this word if it ends in a colon."""
    return at + 1 if at < len(words) - 1 and _is(_COMPONENT, words[at]) else at


_STEP: dict[str, Callable[[Words, int], int]] = {
    "word": _to_next,
    "bracket": _to_bracket_end,
    "dash": _to_dash,
    "component": _to_component,
    "logger": _past_component,
}
