"""The offline analyst as LangChain sees it: a chat model that calls tools.

It answers when no model is configured and when the configured one is down. It reads the same briefs, runbooks and
evidence as any other model and nothing else; it has rules where others have weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.utils import get_buffer_string
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict

from agent import absence
from agent.briefs import Brief, is_brief, read
from agent.chat_words import spelt_out
from agent.drafts import AnswerDraft, DiagnosisDraft, Route
from agent.knowledge import KnowledgeBase
from agent.languages import english
from agent.specialists import Specialist
from agent.typos import corrected
from agent.vocabulary import SERVICES
from tools.llm.offline import analyst, router, specialist

MODEL_NAME = "offline-analyst"
CHARS_PER_TOKEN = 4
ASKING = (
    "since",
    "yesterday",
    "changed",
    "changes",
    "deployed",
    "started",
    "expensive",
    "happened",
    "healthy",
    "throttling",
    "wasted",
)
"""Words that questions are made of, beside those that specialists handle."""


class OfflineAnalyst(BaseChatModel):
    """Routes, gathers and explains by runbooks. Deterministic: the same messages get the same reply."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    knowledge: Any
    specialists: tuple[Specialist, ...]

    def __init__(self, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> None:
        super().__init__(knowledge=knowledge, specialists=tuple(specialists))  # pyright: ignore[reportCallIssue] -- pydantic fields

    @property
    def _llm_type(self) -> str:
        return MODEL_NAME

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        tools: dict[str, dict[str, Any]] = {t["function"]["name"]: t["function"] for t in kwargs.get("tools", [])}
        reply = self._reply(messages, tools)
        spent = len(get_buffer_string(messages)) // CHARS_PER_TOKEN
        said = len(str(reply.content) + str(reply.tool_calls)) // CHARS_PER_TOKEN
        message = reply.model_copy(
            update={
                "response_metadata": {"model_name": MODEL_NAME},
                "usage_metadata": {"input_tokens": spent, "output_tokens": said, "total_tokens": spent + said},
            }
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _reply(self, messages: list[BaseMessage], tools: dict[str, dict[str, Any]]) -> AIMessage:
        brief, language = understood(read(_brief_text(messages)), self.specialists)
        if Route.__name__ in tools:
            return _structured(router.route(brief, self.knowledge, self.specialists))
        if DiagnosisDraft.__name__ in tools:
            return _structured(analyst.diagnose(brief, self.knowledge, self.specialists))
        if AnswerDraft.__name__ in tools:
            return _structured(_in_english(analyst.answer(brief, self.knowledge, self.specialists), language))
        return specialist.next_step(brief, messages, tools, self.knowledge)


def understood(brief: Brief, specialists: Sequence[Specialist]) -> tuple[Brief, str]:
    """The brief with its question in the rules' words, and the language that it was asked in (empty for English)."""
    handled = {word for specialist in specialists for word in specialist.handles}
    called = {word for names in SERVICES.values() for name in names for word in name.split()}
    said = english(brief.question)
    known = handled | called | {f"{word}s" for word in handled} | set(ASKING)
    question = said.text if said.language else spelt_out(said.text)
    return replace(brief, question=corrected(question, known)), said.language


def _in_english(draft: AnswerDraft, language: str) -> AnswerDraft:
    if not language:
        return draft
    return draft.model_copy(update={"note": absence.in_english_only(language)})


def _brief_text(messages: Sequence[BaseMessage]) -> str:
    """The latest brief; requests to repair or reconsider a reply come after it. Else a person's latest words."""
    said = [message.text for message in reversed(messages) if message.type == "human"]
    return next(filter(is_brief, said), said[0] if said else "")


def _structured(reply: BaseModel) -> AIMessage:
    name = type(reply).__name__
    call = {"name": name, "args": reply.model_dump(), "id": f"call_{name}", "type": "tool_call"}
    return AIMessage(content="", tool_calls=[call])
