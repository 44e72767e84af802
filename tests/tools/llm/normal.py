"""What the three wires have in common: one request and one reply, so that one script can drive any of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
"""OpenAI's and Bedrock's rule, and Gemini's is not stricter."""


@dataclass(frozen=True)
class ToolCall:
    name: str
    args: dict[str, Any]
    id: str = ""


@dataclass(frozen=True)
class Message:
    """`tool` messages answer the call with `call_id` (on Gemini's wire: with `tool_name`)."""

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    tool_name: str = ""


@dataclass(frozen=True)
class NormalisedRequest:
    """`tools` maps names to JSON schemas. `tool_choice` is `auto`, `any`, `none` or a tool's name.

    A request for JSON by a response schema looks like a forced tool of the schema's name; `json_schema` tells.
    """

    wire: Literal["openai", "bedrock", "gemini"]
    model: str
    system: str
    messages: tuple[Message, ...]
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    tool_choice: str = "auto"
    json_schema: bool = False
    stream: bool = False
    temperature: float | None = None
    max_tokens: int | None = None
    body: dict[str, Any] = field(default_factory=dict, repr=False)
    """As it came over the wire."""

    @property
    def last(self) -> Message:
        return self.messages[-1]


@dataclass(frozen=True)
class NormalisedReply:
    """Text, tool calls, or a failure: an HTTP status, or a stream that breaks off after its first piece.

    `cached` of the eleven input tokens came from the provider's prompt cache. `finish` is why the model stopped, in
    its provider's words. `arguments` stands for the arguments of each tool call, where they are no JSON. `retry_after`
    is that header of a failure, and `code` its provider's own.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    status: int = 200
    break_off: bool = False
    cached: int = 0
    finish: str = ""
    arguments: str = ""
    retry_after: str = ""
    code: str = ""

    def numbered(self, turn: int) -> NormalisedReply:
        """Each call with an id, as a server gives it."""
        calls = tuple(ToolCall(c.name, c.args, c.id or f"call_{turn}_{n}") for n, c in enumerate(self.tool_calls))
        return replace(self, tool_calls=calls)

    def as_json_text(self) -> NormalisedReply:
        """The same answer, for a request that asked for JSON text instead of a tool call."""
        text = json.dumps(self.tool_calls[0].args) if self.tool_calls else self.text
        return replace(self, text=text, tool_calls=())

    @property
    def pieces(self) -> list[str]:
        """The text in the pieces in which it is streamed: word by word."""
        return re.findall(r"\S+\s*", self.text)


Script = Callable[[NormalisedRequest], NormalisedReply]


class BadRequest(Exception):
    """What a real server answers with status 400."""


def check(request: NormalisedRequest) -> None:
    """Rules that every provider enforces and that a lenient stub would hide."""
    if not request.messages:
        raise BadRequest("no messages")
    for name, schema in request.tools.items():
        if not TOOL_NAME.match(name):
            raise BadRequest(f"invalid tool name {name!r}")
        if schema.get("type", "object").lower() != "object":
            raise BadRequest(f"the parameters of {name} are not an object")
    if request.tool_choice not in {"auto", "any", "none", *request.tools}:
        raise BadRequest(f"tool_choice names no tool: {request.tool_choice!r}")
    _check_tool_results(request.messages)


def _check_tool_results(messages: tuple[Message, ...]) -> None:
    """Each tool call has its result in the messages right after it, and no result comes without a call."""
    open_calls: list[str] = []
    for message in messages:
        if message.role == "tool":
            key = message.call_id or message.tool_name
            if key not in open_calls:
                raise BadRequest(f"a tool result without its call: {key!r}")
            open_calls.remove(key)
        elif open_calls:
            raise BadRequest(f"tool calls without results: {open_calls}")
        else:
            open_calls = [call.id or call.name for call in message.tool_calls]
    if open_calls:
        raise BadRequest(f"tool calls without results: {open_calls}")
