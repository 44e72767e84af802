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
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.prebuilt.tool_node import ToolCallRequest

from agent.budgets import Allowance, RunMeter
from agent.ports import Deps, SpendLedger
from agent.tokens import tokens
from graphs.context import fitted
from graphs.day_budget import DayBudget
from tools.llm.offline import OfflineAnalyst
from tools.llm.offline.model import MODEL_NAME as OFFLINE
from tools.llm.replies import as_text, says_nothing, tokens_in

log = logging.getLogger(__name__)

MODELS_SHARE = 0.8
"""Of the run's seconds. The rest is for the offline analyst, and for showing its answer."""

AGAIN = "Your reply could not be used: {problem}. Call a tool again with valid arguments, or conclude."

Answered = ModelResponse[Any]


async def run_meter(deps: Deps, user: str = "") -> RunMeter:
    """A meter for one run that somebody asked for; "" for runs that an alert began."""
    settings, began = deps.settings, time.monotonic()
    dollars = f"{settings.run_llm_usd:.2f} USD for language models (WATCHKEEPER_RUN_LLM_USD)"
    ledger: SpendLedger | None = deps.spend
    more = {"settle": DayBudget(settings, ledger, user).settle} if ledger else {}
    meter = RunMeter(
        deps.meter.price,
        allowances=[Allowance(settings.run_llm_usd, f"this run's budget of {dollars}")],
        model_calls=settings.run_model_calls,
        tool_calls=settings.run_tool_calls,
        seconds=settings.run_timeout_seconds * MODELS_SHARE,
        elapsed=lambda: time.monotonic() - began,
        **more,
    )
    await meter.settle()
    return meter


async def may_ask(meter: RunMeter) -> str:
    """Why no model may be asked now, as what follows "because"; "" while one may."""
    await meter.settle()
    return meter.exhausted()


def count(meter: RunMeter, reply: AIMessage) -> None:
    """Put a reply on the meter, and those that were discarded for it. The offline analyst takes nothing."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    model = model_of(reply)
    for discarded in meta.get("discarded", ()):
        meter.replied(discarded["spec"], tokens_in(discarded["usage"]))
    if model != OFFLINE:
        meter.replied(str(meta.get("spec") or model), tokens_in(reply.usage_metadata))


def model_of(reply: AIMessage) -> str:
    """The model that replied, as its provider calls it."""
    meta = cast("dict[str, Any]", reply.response_metadata)
    return str(meta.get("model_name") or meta.get("model") or meta.get("model_id") or "")


def tool_tokens(tools: Sequence[BaseTool]) -> int:
    """What the descriptions of these tools take of each call."""
    return sum(tokens(json.dumps(convert_to_openai_tool(tool))) for tool in tools)


class Limits(AgentMiddleware[Any, Any, Any]):
    """Middleware of a specialist: calls of models and tools, tokens in, dollars, seconds. It adds no step to the graph.

    A `gap` in the custom stream says what was not done and why.
    """

    def __init__(self, tools: Sequence[BaseTool]) -> None:
        super().__init__()
        self._tool_tokens = tool_tokens(tools)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Answered]]
    ) -> Answered | AIMessage:
        deps: Deps = request.runtime.context
        replies = [message for message in request.messages if isinstance(message, AIMessage)]
        why = await may_ask(deps.meter)
        if len(replies) >= deps.settings.max_model_calls:
            why = f"it had made its {len(replies)} model calls (WATCHKEEPER_MAX_MODEL_CALLS)"
        elif why and all(model_of(reply) == OFFLINE for reply in replies):
            return _degraded(await handler(request.override(model=deps.models("offline"))), why)
        limit = deps.settings.run_input_tokens_per_call
        free = isinstance(request.model, OfflineAnalyst)  # rules on board read all there is: it costs them nothing
        whole = request.messages
        messages = None if why else whole if free else fitted(whole, limit - self._tool_tokens)
        if messages is None:
            return self._stop(request, why or f"it would have had to read more than {limit:,} tokens at once")
        reply, response = await _asked(request, messages, handler)
        if not (problem := _problem(reply, request.messages)):
            return response
        why = await may_ask(deps.meter)
        if not why:
            again = [*messages, AIMessage(as_text(reply)), HumanMessage(AGAIN.format(problem=problem))]
            reply, response = await _asked(request, again, handler)
            if not _problem(reply, request.messages):
                return response
            why = f"{problem}, twice"
        return _degraded(await handler(request.override(model=deps.models("offline"))), why)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        deps = cast("Deps", request.runtime.context)
        limit = deps.settings.max_tool_calls
        if _place(request) >= limit:
            why = f"it has made its {limit} tool calls (WATCHKEEPER_MAX_TOOL_CALLS)"
        else:
            why = deps.meter.refuse_tool_call()
        if not why:
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


async def _asked(
    request: ModelRequest[Any],
    messages: list[AnyMessage],
    handler: Callable[[ModelRequest[Any]], Awaitable[Answered]],
) -> tuple[AIMessage, Answered]:
    """The reply, on the meter, and the response that holds it."""
    response = await handler(request.override(messages=messages))
    reply = next(each for each in reversed(response.result) if isinstance(each, AIMessage))
    count(cast("Deps", request.runtime.context).meter, reply)
    if reply.tool_calls:
        reply.invalid_tool_calls = []  # those that can be read are made; the others would be sent back without a result
    return reply, response


def _problem(reply: AIMessage, before: Sequence[AnyMessage]) -> str:
    """Why a reply leads nowhere, or "": who has looked at something may end without a word."""
    if reply.invalid_tool_calls and not reply.tool_calls:
        return f"the arguments of {reply.invalid_tool_calls[0]['name']} were no JSON object"
    looked = any(isinstance(message, ToolMessage) for message in before)
    return "" if looked or not says_nothing(reply) else "the reply was empty"


def _degraded(response: Answered, why: str) -> Answered:
    for reply in response.result:
        reply.response_metadata["degraded"] = f"The offline analyst answered because {why}."
    return response


def _place(request: ToolCallRequest) -> int:
    """How many tool calls came before this one, in the order in which the model asked for them."""
    messages = cast("list[AnyMessage]", request.state["messages"])
    asked = [call["id"] for message in messages if isinstance(message, AIMessage) for call in message.tool_calls]
    return asked.index(request.tool_call["id"]) if request.tool_call["id"] in asked else len(asked)
