"""A chat model whose API key may change while it runs: built anew with the new key, and all that was bound to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Lock
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import SecretStr

from agent.secret_references import other_than
from tools.llm.errors import Failure, classify

Build = Callable[[], BaseChatModel]
Bind = Callable[[Any], Runnable[LanguageModelInput, AIMessage]]


class Rebuilt:
    """The model with the key of now, for all that is bound to it. `build` reads the key itself."""

    def __init__(self, build: Build, key: SecretStr) -> None:
        self._build, self._key, self._lock = build, key, Lock()
        self._value, self._model = key.get_secret_value(), build()

    def current(self) -> BaseChatModel:
        value = self._key.get_secret_value()
        with self._lock:
            if value != self._value:
                self._value, self._model = value, self._build()
            return self._model

    def has_another(self) -> bool:
        return other_than(self._key, self._value) is not None


class LiveModel(Runnable[LanguageModelInput, AIMessage]):
    """`LiveModel(Rebuilt(build, key))`. A call that is refused for its key is made once more."""

    def __init__(self, rebuilt: Rebuilt, bind: Bind = lambda model: model) -> None:
        self._rebuilt, self._bind = rebuilt, bind
        model = rebuilt.current()
        self._bound: tuple[BaseChatModel, Runnable[LanguageModelInput, AIMessage]] = model, bind(model)

    def bind_tools(self, *given: Any, **more: Any) -> LiveModel:
        """ValueError where the model cannot be bound so."""
        return self._binding(lambda model: model.bind_tools(*given, **more))

    def bind(self, **more: Any) -> LiveModel:
        return self._binding(lambda model: model.bind(**more))

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **more: Any) -> AIMessage:  # noqa: A002 -- LangChain's name
        try:
            return self._current().invoke(input, config, **more)
        except Exception as error:
            if not self._has_another(error):
                raise
            return self._current().invoke(input, config, **more)

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **more: Any) -> AIMessage:  # noqa: A002 -- LangChain's name
        try:
            return await self._current().ainvoke(input, config, **more)
        except Exception as error:
            if not await asyncio.to_thread(self._has_another, error):
                raise
            return await self._current().ainvoke(input, config, **more)

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002 -- LangChain's name
        config: RunnableConfig | None = None,
        **more: Any,
    ) -> AsyncIterator[AIMessage]:
        """A stream that has begun is not begun again: a key is refused before the first piece."""
        began = False
        try:
            async for piece in self._current().astream(input, config, **more):
                began = True
                yield piece
            return
        except Exception as error:
            if began or not await asyncio.to_thread(self._has_another, error):
                raise
        async for piece in self._current().astream(input, config, **more):
            yield piece

    def _binding(self, bind: Bind) -> LiveModel:
        return LiveModel(self._rebuilt, lambda model: bind(self._bind(model)))

    def _current(self) -> Runnable[LanguageModelInput, AIMessage]:
        model = self._rebuilt.current()
        if self._bound[0] is not model:
            self._bound = model, self._bind(model)
        return self._bound[1]

    def _has_another(self, error: Exception) -> bool:
        return classify(error) is Failure.credentials and self._rebuilt.has_another()
