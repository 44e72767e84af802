"""People who talk to Watchkeeper, and a model that takes its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from agent.drafts import Route
from agent.errors import ReadOnlyRefusal
from agent.models import Conversation, SlackPlace
from agent.ports import Deps
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.handlers.waiting import is_begun
from tests.e2e.service import replies, text_of
from tests.graphs.scripted import ScriptedModel

Result = TypeVar("Result")
WAIT_SECONDS = 20


class Unhurried(ScriptedModel):
    """Takes every question for small talk, after `seconds`; counts how many it thinks about at once."""

    turns: list[Any] = Field(default_factory=list)
    seconds: float = 0.0
    thinking: int = 0
    most: int = 0
    begun: int = 0

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.begun += 1
        self.thinking += 1
        self.most = max(self.most, self.thinking)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.thinking -= 1
        self.turns.append(Route(kind="small_talk"))
        return self._generate(messages)


def with_model(model: ScriptedModel) -> dict[str, Any]:
    """For `running_service(..., replaced=...)`: one model in every role, and an account that nobody asks."""
    return {"models": lambda _: model, "aws": Unread()}


class Unread:
    """An account whose every read is refused at once."""

    region, label, account, partition = "us-east-1", "home", "123456789012", "aws"

    def at(self, account: str = "", region: str = "") -> Unread:
        return self

    def client(self, service: str, region: str = "") -> Any:
        raise ReadOnlyRefusal(f"Nobody reads {service} here.")


@dataclass
class Talk:
    """A channel in which people write to Watchkeeper."""

    ws: RunningWorkspace
    channel: str = "general"
    _read: dict[str, Any] = field(default_factory=dict[str, Any])

    def ask(self, text: str, thread_ts: str | None = None, user: str = "maya") -> str:
        return self.ws.post_as(user, self.channel, f"<@{self.ws.bot_user}> {text}", thread_ts)

    def say(self, text: str, thread_ts: str | None = None, user: str = "maya") -> str:
        return self.ws.post_as(user, self.channel, text, thread_ts)

    def replies(self, ts: str) -> list[dict[str, Any]]:
        """Watchkeeper's messages in a thread, all of them valid."""
        own = [message for message in replies(self.ws, self.channel, ts) if message.get("user") == self.ws.bot_user]
        assert [validate_blocks(message["blocks"]) for message in own if message.get("blocks")] == [
            [] for message in own if message.get("blocks")
        ]
        return own

    def answers(self, ts: str, count: int = 1, seconds: float = WAIT_SECONDS) -> list[str]:
        """What the first `count` replies say, when they are finished and nothing turns any more."""

        def done() -> list[dict[str, Any]]:
            found = self.replies(ts)
            return found[:count] if len(found) >= count and self.at_rest(ts) else []

        return [text_of(message) for message in self.ws.wait_for(done, seconds)]

    def at_rest(self, ts: str) -> bool:
        """No status line, no stream, no stop button."""
        session = self.ws.session(self.channel, ts) or {"status": "active"}
        streaming = any(message.get("streaming") for message in self.replies(ts))
        return not self.ws.status(self.channel, ts) and session["status"] == "active" and not streaming

    def whispers(self, count: int = 1, user: str = "maya") -> list[str]:
        """The newest private messages, when there are so many."""
        found = self.ws.wait_for(
            lambda: shown if len(shown := self.ws.whispers(user, self.channel)) >= count else [], WAIT_SECONDS
        )
        return [text_of(message) or message["text"] for message in found]

    def place(self, ts: str) -> SlackPlace:
        return SlackPlace(team=self.ws.team_id, channel=self.ws.channel_id(self.channel), thread_ts=ts)

    def remembered(self, deps: Deps, ts: str) -> Conversation:
        """What was said in a thread."""
        thread = now(deps.conversations.get(self.place(ts)))
        assert thread is not None
        return thread.model_copy(update={"messages": tuple(turn for turn in thread.messages if not is_begun(turn))})


def now(work: Awaitable[Result]) -> Result:
    """Await something from a test that is not asynchronous."""

    async def wait() -> Result:
        return await work

    return asyncio.run(wait())
