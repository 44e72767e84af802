"""What travels through the graphs: plain dicts and lists, so that any checkpointer can keep it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from agent.models import Evidence, EvidenceStatus

PlainEvidence = dict[str, Any]
"""`Evidence.model_dump(mode="json")`"""


class Usage(TypedDict):
    """What models took so far."""

    input_tokens: int
    output_tokens: int
    model: str
    degraded: str


NO_USAGE: Usage = {"input_tokens": 0, "output_tokens": 0, "model": "", "degraded": ""}


def add_usage(total: Usage, more: Usage) -> Usage:
    """Sums tokens; the later model's name and the first degradation stay."""
    total = total or NO_USAGE  # LangGraph begins with an empty dict
    return {
        "input_tokens": total["input_tokens"] + more["input_tokens"],
        "output_tokens": total["output_tokens"] + more["output_tokens"],
        "model": more["model"] or total["model"],
        "degraded": total["degraded"] or more["degraded"],
    }


def merge_evidence(old: list[PlainEvidence], new: list[PlainEvidence]) -> list[PlainEvidence]:
    """By id, in order of arrival; the newer wins, but never a gap over what could be read."""
    merged = {piece["id"]: piece for piece in old}
    for piece in new:
        if piece["id"] not in merged or _could_be_read(piece) or not _could_be_read(merged[piece["id"]]):
            merged[piece["id"]] = piece
    return list(merged.values())


def _could_be_read(piece: PlainEvidence) -> bool:
    return piece["status"] in (EvidenceStatus.ok, EvidenceStatus.no_data)


class Assignment(TypedDict):
    """One specialist's task. `brief` is the text of agent.briefs."""

    specialist: str
    brief: str


class Case(TypedDict):
    """What both graphs gather."""

    evidence: Annotated[list[PlainEvidence], merge_evidence]
    usage: Annotated[Usage, add_usage]
    rounds: NotRequired[int]
    specialists: NotRequired[list[str]]


class AlertState(Case):
    """In: `alert`. Out: `diagnosis`."""

    alert: dict[str, Any]
    diagnosis: NotRequired[dict[str, Any]]


class ConversationState(Case):
    """In: `question`, `history` (ChatMessages) and the thread's earlier `evidence`. Out: `answer`."""

    question: str
    history: list[dict[str, Any]]
    kind: NotRequired[Literal["question", "follow_up", "help", "write", "out_of_scope"]]
    answer: NotRequired[dict[str, Any]]


def typed(evidence: list[PlainEvidence]) -> list[Evidence]:
    return [Evidence.model_validate(piece) for piece in evidence]
