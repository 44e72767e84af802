"""Which specialists a text is for, by the words they handle and the runbooks it resembles."""

from __future__ import annotations

from collections.abc import Sequence

from agent.knowledge import KnowledgeBase, words
from agent.specialists import Specialist
from agent.vocabulary import names_in

MAX_SPECIALISTS = 3
HANDLE_WEIGHT = 1.0
RUNBOOK_WEIGHT = 1.5
NAME_WEIGHT = 1.0
ENOUGH = 1.0


def choose_specialists(text: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> list[str]:
    """Names of at most three specialists, best first; empty when the text is about nothing that they handle."""
    scores: dict[str, float] = {}
    asked = set(words(text))
    for specialist in specialists:
        handled = {word for handle in specialist.handles for word in words(handle)}
        scores[specialist.name] = HANDLE_WEIGHT * len(asked & handled)
    found = knowledge.search(text, 2)
    for runbook, score in found:
        for name in scores.keys() & set(runbook.specialists):
            scores[name] += RUNBOOK_WEIGHT * score / found[0][1]
    if names_in(text) and "infra" in scores:
        scores["infra"] += NAME_WEIGHT
    top = max(scores.values(), default=0.0)
    ranked = sorted(scores, key=lambda name: -scores[name])
    chosen = [name for name in ranked if scores[name] >= max(ENOUGH, top / 3)]
    # A long text may speak of one specialist's things only; those of its nearest runbook belong in all the same.
    nearest = [name for name in found[0][0].specialists if name in scores] if found and chosen else []
    return list(dict.fromkeys([*chosen[:1], *nearest, *chosen]))[:MAX_SPECIALISTS]
