"""Slack threads with Watchkeeper in them, and what people think of its answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.models.analysis import Answer, Provenance
from agent.models.base import Model, UtcTime
from agent.models.evidence import Evidence
from agent.models.incidents import SlackPlace


class Asker(Model):
    """Who asks, as Slack knows them."""

    user: str = Field(default="", description="Slack user id")
    name: str = ""
    zone: str = Field(default="UTC", description="IANA time zone")


class ChatMessage(Model):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str
    author: str = ""
    author_name: str = ""
    answer: Answer | None = Field(default=None, description="The whole answer, of the assistant's turns")
    ts: str = Field(default="", description="Slack timestamp, the idempotency key of the turn")
    message_ts: str = Field(
        default="", description="The Slack message that shows an answer; of a choice, the one whose button was pressed"
    )
    pages: tuple[str, ...] = Field(default=(), description="Further Slack messages that a long answer took")
    covers: tuple[str, ...] = Field(default=(), description="Of an answer, `ts` of every question that it answers")
    at: UtcTime
    evidence: tuple[Evidence, ...] = ()


class Conversation(Model):
    """A Slack thread with Watchkeeper in it."""

    place: SlackPlace
    messages: tuple[ChatMessage, ...] = ()
    tools_used: tuple[str, ...] = ()
    status: Literal["idle", "answering"] = "idle"
    expires_at: UtcTime


class Feedback(Model):
    """What somebody thinks of an answer, with what is needed to learn from it."""

    place: SlackPlace
    answer_ts: str = Field(description="`ts` of the assistant's turn")
    user: str
    good: bool
    comment: str = ""
    at: UtcTime
    evidence: tuple[str, ...] = ()
    provenance: Provenance = Provenance()


class Mute(Model):
    """Watchkeeper keeps quiet in a channel, or in one thread of it."""

    channel: str
    thread_ts: str = Field(default="", description="Empty: the whole channel")
    by: str
    at: UtcTime
    until: UtcTime | None = Field(default=None, description="None: until somebody unmutes it")


class Spend(Model):
    """What runs took: `seconds` are theirs from beginning to end, all else is what models and tools took in them."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __sub__(self, other: Spend) -> Spend:
        mine, theirs = self.model_dump(), other.model_dump()
        return Spend(**{item: amount - theirs[item] for item, amount in mine.items()})

    def __add__(self, other: Spend) -> Spend:
        mine, theirs = self.model_dump(), other.model_dump()
        return Spend(**{item: amount + theirs[item] for item, amount in mine.items()})
