"""Asking a model to fill in a form, repairing one bad reply, and falling back to the offline analyst for the second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agent.drafts import Draft
from agent.errors import ModelUnavailable
from agent.ports import Deps, ModelRole
from graphs.specialists import usage_of
from graphs.state import NO_USAGE, Usage, add_usage
from prompts.loader import load

log = logging.getLogger(__name__)
Form = TypeVar("Form", bound=Draft)


async def fill_in(
    form: type[Form], system: str, brief: str, deps: Deps, role: ModelRole, more: Sequence[BaseMessage] = ()
) -> tuple[Form, Usage]:
    """The form as the model filled it in, and what that took."""
    messages: list[BaseMessage] = [SystemMessage(system), HumanMessage(brief), *more]
    usage = NO_USAGE
    why = "the model's reply did not fit the form twice"
    for _ in range(2):
        try:
            async with asyncio.timeout(deps.settings.llm_timeout_seconds):
                parsed, spent, wrong = await _ask(form, messages, deps.models(role))
        except Exception as error:  # whatever a provider raises, the analyst on board can still answer
            log.warning("the %s model failed: %s", role, type(error).__name__)
            why = f"the model failed ({type(error).__name__})"
            break
        usage = add_usage(usage, spent)
        if parsed is not None:
            return parsed, usage
        messages = [*messages, *wrong]
    parsed, spent, _ = await _ask(form, messages[:2], deps.models("offline"))
    if parsed is None:
        raise ModelUnavailable("No model could answer.")
    degraded: Usage = {**spent, "degraded": f"The offline analyst answered because {why}."}
    return parsed, add_usage(usage, degraded)


def reconsider(draft: Draft, problems: Sequence[str]) -> list[BaseMessage]:
    """What follows a draft that did not pass: the draft itself, and why it did not."""
    return [AIMessage(draft.model_dump_json()), HumanMessage(load("reflection").render(problems=problems))]


async def _ask(
    form: type[Form], messages: list[BaseMessage], model: BaseChatModel
) -> tuple[Form | None, Usage, list[BaseMessage]]:
    """The form, or the reply that did not fit it and what was wrong."""
    reply = cast("dict[str, Any]", await model.with_structured_output(form, include_raw=True).ainvoke(messages))
    raw = cast("AIMessage", reply["raw"])
    parsed = reply.get("parsed")
    if isinstance(parsed, form):
        return parsed, usage_of(raw), []
    problem = f"{reply.get('parsing_error') or 'the form is missing'}"[:300]
    again = f"Your reply did not fit the form: {problem}. Reply again, with the form only."
    return None, usage_of(raw), [AIMessage(_said(raw)), HumanMessage(again)]


def _said(reply: AIMessage) -> str:
    """A reply as text alone: providers refuse a tool call without its result, and an empty message."""
    calls = [str(call["args"]) for call in (*reply.tool_calls, *reply.invalid_tool_calls)]
    return "\n".join([reply.text, *calls]).strip() or "(nothing)"
