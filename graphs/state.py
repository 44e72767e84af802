"""What travels through the graphs: plain dicts and lists, so that any checkpointer can keep it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NotRequired, TypedDict

from agent.clarifying import asked_now
from agent.memory import recall
from agent.models import AnswerKind, Asker, ChatMessage, Evidence, EvidenceStatus
from agent.redaction import redact

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
    """In: `alert`, `related` ones of its incident, and what was `tried` about it. Out: `diagnosis`."""

    alert: dict[str, Any]
    related: NotRequired[list[dict[str, Any]]]
    tried: NotRequired[list[str]]
    diagnosis: NotRequired[dict[str, Any]]


class ConversationState(Case):
    """In: what `conversation_start` makes. Out: `answer`."""

    question: str
    history: list[dict[str, Any]]
    """The latest turns, as ChatMessages without their evidence and answers."""
    earlier: list[str]
    """A line for each exchange before them."""
    remembered: list[str]
    """Ids of the thread's evidence."""
    zone: str
    clarified: bool
    """Whether the thread was asked back just before: it is not asked again."""
    kind: NotRequired[AnswerKind]
    scope: NotRequired[dict[str, str]]
    named: NotRequired[list[dict[str, str]]]
    assumptions: NotRequired[list[str]]
    candidates: NotRequired[list[str]]
    """Resources between which the question does not decide."""
    clarification: NotRequired[dict[str, Any]]
    asked: NotRequired[list[dict[str, str]]]
    """Every assignment of the run: specialist and question."""
    answer: NotRequired[dict[str, Any]]


def conversation_start(
    question: str, history: Sequence[ChatMessage], asker: Asker, memory_tokens: int, answering: str = ""
) -> ConversationState:
    """The state in which a conversation run begins: the question, and the thread as far as it is remembered.

    `answering`: the Slack message whose choice was clicked, `message_ts` of the turn that asked back.
    """
    asked = asked_now(question, history, asker.user, answering)
    memory = recall(history, memory_tokens, about=asked.question)
    turns = [turn.model_copy(update={"text": redact(turn.text)}) for turn in memory.turns]
    return {
        "question": redact(asked.question),
        "history": [turn.model_dump(mode="json", exclude={"evidence", "answer"}) for turn in turns],
        "earlier": [redact(line) for line in memory.summary],
        "remembered": [piece.id for piece in memory.evidence],
        "zone": asker.zone,
        "clarified": asked.clarified,
        "evidence": [piece.model_dump(mode="json") for piece in memory.evidence],
        "usage": NO_USAGE,
    }


def typed(evidence: list[PlainEvidence]) -> list[Evidence]:
    return [Evidence.model_validate(piece) for piece in evidence]
