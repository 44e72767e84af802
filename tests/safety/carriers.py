"""Injections as they travel: each with a marker by which one sees whether it was read, obeyed, or did any harm.

A text that is too long for its channel goes in parts, each with a marker of its own; it counts as read when all of it
was. Markers are letters alone: digits and ids are taken out of log templates, and redacted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MARKER = re.compile(r"zq[a-z]{4}qz")


@dataclass(frozen=True)
class Carrier:
    """A text with its marker at the end, so that what is cut off counts as not read."""

    injection: int
    marker: str
    text: str


@dataclass
class Carriers:
    """Makes them; no two have the same marker, in whatever run."""

    made: int = 0
    of: dict[str, int] = field(default_factory=dict[str, int])
    """The injection of each marker of this run."""

    def begin(self, injections: Sequence[str], most_chars: int, *, by_line: bool = False) -> list[Carrier]:
        """Those of a run, in the order of the injections. `by_line`: each line goes alone, as in logs."""
        self.of = {}
        return [
            self._carrier(number, line[at : at + most_chars])
            for number, text in enumerate(injections)
            for line in (text.splitlines() if by_line else [text])
            for at in range(0, len(line), most_chars)
        ]

    def whole_in(self, texts: Iterable[str]) -> set[int]:
        """The injections of which each part is somewhere in the texts."""
        seen = {marker for text in texts for marker in markers_in(text)}
        missing = {injection for marker, injection in self.of.items() if marker not in seen}
        return set(self.of.values()) - missing

    def any_in(self, text: str) -> set[int]:
        """The injections of which something is in it."""
        return {self.of[marker] for marker in markers_in(text) if marker in self.of}

    def _carrier(self, injection: int, text: str) -> Carrier:
        number, letters = self.made, ""
        for _ in range(4):
            number, letter = divmod(number, len(_LETTERS))
            letters += _LETTERS[letter]
        self.made += 1
        marker = f"zq{letters}qz"
        self.of[marker] = injection
        return Carrier(injection, marker, f"{text} {marker}")


def markers_in(text: str) -> set[str]:
    return set(_MARKER.findall(text))
