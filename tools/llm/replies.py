"""Replies that came and are worth nothing, in the providers' own words for why they ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from agent.budgets import Tokens
from agent.tokens import tokens
from tools.llm.errors import Failure

WITHHELD = frozenset(
    {
        "content_filter",  # OpenAI, vLLM
        "content_filtered",  # Bedrock
        "guardrail_intervened",
        "refusal",
        "safety",  # Gemini
        "recitation",
        "language",
        "blocklist",
        "prohibited_content",
        "spii",
    }
)
MENDED_CHARS = 4000
"""As much of a reply is sent back with what is wrong with it."""
CUT_OFF = frozenset({"length", "max_tokens"})
TOO_LONG = frozenset({"model_context_window_exceeded"})


def finish_of(reply: AIMessage) -> str:
    """Why the model stopped, in lower case; "" when it does not say."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    said = meta.get("finish_reason") or meta.get("stopReason") or meta.get("stop_reason") or ""
    return str(said).lower()


def fault_of(reply: AIMessage) -> Failure | None:
    """What is wrong with a reply that another model might not get wrong. An empty one is asked for again elsewhere."""
    finish = finish_of(reply)
    blocked: Any = reply.response_metadata.get("prompt_feedback") or {}
    if finish in WITHHELD or reply.additional_kwargs.get("refusal") or blocked.get("block_reason"):
        return Failure.withheld
    if says_nothing(reply) and finish in CUT_OFF:
        return Failure.cut_off
    return Failure.rejected if says_nothing(reply) and finish in TOO_LONG else None


def as_text(reply: AIMessage) -> str:
    """A reply that is sent back to be mended: providers refuse a call without its result, and an empty message."""
    calls = [str(call["args"]) for call in (*reply.tool_calls, *reply.invalid_tool_calls)]
    return "\n".join([reply.text, *calls]).strip()[:MENDED_CHARS] or "(nothing)"


def usage_in(error: Exception) -> UsageMetadata | None:
    """What a reply took that OpenAI's library does not hand out, because it was cut off or withheld."""
    used: Any = getattr(getattr(error, "completion", None), "usage", None)
    if used is None:
        return None
    read, wrote = int(used.prompt_tokens), int(used.completion_tokens)
    return UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)


def says_nothing(reply: AIMessage) -> bool:
    """Neither text nor a call, be it one that cannot be read."""
    return not (reply.text.strip() or reply.tool_calls or reply.invalid_tool_calls)


def tokens_in(usage: UsageMetadata | None) -> Tokens:
    """What a reply took, as LangChain tells it for every provider; nothing where it does not say."""
    if not usage:
        return Tokens()
    details = usage.get("input_token_details") or {}
    written = details.get("cache_creation", 0) or sum(
        cast("int", details.get(kind, 0)) for kind in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    )
    return Tokens(usage["input_tokens"], usage["output_tokens"], details.get("cache_read", 0), written)


def counted(reply: AIMessage, messages: Sequence[BaseMessage]) -> AIMessage:
    """The reply with a count of its tokens, estimated for servers that give none: else no budget would hold there."""
    if not reply.usage_metadata:
        reply.usage_metadata = _estimated(messages, reply)
    return reply


def _estimated(messages: Sequence[BaseMessage], reply: AIMessage) -> UsageMetadata:
    read = sum(tokens(message.text) for message in messages)
    wrote = tokens(reply.text) + sum(tokens(str(call["args"])) for call in reply.tool_calls)
    return UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)
