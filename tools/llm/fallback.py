"""A chat model that answers even when its provider does not: others stand in, at last the offline analyst.

LangChain's own `with_fallbacks` gives a Runnable, which `create_agent` does not take for a model, and it has neither
circuit breakers nor a way to mark the answer. So this is a `BaseChatModel` that holds the whole chain.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from agent.errors import ModelUnavailable
from tools.llm.attempts import Attempts
from tools.llm.errors import Failure
from tools.llm.forms import bind_tool
from tools.llm.links import Link
from tools.llm.replies import counted

Tool = dict[str, Any] | type | Callable[..., Any] | BaseTool

MAX_BINDINGS = 64

_SILENT = RunnableConfig(callbacks=[])
"""The outer model reports its run. The inner ones stay silent, so that no token is streamed or counted twice."""


class FallbackChatModel(BaseChatModel):
    """`FallbackChatModel(links=(Link("openai:gpt-5", model, ...), ...), offline=OfflineAnalyst(...))`.

    The links are asked in turn, but for those whose breaker is open. A reply says who gave it, in
    `response_metadata["spec"]`, and, when that was not the first link, why in `response_metadata["degraded"]`.
    A throttled call is first tried again after each of `throttle_waits` (seconds), or when its provider says; a reply
    that was withheld or says nothing is left for the next link's. When a link breaks off after it began to stream,
    `ainvoke` starts over with the next, under another message id, and a direct `astream` raises ModelUnavailable.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    links: tuple[Link, ...]
    offline: Runnable[LanguageModelInput, AIMessage]
    throttle_waits: tuple[float, ...] = (1.0, 3.0)
    attempt_seconds: float = Field(default=60, description="The longest that one attempt may take, under asyncio")
    given_up: tuple[str, ...] = Field(default=(), description="Why the first so many links are not even tried")
    _bindings: dict[Any, tuple[Any, FallbackChatModel]] = PrivateAttr(default_factory=dict)
    """What tools and forms were bound before: an agent binds the same at each call, which takes milliseconds."""

    @property
    def _llm_type(self) -> str:
        return "fallback"

    def bind_tools(
        self, tools: Sequence[Tool], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        offline: Any = self.offline

        def bind() -> dict[str, Any]:
            links = tuple(link.with_tools(tools, tool_choice, kwargs) for link in self.links)
            return {"links": links, "offline": offline.bind_tools(tools, tool_choice=tool_choice, **kwargs)}

        return self._bound((*map(id, tools), tool_choice, repr(kwargs)), list(tools), bind)

    def bind_form(self, form: type[BaseModel]) -> Runnable[LanguageModelInput, AIMessage]:
        """Each link is asked for the form in its provider's own way; read the reply with `read_form`."""

        def bind() -> dict[str, Any]:
            links = tuple(link.with_form(form) for link in self.links)
            return {"links": links, "offline": bind_tool(self.offline, form)}

        return self._bound(form, form, bind)

    def after(self, spec: str) -> FallbackChatModel | None:
        """The chain from the link that follows this one, whose replies fit no form; None when no other follows."""
        specs = [link.spec for link in self.links]
        place = specs.index(spec) if spec in specs else len(specs)
        if place + 1 >= len(specs):
            return None
        before = tuple(str(link.breaker.reason or Failure.unexpected) for link in self.links[:place])
        rest = self.model_copy(update={"given_up": (*before, str(Failure.misfit))})
        rest._bindings = {}
        return rest

    def _bound(self, key: Any, kept: Any, bind: Callable[[], dict[str, Any]]) -> FallbackChatModel:
        """`kept` are the objects whose ids make up the key; as long as they are held, nobody else gets those ids."""
        if key not in self._bindings:
            if len(self._bindings) >= MAX_BINDINGS:
                self._bindings.clear()
            bound = self.model_copy(update=bind())
            bound._bindings = {}
            self._bindings[key] = (kept, bound)
        return self._bindings[key][1]

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
            again = self.model_copy(update={"given_up": failure.reasons})
            return await again.ainvoke(input, config, stop=stop, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts()
        for link in attempts:
            try:
                sent, extra = link.caching.prepared(messages)
                reply = link.model.invoke(sent, _SILENT, stop=stop, **extra, **kwargs)
                if not attempts.unusable(reply):
                    return _result(attempts.succeeded(counted(reply, messages)))
            except Exception as error:
                time.sleep(attempts.failed(error))
        return _result(attempts.offline(self.offline.invoke(messages, _SILENT, stop=stop, **kwargs)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts()
        for link in attempts:
            try:
                sent, extra = link.caching.prepared(messages)
                async with asyncio.timeout(self.attempt_seconds):
                    reply = await link.model.ainvoke(sent, _SILENT, stop=stop, **extra, **kwargs)
                if not attempts.unusable(reply):
                    return _result(attempts.succeeded(counted(reply, messages)))
            except Exception as error:
                await asyncio.sleep(attempts.failed(error))
        return _result(attempts.offline(await self.offline.ainvoke(messages, _SILENT, stop=stop, **kwargs)))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        attempts = self._attempts()
        for link in attempts:
            started = False
            try:
                sent, extra = link.caching.prepared(messages)
                async for chunk in link.model.astream(sent, _SILENT, stop=stop, **extra, **kwargs):
                    piece = _chunk(chunk)
                    yield ChatGenerationChunk(message=piece if started else attempts.succeeded(piece))
                    started = True
                attempts.closed()
                return
            except Exception as error:
                wait = attempts.failed(error, again=not started)
                if started:
                    raise _BrokeOff(attempts.reasons) from error
                await asyncio.sleep(wait)
        reply = await self.offline.ainvoke(messages, _SILENT, stop=stop, **kwargs)
        yield ChatGenerationChunk(message=_chunk(attempts.offline(reply)))

    def _attempts(self) -> Attempts:
        return Attempts(self.links, self.throttle_waits, self.given_up, self.attempt_seconds)


class _BrokeOff(ModelUnavailable):
    """A link failed after it had begun to stream."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(reasons[-1])
        self.reasons = tuple(reasons)


def _result(reply: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=reply)])


def _chunk(reply: AIMessage) -> AIMessageChunk:
    """A model that does not stream gives its whole message at once."""
    if isinstance(reply, AIMessageChunk):
        return reply
    return AIMessageChunk(**reply.model_dump(exclude={"type"}), chunk_position="last")
