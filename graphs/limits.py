"""What a run may take of language models, and what happens when it is used up.

A specialist stops and what it has counts, with a gap that says why. Who has nothing left before the first call gets the
offline analyst, which costs nothing.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.prebuilt.tool_node import ToolCallRequest

from agent.budgets import Allowance, RunMeter, Tokens
from agent.memory import CHARS_PER_TOKEN
from agent.ports import Deps, SpendLedger
from agent.settings import Settings
from graphs.context import fitted
from tools.llm.offline.model import MODEL_NAME as OFFLINE

log = logging.getLogger(__name__)

MODELS_SHARE = 0.8
"""Of the run's seconds. The rest is for the offline analyst, and for showing its answer."""

Answered = ModelResponse[Any]


async def run_meter(deps: Deps, user: str = "") -> RunMeter:
    """A meter for one run that somebody asked for; "" for runs that an alert began.

    What is left of the day is read once, at the start: runs that begin together may each use it up.
    """
    settings, began = deps.settings, time.monotonic()
    return RunMeter(
        deps.meter.price,
        allowances=[
            *await _of_the_day(settings, deps.spend, user),
            Allowance(settings.run_llm_usd, f"this run's budget of {_usd(settings.run_llm_usd, 'RUN_LLM_USD')}"),
        ],
        model_calls=settings.run_model_calls,
        tool_calls=settings.run_tool_calls,
        seconds=settings.run_timeout_seconds * MODELS_SHARE,
        elapsed=lambda: time.monotonic() - began,
    )


async def _of_the_day(settings: Settings, ledger: SpendLedger | None, user: str) -> list[Allowance]:
    if ledger is None:
        return []
    left: list[Allowance] = []
    try:
        if user:
            whose = f"today's budget of {_usd(settings.user_daily_usd, 'USER_DAILY_USD')} for one person"
            left.append(Allowance(settings.user_daily_usd - (await ledger.today(user)).usd, whose))
        whose = f"today's budget of {_usd(settings.daily_usd, 'DAILY_USD')} for everybody"
        left.append(Allowance(settings.daily_usd - (await ledger.today()).usd, whose))
    except Exception as error:  # an answer under the run's own budget is better than none
        log.warning("what was spent today cannot be read: %s", type(error).__name__)
    return left


def _usd(amount: float, setting: str) -> str:
    return f"{amount:.2f} USD for language models (WATCHKEEPER_{setting})"


def count(meter: RunMeter, reply: AIMessage) -> None:
    """Put a reply on the meter. The offline analyst takes nothing."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    model = model_of(reply)
    if model != OFFLINE:
        meter.replied(str(meta.get("spec") or model), _tokens(reply))


def model_of(reply: AIMessage) -> str:
    """The model that replied, as its provider calls it."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    return str(meta.get("model_name") or meta.get("model") or meta.get("model_id") or "")


def _tokens(reply: AIMessage) -> Tokens:
    spent = reply.usage_metadata
    if spent is None:
        return Tokens()
    details = spent.get("input_token_details", {})
    written = details.get("cache_creation", 0) or sum(
        cast("int", details.get(kind, 0)) for kind in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    )
    return Tokens(spent["input_tokens"], spent["output_tokens"], details.get("cache_read", 0), written)


class Limits(AgentMiddleware[Any, Any, Any]):
    """Middleware of a specialist: calls of models and tools, tokens in, dollars, seconds. It adds no step to the graph.

    A `gap` in the custom stream says what was not done and why.
    """

    def __init__(self, tools: Sequence[BaseTool]) -> None:
        super().__init__()
        self._tool_tokens = sum(len(json.dumps(convert_to_openai_tool(tool))) for tool in tools) // CHARS_PER_TOKEN

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Answered]]
    ) -> Answered | AIMessage:
        deps: Deps = request.runtime.context
        replies = [message for message in request.messages if isinstance(message, AIMessage)]
        why = deps.meter.exhausted()
        if len(replies) >= deps.settings.max_model_calls:
            why = f"it had made its {len(replies)} model calls (WATCHKEEPER_MAX_MODEL_CALLS)"
        elif why and all(model_of(reply) == OFFLINE for reply in replies):
            return _degraded(await handler(request.override(model=deps.models("offline"))), why)
        limit = deps.settings.run_input_tokens_per_call
        messages = None if why else fitted(request.messages, limit - self._tool_tokens)
        if messages is None:
            return self._stop(request, why or f"it would have had to read more than {limit:,} tokens at once")
        response = await handler(request.override(messages=messages))
        for reply in response.result:
            if isinstance(reply, AIMessage):
                count(deps.meter, reply)
        return response

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        deps = cast("Deps", request.runtime.context)
        limit = deps.settings.max_tool_calls
        if _place(request) >= limit:
            why = f"it has made its {limit} tool calls (WATCHKEEPER_MAX_TOOL_CALLS)"
        elif not deps.meter.take_tool_call():
            why = "this run's tool calls (WATCHKEEPER_RUN_TOOL_CALLS) are used up"
        else:
            return await handler(request)
        request.runtime.stream_writer({"kind": "gap", "reason": f"It could not look further because {why}."})
        return ToolMessage(
            f"Not called, because {why}. Conclude with what you have.",
            tool_call_id=request.tool_call["id"],
            status="error",
        )

    def _stop(self, request: ModelRequest[Any], why: str) -> AIMessage:
        request.runtime.stream_writer({"kind": "gap", "reason": f"It stopped because {why}."})
        return AIMessage(f"Stopped because {why}.")


def _degraded(response: Answered, why: str) -> Answered:
    for reply in response.result:
        reply.response_metadata["degraded"] = f"The offline analyst answered because {why}."
    return response


def _place(request: ToolCallRequest) -> int:
    """How many tool calls came before this one, in the order in which the model asked for them."""
    messages = cast("list[AnyMessage]", request.state["messages"])
    asked = [call["id"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    return asked.index(request.tool_call["id"]) if request.tool_call["id"] in asked else len(asked)
