"""A chat model that says what a test tells it to say, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel, ConfigDict, Field

Turn = AIMessage | BaseModel | Exception | Callable[[list[BaseMessage]], AIMessage]


class ScriptedModel(BaseChatModel):
    """`ScriptedModel(turns=[...])`: a form is given as a tool call, an exception is raised, a function is called with
    the messages. After the script's end it says "Done."
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    turns: list[Any]
    heard: list[list[BaseMessage]] = Field(default_factory=list)
    bound: list[list[str]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        self.bound.append([getattr(tool, "name", getattr(tool, "__name__", "")) for tool in tools])
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.heard.append(messages)
        turn: Turn = self.turns.pop(0) if self.turns else AIMessage("Done.")
        if isinstance(turn, Exception):
            raise turn
        if isinstance(turn, BaseModel) and not isinstance(turn, BaseMessage):
            turn = call(type(turn).__name__, **turn.model_dump())
        reply = turn(messages) if callable(turn) else turn
        named = {"response_metadata": {"model_name": "scripted-1"}, "usage_metadata": USED}
        return ChatResult(generations=[ChatGeneration(message=reply.model_copy(update=named))])


USED = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}


def call(*tools: str, **arguments: Any) -> AIMessage:
    """A message that calls these tools with the same arguments."""
    calls = [
        {"name": name, "args": arguments, "id": f"call_{n}_{name}", "type": "tool_call"} for n, name in enumerate(tools)
    ]
    return AIMessage(content="", tool_calls=calls)


class RespondingModel(ScriptedModel):
    """`RespondingModel(respond=function)`: what it says depends on what it hears alone, so that any number of runs may
    ask it at once.
    """

    turns: list[Any] = Field(default_factory=list)
    respond: Any

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        reply = self.respond(messages)
        if isinstance(reply, BaseModel) and not isinstance(reply, BaseMessage):
            reply = call(type(reply).__name__, **reply.model_dump())
        named = {"response_metadata": {"model_name": "scripted-1"}, "usage_metadata": USED}
        return ChatResult(generations=[ChatGeneration(message=reply.model_copy(update=named))])
