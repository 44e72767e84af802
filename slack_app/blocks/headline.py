"""An answer's first line and what it rests on, and what is said already."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.models import Answer, Claim
from agent.repetition import alike, figures, repeats

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def sentences(headline: str) -> tuple[str, str]:
    """The first sentence, which stands alone, and the rest of the line."""
    first, *rest = _END.split(" ".join(headline.split()), maxsplit=1)
    return first, rest[0] if rest else ""


def told_once(claims: Sequence[Claim]) -> list[Claim]:
    """Each thing once, in its fullest words, with the evidence of all claims that say it."""
    told: list[Claim] = []
    for group in alike([claim.text for claim in claims]):
        evidence = dict.fromkeys(i for place in sorted(group) for i in claims[place].evidence)
        told.append(claims[group[0]].model_copy(update={"evidence": tuple(evidence)}))
    return told


def about_headline(answer: Answer) -> tuple[str, ...]:
    """The evidence of the claims that the first line repeats, or else of those that hold its figures."""
    same = [i for claim in answer.claims if repeats(claim.text, answer.headline) for i in claim.evidence]
    if same:
        return tuple(dict.fromkeys(same))
    told = figures(answer.headline)
    holding = [i for claim in answer.claims if told & figures(claim.text) for i in claim.evidence]
    return tuple(dict.fromkeys(holding))[:3]
