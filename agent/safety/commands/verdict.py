"""What the judge says of a command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Shell = Literal["bash", "powershell", "cmd"]
Decision = Literal["auto", "approval", "refuse"]

_MOST_REASONS = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """`auto`: it only reads. `approval`: a person has to look at it. `refuse`: it is not run, whoever asks."""

    decision: Decision
    reasons: tuple[str, ...] = ()


AUTO = Verdict("auto")


def approval(reason: str) -> Verdict:
    return Verdict("approval", (reason,))


def refusal(reason: str) -> Verdict:
    return Verdict("refuse", (reason,))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The strictest decision, with the reasons of those that came to it, each told once."""
    heard = tuple(verdicts)
    said = {each.decision for each in heard}
    decision: Decision = "refuse" if "refuse" in said else "approval" if "approval" in said else "auto"
    reasons = dict.fromkeys(reason for each in heard if each.decision == decision for reason in each.reasons)
    return Verdict(decision, tuple(reasons)[:_MOST_REASONS])
