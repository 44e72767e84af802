"""A compound question's parts: `why did costs go up and is checkout ok?` asks two things."""

from __future__ import annotations

import re

from tools.llm.offline.intents import Intent, intent_of

MAX_PARTS = 3
MIN_WORDS = 3
_OPENS = (
    r"(?:why|what|what['’]?s|who['’]?s|how['’]?s|where['’]?s|when|who|which|where|how|is|are|was|were|did|does|do|has|have|had|can|could|should|will|any"
    r"|anything)\b"
)
_JOINT = re.compile(
    rf"\s*(?:[?!.;]+|,)\s*(?:(?:and|but|also|plus)\s+)*(?={_OPENS})|\s+(?:and|but|plus)\s+(?:also\s+)?(?={_OPENS})",
    re.I,
)
_QUESTION = re.compile(rf"^\W*(?:(?:ok|okay|hey|hi|hello|so|and|also|please)\b\W*)*{_OPENS}", re.I)
_POINTS_BACK = re.compile(
    r"\b(?:it|that|this|them|they|he|she|(?<!is )(?<!are )(?<!was )(?<!were )there|any idea|who else)\b", re.I
)
"""Asks for more about the same thing: `who deleted the queue and why did they do that`."""


def parts_of(question: str) -> list[str]:
    """The questions in a question, each of which stands alone; the question itself where it asks but one thing."""
    parts = [part.strip(" ,;") for part in _JOINT.split(question)]
    parts = [part for part in parts if part]
    alone = all(_asks(part, question) and len(part.split()) >= MIN_WORDS for part in parts)
    leans = any(_POINTS_BACK.search(part) for part in parts[1:])
    return parts if alone and not leans and 1 < len(parts) <= MAX_PARTS else [question]


def each_listed(question: str, listed: str) -> dict[str, str]:
    """The same question about each of several resources, by their names; `listed` as the scope has it."""
    names = [name for name in listed.split(", ") if name][:MAX_PARTS]
    asked = "What changed on {}?" if intent_of(question) is Intent.change else "What is wrong with {}, if anything?"
    return {name: asked.format(name) for name in names} if len(names) > 1 else {}


def _asks(part: str, question: str) -> bool:
    """By its first word, or by a mark of its own: `latency on search? and was there a deploy?`."""
    return bool(_QUESTION.match(part)) or f"{part}?" in question
