"""What people type in a hurry, spelt out: `y r sessions dropping` as `why are sessions dropping`.

Only words that mean nothing else where they stand; names of resources stay as they are.
"""

from __future__ import annotations

import re

_SPELT_OUT = {
    "r": "are",
    "u": "you",
    "ur": "your",
    "y": "why",
    "thru": "through",
    "ppl": "people",
    "sth": "something",
    "smth": "something",
    "smthing": "something",
    "wat": "what",
    "wut": "what",
    "whats": "what's",
    "whos": "who's",
    "ded": "dead",
    "dieing": "dying",
    "cuz": "because",
    "bc": "because",
    "w/": "with",
    "w/o": "without",
    "b4": "before",
    "msg": "message",
    "msgs": "messages",
    "svc": "service",
    "svcs": "services",
    "oomkilled": "oom killed",
    "oom-killed": "oom killed",
    "recs": "recommendations",
}
_SHORT = re.compile(
    rf"(?<![\w./'’-])(?:{'|'.join(sorted(map(re.escape, _SPELT_OUT), key=len, reverse=True))})(?![\w'’-]|[./]\w)", re.I
)


def spelt_out(text: str) -> str:
    """The text with chat's short forms in full."""
    return _SHORT.sub(lambda found: _SPELT_OUT[found[0].lower()], text)
