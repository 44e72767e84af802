"""An answer's first line and what it rests on."""

from __future__ import annotations

import re

from agent.models import Answer

_WORDS = re.compile(r"\w+(?:[.,:]\d+)*")
_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
MUCH = 0.85
"""Of a claim's words: what says so much of the first line again repeats it."""


def sentences(headline: str) -> tuple[str, str]:
    """The first sentence, which stands alone, and the rest of the line."""
    first, *rest = _END.split(" ".join(headline.split()), maxsplit=1)
    return first, rest[0] if rest else ""


def repeats(text: str, headline: str) -> bool:
    """Whether a sentence says only what the first line says: the same words and no other figure."""
    words, said = _words(text), _words(headline)
    if not words or set(_FIGURES.findall(text)) - set(_FIGURES.findall(headline)):
        return not words and not said
    return len(words & said) / len(words) >= MUCH


def about_headline(answer: Answer) -> tuple[str, ...]:
    """The evidence of the claims that the first line repeats, or else of those that hold its figures."""
    same = [i for claim in answer.claims if repeats(claim.text, answer.headline) for i in claim.evidence]
    if same:
        return tuple(dict.fromkeys(same))
    figures = set(_FIGURES.findall(answer.headline))
    holding = [i for claim in answer.claims if figures & set(_FIGURES.findall(claim.text)) for i in claim.evidence]
    return tuple(dict.fromkeys(holding))[:3]


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))
