"""One link of a chain of models: a model, its circuit breaker, and what its provider does in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from tools.llm.breaker import CircuitBreaker
from tools.llm.caching import Caching
from tools.llm.forms import bind_tool


@dataclass(frozen=True)
class Link:
    """`spec` is `provider:model`. All links that are made of this one share its breaker."""

    spec: str
    model: Runnable[LanguageModelInput, AIMessage]
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    form: Callable[[Any, type[BaseModel]], Runnable[LanguageModelInput, AIMessage]] = bind_tool
    caching: Caching = field(default_factory=Caching)

    @property
    def model_name(self) -> str:
        """As the provider calls it, for replies that do not say."""
        return self.spec.partition(":")[2] or self.spec

    def with_form(self, form: type[BaseModel]) -> Link:
        return replace(self, model=self.form(self.model, form))

    def with_tools(self, tools: Sequence[Any], tool_choice: str | None, kwargs: dict[str, Any]) -> Link:
        model: Any = self.model
        try:
            bound = model.bind_tools(tools, tool_choice=tool_choice, **self.caching.looping, **kwargs)
        except ValueError:
            # Some models on Bedrock cannot be told to use a tool. They are asked to by the prompt, and mostly do.
            bound = model.bind_tools(tools, **self.caching.looping, **kwargs)
        return replace(self, model=bound)
