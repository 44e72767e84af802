"""Slips of the fingers in the words that the rules know: `lamda csots` as `lambda costs`.

Only a word that is nearly one of them is put right: another word of the language may be near by accident, so short
words have to have the same letters, and none may begin with another letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from agent.spelling import one_slip
from agent.vocabulary import names_in

LEAST = 4
"""Letters of a word that is put right: of four, only two neighbours may be swapped."""
LONG = 8
"""From this length on a letter may be another one, too."""
_WORD = re.compile(r"[A-Za-z]{4,}")
_REAL = frozenset(
    [
        "alter",
        "bills",
        "boot",
        "broke",
        "bust",
        "cash",
        "chance",
        "clod",
        "club",
        "clouds",
        "crush",
        "daily",
        "dash",
        "date",
        "deal",
        "dead",
        "death",
        "deep",
        "face",
        "fail",
        "fast",
        "file",
        "form",
        "from",
        "hose",
        "host",
        "house",
        "later",
        "least",
        "leave",
        "line",
        "lines",
        "list",
        "live",
        "load",
        "local",
        "loss",
        "meant",
        "mode",
        "modes",
        "most",
        "must",
        "nets",
        "once",
        "other",
        "over",
        "pace",
        "path",
        "patch",
        "place",
        "plan",
        "plane",
        "planes",
        "post",
        "quest",
        "quiet",
        "quite",
        "real",
        "rest",
        "right",
        "roll",
        "rules",
        "sale",
        "sales",
        "dates",
        "rates",
        "plans",
        "hosts",
        "same",
        "save",
        "scales",
        "shop",
        "slot",
        "slowly",
        "some",
        "spent",
        "stable",
        "stale",
        "star",
        "state",
        "store",
        "such",
        "tale",
        "tales",
        "team",
        "than",
        "thank",
        "that",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "this",
        "those",
        "time",
        "trail",
        "train",
        "trial",
        "trust",
        "wait",
        "went",
        "were",
        "when",
        "where",
        "which",
        "while",
        "will",
        "with",
        "work",
        "wrong",
    ]
)
"""Words that are near one of the rules' words and mean something else."""


def corrected(text: str, known: Collection[str]) -> str:
    """The text with each word that is one slip away from a known one put right; names of resources stay."""
    names = names_in(text)
    meant = sorted(word for word in known if len(word) >= LEAST)

    def put(match: re.Match[str]) -> str:
        word = match[0].lower()
        if any(match[0] in name for name in names) or word in known or word in _REAL or word.rstrip("s") in known:
            return match[0]
        return next((near for near in meant if near[0] == word[0] and _is_slip(word, near)), match[0])

    return _WORD.sub(put, text)


def _is_slip(word: str, meant: str) -> bool:
    if not one_slip(word, meant):
        return False
    if len(word) == len(meant):
        return len(word) >= LONG or sorted(word) == sorted(meant)
    return min(len(word), len(meant)) > LEAST
