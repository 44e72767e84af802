"""Who looks, and at what: the rounds of a question, bounded, and nobody asked the same thing twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.diagnosis import NOT_ANSWERED
from agent.drafts import FollowUp
from agent.knowledge import KnowledgeBase, words
from agent.models import Evidence, EvidenceStatus, Gap
from agent.routing import choose_specialists
from agent.specialists import Specialist
from agent.vocabulary import names_in

MAX_ASSIGNMENTS = 6
"""In one round: a compound question may have a few parts for each of several specialists."""
MAX_FOLLOW_UPS = 2
"""In each later round."""
WHEN_NOTHING_FITS = ("infra", "logs")


def first_round(assignments: Sequence[FollowUp], specialists: Sequence[Specialist]) -> list[FollowUp]:
    """The router's assignments that make sense: of specialists that exist, each question once."""
    return new_ones(assignments, (), specialists, MAX_ASSIGNMENTS)


def new_ones(
    wanted: Sequence[FollowUp], asked: Sequence[FollowUp], specialists: Sequence[Specialist], most: int = MAX_FOLLOW_UPS
) -> list[FollowUp]:
    """What nobody was asked before, in other words or the same ones."""
    names = {specialist.name for specialist in specialists}
    seen = {_sameness(assignment) for assignment in asked}
    chosen: list[FollowUp] = []
    for assignment in wanted:
        if assignment.specialist in names and _sameness(assignment) not in seen and len(chosen) < most:
            seen.add(_sameness(assignment))
            chosen.append(assignment)
    return chosen


def best_guess(question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> list[FollowUp]:
    """Who looks when the router names nobody and there is nothing to answer from."""
    names = choose_specialists(question, knowledge, specialists) or [
        specialist.name for specialist in specialists if specialist.name in WHEN_NOTHING_FITS
    ]
    return [FollowUp(specialist=name, question=question) for name in names or [s.name for s in specialists[:1]]]


def scopes(
    assignments: Sequence[FollowUp], scope: Mapping[str, str], named: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """For each assignment the scope of the whole question, with the one resource that its own part speaks of."""
    common = {key: value for key, value in scope.items() if key not in ("resource", "service")}
    spoken = [[one for one in named if _speaks_of(assignment.question, one)] for assignment in assignments]
    found: list[dict[str, str]] = []
    for about in spoken:
        # The parts of a question need not repeat its one name; what one part names, the others are not about.
        about = about or ([] if any(spoken) else named)
        own = {key: value for key, value in about[0].items() if key != "words"} if len(about) == 1 else {}
        found.append(common | own)
    return found


def _speaks_of(question: str, named: Mapping[str, str]) -> bool:
    said = question.lower()
    return named["words"].lower() in said or named["resource"].lower() in said


def unanswered(
    asked: Sequence[FollowUp], evidence: Sequence[Evidence], specialists: Sequence[Specialist]
) -> tuple[Gap, ...]:
    """The parts of a question on which none of the specialists who were asked brought anything that can be read."""
    tools = {specialist.name: specialist.tools for specialist in specialists}
    told = {piece.tool for piece in evidence if piece.status in (EvidenceStatus.ok, EvidenceStatus.no_data)}
    by_question: dict[str, list[str]] = {}
    for assignment in asked:
        by_question.setdefault(" ".join(assignment.question.split()), []).append(assignment.specialist)
    return tuple(
        Gap(tool=NOT_ANSWERED, reason=question)
        for question, names in by_question.items()
        if not any(tool in told for name in names for tool in tools.get(name, ()))
    )


def _sameness(assignment: FollowUp) -> tuple[str, frozenset[str]]:
    """The specialist and the words, names and numbers of the question, in whatever order."""
    said = assignment.question
    return assignment.specialist, frozenset((*words(said), *names_in(said), *re.findall(r"\d+", said)))
