"""A chat model that says what a test wrote down, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

Step = AIMessage | Exception


class ScriptedModel(BaseChatModel):
    """Each call takes the next step (the last one is repeated). A streamed text comes word by word.

    With `breaks_off`, a stream raises that error after its first word.
    """

    steps: list[Any]
    name: str = "scripted"
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    bound: list[dict[str, Any]] = Field(default_factory=list)
    breaks_off: Any = None

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def calls(self) -> int:
        return len(self.asked)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        names = [convert_to_openai_tool(tool)["function"]["name"] for tool in tools]
        self.bound.append({"names": names, "tool_choice": tool_choice})
        return self.bind(tools=names, **kwargs)

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        self.asked.append(messages)
        step: Step = self.steps[min(len(self.asked), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return step.model_copy(update={"response_metadata": {**step.response_metadata}})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for position, chunk in enumerate(self._chunks(self._next(messages))):
            if position == 1 and self.breaks_off is not None:
                raise self.breaks_off
            yield ChatGenerationChunk(message=chunk)

    def _chunks(self, message: AIMessage) -> Iterator[AIMessageChunk]:
        for word in message.text.split():
            yield AIMessageChunk(content=word + " ")
        yield AIMessageChunk(content="", tool_calls=message.tool_calls, response_metadata={"model_name": self.name})
