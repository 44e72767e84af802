"""Which resource a person means by "the payments lambda". Pure.

    choice = choose("why is the paymnets lambda slow?", items)
    choice.item.name        # payments-api-prod
    choice.assumption       # “paymnets lambda” is taken to mean the function payments-api-prod.

Words count by how rare they are among the names. What questions are made of counts nothing, words for a kind of
resource narrow the choice where they stand beside a name, and an everyday word alone names nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.name_matches import (
    SECONDARY,
    InventoryItem,
    Match,
    Names,
    Spoken,
    by_arn,
    by_name,
    by_part,
    environment,
    split,
)
from agent.name_words import ENVIRONMENTS

__all__ = ["Choice", "InventoryItem", "Match", "choose", "match", "mentions"]

MIN_SCORE = 0.6
NEAR = 0.2
"""Two scores that differ by less are as likely."""
MAX_CANDIDATES = 4


@dataclass(frozen=True)
class Choice:
    """A clear winner, or two to four that are as likely, or neither."""

    item: InventoryItem | None = None
    candidates: tuple[InventoryItem, ...] = ()
    words: str = ""
    assumption: str = ""
    """One sentence; empty when the text had the exact name."""


def match(text: str, inventory: Sequence[InventoryItem]) -> list[Match]:
    """All that a text may mean, the likeliest first; none with a score below 0.6."""
    spoken = Spoken(text, Names(inventory))
    exact = _longest([*by_arn(text, inventory), *by_name(text, inventory), *spoken.whole_names()])
    exact += [part for part in by_part(text, inventory) if not any(_overlap(part, e) for e in exact)]
    scored = (spoken.score(item, name) for item, name in spoken.names.split)
    guessed = [m for m in scored if m and m.score >= MIN_SCORE and not any(_overlap(m, e) for e in exact)]
    echoes = _echoes(text, exact, spoken.names) if guessed else []
    likely = [m for m in guessed if not any(_overlap(m, e) and m.score - e.score < NEAR for e in echoes)]
    best: dict[int, Match] = {}
    for found in [*exact, *(likely or ([] if exact else spoken.only_ones()))]:
        known = best.get(id(found.item))
        if known is None or known.score < found.score:
            best[id(found.item)] = found
    return sorted(best.values(), key=lambda m: (-m.score, m.start, m.item.name))


def _echoes(text: str, exact: Sequence[Match], names: Names) -> list[Match]:
    """What else in a text means what it names in full: `the stock database (stock-db)`."""
    rest = text
    for found in exact:
        rest = rest[: found.start] + "x" * (found.end - found.start) + rest[found.end :]
    again = Spoken(rest, names)
    scored = (again.score(item, name) for item, name in names.split if any(item is found.item for found in exact))
    return [m for m in scored if m and m.score >= MIN_SCORE]


def choose(text: str, inventory: Sequence[InventoryItem]) -> Choice:
    """The one resource that a text means, those between which to ask, or neither."""
    return next(iter(mentions(text, inventory)), Choice())


def mentions(text: str, inventory: Sequence[InventoryItem]) -> list[Choice]:
    """A choice for each thing that a text names apart from the others, the surest first."""
    left = match(text, inventory)
    choices: list[Choice] = []
    while left:
        same = [m for m in left if _overlap(m, left[0])]
        left = [m for m in left if m not in same]
        choices.append(_decide([m for m in same if not any(m.named_by < other.named_by for other in same)]))
    return [choice for choice in choices if choice.item or choice.candidates]


def _decide(same: Sequence[Match]) -> Choice:
    """Of matches of the same words, the best first."""
    best = same[0]
    same = [m for m in same if m.fits_kind] or same
    near = _usual([m for m in same if best.score - m.score < NEAR and (best.score < 1 or m.score == 1)])
    if len(near) == 1:
        return Choice(item=near[0].item, words=near[0].words, assumption=_assumption(near[0]))
    if len(near) > MAX_CANDIDATES or not best.is_pointed:
        return Choice()
    return Choice(candidates=tuple(m.item for m in near), words=best.words)


def _usual(near: list[Match]) -> list[Match]:
    """Each name of a service once, that in production for all environments, and nothing that stands around others."""
    primary = [m for m in near if m.item.type not in SECONDARY] or near
    by_base: dict[tuple[str, ...], list[Match]] = {}
    for found in primary:
        base = (word for word in split(found.item.name) if word not in ENVIRONMENTS)
        by_base.setdefault((found.item.service, found.item.type, *base), []).append(found)
    kept: list[Match] = []
    for same in by_base.values():
        production = [m for m in same if environment(split(m.item.name)) in ("prod", "")]
        kept += production if len(production) == 1 else same
    return list({(m.item.service, m.item.name, m.item.region): m for m in reversed(kept)}.values())[::-1]


def _assumption(found: Match) -> str:
    name = found.item.tags.get("Name") or found.item.name
    if found.score == 1:
        return ""
    kind = found.item.type.replace("-", " ") or found.item.service
    return f"“{found.words}” is taken to mean the {kind} {name}."


def _longest(found: Sequence[Match]) -> list[Match]:
    """Without those whose words are a part of another's."""
    return [m for m in found if not any(_overlap(o, m) and o.end - o.start > m.end - m.start for o in found)]


def _overlap(one: Match, other: Match) -> bool:
    return one.start < other.end and other.start < one.end
