"""Which specialists a text is for, by the words they handle and the runbooks it resembles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from agent.knowledge import KnowledgeBase, words
from agent.specialists import Specialist
from agent.vocabulary import names_in

MAX_SPECIALISTS = 3
HANDLE_WEIGHT = 1.0
"""Of a word, divided by how many specialists handle it."""
RUNBOOK_WEIGHT = 1.5
NAME_WEIGHT = 1.0
ENOUGH = 1.0
"""For a specialist none of whose words are there."""
RESEMBLES = 2
"""Words that a text has to share with a runbook before that counts in full: one may be an accident."""
NOT_THEIRS = 0.5
"""What a runbook counts for a specialist of whose own things a text says nothing, where it speaks of another's."""
MODEL = re.compile(r"(?:\w+\.)?(?:fct|fact|dim|stg|int|mart|raw|src|base)_\w+", re.I)
"""How dbt's users call their models."""


def choose_specialists(text: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> list[str]:
    """Names of at most three specialists, best first; empty when the text is about nothing that they handle."""
    handled = _handled(text, specialists)
    shared_by = Counter(word for found in handled.values() for word in found)
    scores = {name: HANDLE_WEIGHT * sum(1 / shared_by[word] for word in found) for name, found in handled.items()}
    own = {name for name, found in handled.items() if any(shared_by[word] == 1 for word in found)}
    found = knowledge.search(text, 2)
    for runbook, score in found:
        weight = RUNBOOK_WEIGHT * score / found[0][1] * min(1.0, knowledge.shared(text, runbook) / RESEMBLES)
        for name in scores.keys() & set(runbook.specialists):
            scores[name] += weight * (NOT_THEIRS if own and name not in own else 1.0)
    for name in names_in(text):
        home = "airflow" if MODEL.fullmatch(name) else "infra"
        if home in scores:
            scores[home] += NAME_WEIGHT
    ranked = sorted(scores, key=lambda name: -scores[name])
    top = scores[ranked[0]] if ranked else 0.0
    chosen = [name for name in ranked if scores[name] >= top / 2 and (handled[name] or scores[name] >= ENOUGH)]
    # A long text may speak of one specialist's things only; those of its nearest runbook belong in all the same.
    near = bool(chosen and found) and chosen[0] in found[0][0].specialists
    resembles = near and knowledge.shared(text, found[0][0]) >= RESEMBLES
    nearest = [name for name in found[0][0].specialists if name in scores] if resembles else []
    return list(dict.fromkeys([*chosen[:1], *nearest, *chosen]))[:MAX_SPECIALISTS]


def _handled(text: str, specialists: Sequence[Specialist]) -> dict[str, set[str]]:
    """The text's words and phrases that each specialist handles. A phrase is one thing: `data transfer` is no data."""
    asked = words(text)
    phrases = {_parts(h)[0]: _parts(h)[0].count(" ") + 1 for s in specialists for h in s.handles if " " in h}
    spoken: set[str] = set()
    for phrase, length in sorted(phrases.items(), key=lambda pair: -pair[1]):
        while place := _place(asked, phrase.split()):
            asked[place - 1 : place - 1 + length] = []
            spoken.add(phrase)
    spoken |= set(asked)
    return {s.name: spoken & {word for h in s.handles for word in _parts(h)} for s in specialists}


def _place(asked: Sequence[str], phrase: Sequence[str]) -> int:
    """Where a phrase begins among words, counted from 1; 0 when it is not there."""
    ends = range(len(asked) - len(phrase) + 1)
    return next((at + 1 for at in ends if list(asked[at : at + len(phrase)]) == list(phrase)), 0)


@lru_cache(maxsize=4096)
def _parts(handle: str) -> tuple[str, ...]:
    """A phrase as one; of specialists' own words, which are few and are compared with every text."""
    return (" ".join(words(handle)),) if " " in handle else tuple(words(handle))
