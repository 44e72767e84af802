"""Which sentences say the same, whatever words they have between those that tell something. Pure.

repeats("Lambda costs $260.", "AWS Lambda costs $260 a day instead of $22.")    # True
alike(["v4 was rolled out at 14:02", "dana rolled out v4 at 14:02"])            # [[1, 0]]
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.knowledge import words

_WORDS = re.compile(r"\w+(?:[.,:]\d+)*")
_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")

_NEGATIONS = frozenset(["no", "not", "t", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"])
"""`t` is the end of `isn't`."""


def repeats(text: str, other: str) -> bool:
    """Whether another text says it already: every telling word, in whatever form, and every figure.

    A word less would do for most sentences, but that word may be the name of what a claim is about.
    """
    same = _telling(text) <= _telling(other) and figures(text) <= figures(other)
    return same and _NEGATIONS & _said(text) == _NEGATIONS & _said(other)


def alike(texts: Sequence[str]) -> list[list[int]]:
    """The places of texts that say the same, the fullest first; groups in the order of their first texts."""
    groups: list[list[int]] = []
    for place, text in enumerate(texts):
        for group in groups:
            fullest = texts[group[0]]
            if repeats(text, fullest):
                group.append(place)
                break
            if repeats(fullest, text):
                group.insert(0, place)
                break
        else:
            groups.append([place])
    return groups


def figures(text: str) -> set[str]:
    """The numbers that stand in a text, as they are written."""
    return set(_FIGURES.findall(text))


def _telling(text: str) -> set[str]:
    """Words without endings, and without those that tell nothing by themselves."""
    return {part for word in _said(text) for part in (words(word) if word.isascii() and len(word) > 1 else [word])}


def _said(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))
