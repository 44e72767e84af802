"""Prompt caching, the way each provider has it.

A system message may come in two text blocks: what is the same in every run, then what is not. Tools and the first block
are the prefix that a provider can keep.

- Bedrock keeps what a cache point follows, for Claude and Nova: one stands after the first block. In a loop over tools
  the conversation grows and is sent again each time, so there langchain-aws sets one after the newest message as well.
- OpenAI keeps prefixes by itself; equal `prompt_cache_key`s bring requests with the same prefix to the same machine.
- Gemini and vLLM keep prefixes by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, cast

from langchain_core.messages import BaseMessage, SystemMessage

Prepare = Callable[[list[BaseMessage]], tuple[list[BaseMessage], dict[str, Any]]]
"""The messages as they are sent, and further arguments of the call."""

_CACHE_POINT = {"cachePoint": {"type": "default"}}
_CACHING = re.compile(
    r"anthropic\.claude-(3-7-sonnet|3-5-haiku|(opus|sonnet|haiku|fable)-\d)|amazon\.nova-(micro|lite|pro|2-)"
)


def as_they_are(messages: list[BaseMessage]) -> tuple[list[BaseMessage], dict[str, Any]]:
    return messages, {}


@dataclass(frozen=True)
class Caching:
    """`looping` are arguments for calls in a loop over tools, where each call begins as the one before."""

    prepared: Prepare = as_they_are
    looping: dict[str, Any] = field(default_factory=dict[str, Any])


def bedrock(model: str) -> Caching:
    """Models without caching reject a request that has a cache point; langchain-aws knows where the others take it."""
    if not _CACHING.search(model):
        return Caching()
    return Caching(with_cache_point, {"cache_control": {"type": "ephemeral"}})


def openai(model: str) -> Caching:
    return Caching(with_cache_key)


def by_itself(model: str) -> Caching:
    return Caching(flattened)


def with_cache_point(messages: list[BaseMessage]) -> tuple[list[BaseMessage], dict[str, Any]]:
    """For Bedrock: a cache point after the system message's first block."""
    if not messages or not isinstance(messages[0], SystemMessage):
        return messages, {}
    first, *rest = [{"type": "text", "text": text} for text in _blocks(messages[0])]
    return [SystemMessage([first, _CACHE_POINT, *rest]), *messages[1:]], {}


def with_cache_key(messages: list[BaseMessage]) -> tuple[list[BaseMessage], dict[str, Any]]:
    """For OpenAI: a key that requests share whose system messages begin alike."""
    flat, _ = flattened(messages)
    if flat is messages:
        return messages, {}
    prefix = _blocks(cast("SystemMessage", messages[0]))[0]
    return flat, {"prompt_cache_key": f"watchkeeper-{sha256(prefix.encode()).hexdigest()[:16]}"}


def flattened(messages: list[BaseMessage]) -> tuple[list[BaseMessage], dict[str, Any]]:
    """The system message as one text, which every chat template understands."""
    if not messages or not isinstance(messages[0], SystemMessage):
        return messages, {}
    return [SystemMessage("\n\n".join(_blocks(messages[0]))), *messages[1:]], {}


def _blocks(message: SystemMessage) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [block if isinstance(block, str) else str(block.get("text", "")) for block in message.content]
