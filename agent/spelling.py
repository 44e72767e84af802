"""Lists of words, and slips of the finger. Pure."""

from __future__ import annotations


def one_slip(word: str, target: str) -> bool:
    """Whether at most one letter was added, left out or replaced, or two neighbours were swapped.

    `one_slip("paymnets", "payments")` is true: the optimal string alignment distance is at most one.
    """
    if abs(len(word) - len(target)) > 1:
        return False
    length = min(len(word), len(target))
    same = next((i for i in range(length) if word[i] != target[i]), length)
    rest, wanted = word[same:], target[same:]
    swapped = len(rest) > 1 and rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
    return rest[1:] == wanted[1:] or rest[1:] == wanted or rest == wanted[1:] or swapped


def words(text: str) -> frozenset[str]:
    """The words of a text as a set: how long lists of words are written down here."""
    return frozenset(text.split())
