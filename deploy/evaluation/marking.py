"""Marking one answer: whether it went to the right specialists, and says what it must and nothing that it must not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agent.models import Answer, Evidence
from deploy.evaluation.questions import Turn
from deploy.local.account.text import render_times

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_STAMP = re.compile(r"(?<=\d)[T:](?=\d)")
"""Inside dates and times, so that each of their figures is found."""
SMALLEST = 10
"""Smaller figures are words more than figures: `two retries`, `3 of 5`."""
PRECISION = 0.005
"""A rounded figure may differ from the evidence's by half a percent."""


@dataclass(frozen=True)
class Mark:
    """How one turn fared."""

    text: str
    kind: str
    specialists: list[str]
    answer: str
    wrong_routing: list[str]
    wrong_facts: list[str]
    uncited_claims: int
    strange_numbers: list[str]
    seconds: float
    input_tokens: int
    output_tokens: int
    usd: float
    model: str
    degraded: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def mark(turn: Turn, answer: Answer, evidence: Sequence[Evidence], loaded_at: datetime) -> Mark:
    """`loaded_at` is when the scenario's story was set to have happened."""
    spent = answer.provenance
    known = {piece.id for piece in evidence}
    claims = [*answer.claims, *answer.disagreements]
    return Mark(
        text=turn.text,
        kind=answer.kind,
        specialists=list(answer.specialists),
        answer=answer.headline,
        wrong_routing=_routing(turn, answer),
        wrong_facts=_facts(turn, read_by_a_person(answer), loaded_at),
        uncited_claims=sum(not claim.evidence or not set(claim.evidence) <= known for claim in claims),
        strange_numbers=strange_numbers(turn.text, answer, evidence),
        seconds=spent.seconds,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        usd=spent.usd,
        model=spent.model,
        degraded=spent.degraded,
    )


def read_by_a_person(answer: Answer) -> str:
    """Headline, claims, disagreements, next steps and the question back."""
    back = answer.clarification.question if answer.clarification else ""
    claims = [claim.text for claim in (*answer.claims, *answer.disagreements)]
    return "\n".join([answer.headline, *claims, *answer.next_steps, back])


def strange_numbers(question: str, answer: Answer, evidence: Sequence[Evidence]) -> list[str]:
    """Figures in the headline and the claims that stand neither in the question nor anywhere in the evidence.

    It reads the evidence whole, independently of the check that the answer went through.
    """
    said = "\n".join([answer.headline, *(claim.text for claim in (*answer.claims, *answer.disagreements))])
    known = _values(f"{question}\n" + "\n".join(piece.model_dump_json() for piece in evidence))
    figures = dict.fromkeys(_NUMBER.findall(_STAMP.sub(" ", said)))
    return [each for each in figures if not _is_known(each, known)] if evidence else []


def _values(text: str) -> set[float]:
    return {float(each.replace(",", "")) for each in _NUMBER.findall(_STAMP.sub(" ", text))}


def _is_known(written: str, known: Collection[float]) -> bool:
    value = float(written.replace(",", ""))
    slack = max(0.51 * 10.0 ** -len(written.partition(".")[2]), value * PRECISION)
    return value < SMALLEST or any(abs(value - other) <= slack for other in known)


def _routing(turn: Turn, answer: Answer) -> list[str]:
    """What is wrong with the kind and the specialists."""
    asked = set(answer.specialists)
    wrong = [] if answer.kind in turn.kind.split("|") else [f"taken for {answer.kind}, not {turn.kind}"]
    wrong += [f"{each} was not asked" for each in turn.specialists.ask if not asked & set(each.split("|"))]
    return wrong + [f"{each} was asked for nothing" for each in turn.specialists.spare if each in asked]


def _facts(turn: Turn, text: str, loaded_at: datetime) -> list[str]:
    """Which facts are missing and which forbidden ones are there."""
    facts, forbidden = render_times([turn.facts, turn.forbidden], loaded_at)
    missing = [f"missing: {fact}" for fact in facts if not re.search(fact, text, re.I)]
    return missing + [f"forbidden: {each}" for each in forbidden if re.search(each, text, re.I)]
