"""Claims against evidence: what a model wrote becomes an answer only as far as evidence carries it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.confidence import confidence
from agent.drafts import AnswerDraft, DiagnosisDraft, DraftClaim
from agent.evidence_text import render
from agent.knowledge import KnowledgeBase
from agent.models import Answer, Claim, Diagnosis, Evidence, EvidenceStatus, Gap, Provenance

_ID = re.compile(r"ev_\w+")
_ID_TAIL = re.compile(r"\s*\[ev_\w+(?:[,;\s]+ev_\w+)*\]")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_USABLE = (EvidenceStatus.ok, EvidenceStatus.no_data)
_STAMP = re.compile(r"(?<=\d)T(?=\d)")
"""Between date and time, so that the time's figures are found."""
SMALLEST_CHECKED_NUMBER = 10  # "two retries" or "3 of 5" are words more than figures


@dataclass(frozen=True)
class Checked:
    """Claims that hold, and why the others were dropped."""

    claims: tuple[Claim, ...]
    problems: tuple[str, ...]


def check_claims(drafts: Sequence[DraftClaim], evidence: Sequence[Evidence]) -> Checked:
    """Keep the claims that cite evidence which exists and holds data, and whose figures stand in it."""
    by_id = {piece.id: piece for piece in evidence if piece.status in _USABLE}
    claims: list[Claim] = []
    problems: list[str] = []
    for draft in drafts:
        text = _ID_TAIL.sub("", draft.text).strip()
        if not text:
            continue
        cited = tuple(dict.fromkeys(i for raw in draft.evidence for i in _ID.findall(raw) if i in by_id))
        if not cited:
            problems.append(f"No evidence: {draft.text}")
        elif strange := _strange_numbers(draft.text, [by_id[i] for i in cited]):
            problems.append(f"{', '.join(strange)} is not in {', '.join(cited)}: {draft.text}")
        else:
            claims.append(Claim(text=text, evidence=cited))
    return Checked(tuple(claims), tuple(problems))


def _strange_numbers(text: str, pieces: Sequence[Evidence]) -> list[str]:
    """Figures of the text that no cited piece shows, to the precision the text gives."""
    known = [_value(n) for piece in pieces for n in _NUMBER.findall(_everything(piece))]
    strange: list[str] = []
    for written in _NUMBER.findall(_ID.sub("", text)):
        value = _value(written)
        slack = max(0.51 * 10 ** -_decimals(written), abs(value) * 0.005)
        if value >= SMALLEST_CHECKED_NUMBER and not any(abs(value - other) <= slack for other in known):
            strange.append(written)
    return strange


def _everything(piece: Evidence) -> str:
    """What the model read of a piece, and its attributes; not the query, whose epochs would allow any figure."""
    details = " ".join(value for finding in piece.findings for value in finding.attributes.values())
    return f"{_STAMP.sub(' ', render(piece))} {details}"


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def gaps_of(evidence: Iterable[Evidence]) -> tuple[Gap, ...]:
    """What could not be read, once per tool and reason."""
    gaps = {
        (piece.tool, piece.summary): Gap(tool=piece.tool, reason=piece.summary)
        for piece in evidence
        if piece.status not in _USABLE
    }
    return tuple(gaps.values())


def diagnose(
    draft: DiagnosisDraft, evidence: Sequence[Evidence], knowledge: KnowledgeBase, provenance: Provenance
) -> tuple[Diagnosis, tuple[str, ...]]:
    """The diagnosis that the evidence carries, and the problems with what it does not carry."""
    checked = check_claims(draft.claims, evidence)
    carried = bool(checked.claims)
    unfounded = not draft.summary.strip() or (draft.claims and not carried)
    diagnosis = Diagnosis(
        summary="Inconclusive: the evidence does not carry an explanation." if unfounded else draft.summary,
        root_cause=draft.root_cause if carried else "",
        nothing_wrong=draft.nothing_wrong and carried,
        runbook=draft.runbook,
        claims=checked.claims,
        contributing=tuple(draft.contributing),
        ruled_out=tuple(draft.ruled_out),
        gaps=gaps_of(evidence),
        next_steps=tuple(draft.next_steps),
        confidence=confidence(draft.runbook, checked.claims, evidence, knowledge),
        dropped_claims=len(checked.problems),
        provenance=provenance,
    )
    return diagnosis, checked.problems


def answer(
    draft: AnswerDraft,
    evidence: Sequence[Evidence],
    knowledge: KnowledgeBase,
    provenance: Provenance,
    specialists: Sequence[str],
) -> tuple[Answer, tuple[str, ...]]:
    """The answer that the evidence carries, and the problems with what it does not carry."""
    checked = check_claims(draft.claims, evidence)
    unfounded = not draft.headline.strip() or (draft.claims and not checked.claims)
    done = Answer(
        headline="I could not find evidence for an answer." if unfounded else draft.headline,
        claims=checked.claims,
        gaps=gaps_of(evidence),
        next_steps=tuple(draft.next_steps),
        specialists=tuple(specialists),
        confidence=confidence(draft.runbook, checked.claims, evidence, knowledge),
        dropped_claims=len(checked.problems),
        provenance=provenance,
    )
    return done, checked.problems
