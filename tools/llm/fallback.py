"""A chat model that answers even when its provider does not: the offline analyst stands in, and says so.

LangChain's own `with_fallbacks` gives a Runnable, which `create_agent` does not take for a model, and it has neither a
circuit breaker nor a way to mark the answer. So this is a `BaseChatModel` that holds both.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from pydantic import ConfigDict, Field

from agent.errors import ModelUnavailable, WatchkeeperError
from tools.llm.breaker import CircuitBreaker
from tools.llm.errors import Failure, classify

log = logging.getLogger(__name__)

Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool

_SILENT = RunnableConfig(callbacks=[])
"""The outer model reports its run. The inner ones stay silent, so that no token is streamed or counted twice."""


class FallbackChatModel(BaseChatModel):
    """`FallbackChatModel(primary=chat_model(...), fallback=OfflineAnalyst(...))`.

    A reply of the fallback has `response_metadata["degraded"]`: one sentence on why. A throttled call is first tried
    again after each of `throttle_waits` (seconds). When the primary breaks off after it began to stream, `ainvoke`
    starts over with the fallback, under another message id, and a direct `astream` raises ModelUnavailable.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    primary: Runnable[LanguageModelInput, AIMessage]
    fallback: Runnable[LanguageModelInput, AIMessage]
    breaker: CircuitBreaker = Field(default_factory=CircuitBreaker)
    throttle_waits: tuple[float, ...] = (1.0, 3.0)
    given_up: str = Field(default="", description="Why the primary is not even tried; empty when it is")

    @property
    def _llm_type(self) -> str:
        return "fallback"

    def bind_tools(
        self, tools: Sequence[Tool], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.model_copy(
            update={
                "primary": _bind(self.primary, tools, tool_choice, kwargs),
                "fallback": _bind(self.fallback, tools, tool_choice, kwargs),
            }
        )

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002 -- LangChain's name
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        try:
            return await super().ainvoke(input, config, stop=stop, **kwargs)
        except _BrokeOff as failure:
            # Half an answer was streamed already. A second run gives the whole answer, as another message.
            again = self.model_copy(update={"given_up": str(failure)})
            return await again.ainvoke(input, config, stop=stop, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        degraded = self._reason_to_skip()
        waits = iter(self.throttle_waits)
        while not degraded:
            try:
                reply = self.primary.invoke(messages, _SILENT, stop=stop, **kwargs)
                self.breaker.succeeded()
                return _result(_named(reply, self.primary))
            except Exception as error:
                degraded, wait = self._after(error, waits)
                time.sleep(wait)
        return _result(_marked(self.fallback.invoke(messages, _SILENT, stop=stop, **kwargs), self.fallback, degraded))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        degraded = self._reason_to_skip()
        waits = iter(self.throttle_waits)
        while not degraded:
            try:
                reply = await self.primary.ainvoke(messages, _SILENT, stop=stop, **kwargs)
                self.breaker.succeeded()
                return _result(_named(reply, self.primary))
            except Exception as error:
                degraded, wait = self._after(error, waits)
                await asyncio.sleep(wait)
        reply = await self.fallback.ainvoke(messages, _SILENT, stop=stop, **kwargs)
        return _result(_marked(reply, self.fallback, degraded))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        degraded = self._reason_to_skip()
        waits = iter(self.throttle_waits)
        while not degraded:
            started = False
            try:
                async for chunk in self.primary.astream(messages, _SILENT, stop=stop, **kwargs):
                    started = True
                    yield ChatGenerationChunk(message=_chunk(chunk))
                self.breaker.succeeded()
                return
            except Exception as error:
                degraded, wait = self._after(error, iter(()) if started else waits)
                if started:
                    raise _BrokeOff(degraded) from error
                await asyncio.sleep(wait)
        reply = await self.fallback.ainvoke(messages, _SILENT, stop=stop, **kwargs)
        yield ChatGenerationChunk(message=_chunk(_marked(reply, self.fallback, degraded)))

    def _reason_to_skip(self) -> str:
        if self.given_up or self.breaker.allows():
            return self.given_up
        return self.breaker.reason

    def _after(self, error: Exception, waits: Iterator[float]) -> tuple[str, float]:
        """(why to give up, 0), or ("", the seconds to wait before trying again). Errors of our own rooms are raised."""
        if isinstance(error, WatchkeeperError) and not isinstance(error, ModelUnavailable):
            raise error
        failure = classify(error)
        if failure is Failure.throttled and (wait := next(waits, None)) is not None:
            return "", wait
        if failure is Failure.unexpected:
            log.warning("The language model failed unexpectedly.", exc_info=error)
        if failure is Failure.rejected:
            self.breaker.succeeded()  # the provider works; it is this one request that it will not have
        else:
            self.breaker.failed(failure)
        return str(failure), 0


class _BrokeOff(ModelUnavailable):
    """The primary failed after it had begun to stream."""


def _bind(
    model: Runnable[LanguageModelInput, AIMessage],
    tools: Sequence[Tool],
    tool_choice: str | None,
    kwargs: dict[str, Any],
) -> Runnable[LanguageModelInput, AIMessage]:
    bind: Any = model
    try:
        return bind.bind_tools(tools, tool_choice=tool_choice, **kwargs)
    except ValueError:
        # Some models on Bedrock cannot be told to use a tool. They are asked to by the prompt, and mostly do.
        return bind.bind_tools(tools, **kwargs)


def _name(model: Any) -> str:
    inner = getattr(model, "bound", model)
    names = (getattr(inner, attribute, "") for attribute in ("model_name", "model", "model_id"))
    return next((name for name in names if name), inner.get_name())


def _named(reply: AIMessage, model: Any) -> AIMessage:
    if not reply.response_metadata.get("model_name"):
        reply.response_metadata["model_name"] = _name(model)
    return reply


def _marked(reply: AIMessage, model: Any, degraded: str) -> AIMessage:
    named = _named(reply, model)
    named.response_metadata["degraded"] = degraded
    return named


def _result(reply: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=reply)])


def _chunk(reply: AIMessage) -> AIMessageChunk:
    """A model that does not stream gives its whole message at once."""
    if isinstance(reply, AIMessageChunk):
        return reply
    return AIMessageChunk(**reply.model_dump(exclude={"type"}), chunk_position="last")
