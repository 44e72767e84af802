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
                parsed, spent, problem = await _ask(form, messages, deps.models(role))
        except Exception as error:  # whatever a provider raises, the analyst on board can still answer
            log.warning("the %s model failed: %s", role, type(error).__name__)
            why = f"the model failed ({type(error).__name__})"
            break
        usage = add_usage(usage, spent)
        if parsed is not None:
            return parsed, usage
        messages = [
            *messages,
            HumanMessage(f"Your reply did not fit the form: {problem}. Reply again, with the form only."),
        ]
    parsed, spent, _ = await _ask(form, messages[:2], deps.models("offline"))
    if parsed is None:
        raise ModelUnavailable("No model could answer.")
    degraded: Usage = {**spent, "degraded": f"The offline analyst answered because {why}."}
    return parsed, add_usage(usage, degraded)


async def _ask(form: type[Form], messages: list[BaseMessage], model: BaseChatModel) -> tuple[Form | None, Usage, str]:
    reply = cast("dict[str, Any]", await model.with_structured_output(form, include_raw=True).ainvoke(messages))
    raw = reply["raw"]
    usage = usage_of(raw) if isinstance(raw, AIMessage) else NO_USAGE
    parsed = reply.get("parsed")
    if isinstance(parsed, form):
        return parsed, usage, ""
    return None, usage, f"{reply.get('parsing_error') or 'the form is missing'}"[:300]
