"""Asking a model to fill in a form, repairing one bad reply, and falling back to the offline analyst for the second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, TypeVar, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage

from agent.drafts import Draft
from agent.errors import ModelUnavailable
from agent.ports import Deps, ModelRole
from agent.redaction import redact
from graphs.context import fitted
from graphs.limits import count, may_ask
from graphs.specialists import usage_of
from graphs.state import NO_USAGE, Usage, add_usage
from prompts.loader import load
from tools.llm.fallback import FallbackChatModel
from tools.llm.forms import bind_tool, read_form
from tools.llm.offline import OfflineAnalyst
from tools.llm.replies import as_text

log = logging.getLogger(__name__)
Form = TypeVar("Form", bound=Draft)

TRIES = 2
"""Of one model at one form."""
FORM_TOKENS = 700
"""For the form itself, which is sent along."""


async def fill_in(
    form: type[Form], system: str, brief: str, deps: Deps, role: ModelRole, more: Sequence[BaseMessage] = ()
) -> tuple[Form, Usage]:
    """The form as the model filled it in, and what that took. Over budget, the offline analyst fills it in.

    A model may mend one bad reply. After the second the next of its chain is asked, as if it had failed.
    """
    asked: list[AnyMessage] = [SystemMessage(system), HumanMessage(brief), *cast("Sequence[AnyMessage]", more)]
    messages, bad, usage = asked, 0, NO_USAGE
    model: BaseChatModel | None = None
    while True:
        why, fitting = await _may_ask(messages, deps)
        if why:
            break
        try:
            model = model or deps.models(role)
            async with asyncio.timeout(min(_patience(model, deps), deps.meter.seconds_left())):
                heard = messages if isinstance(model, OfflineAnalyst) else fitting  # rules on board read all there is
                parsed, reply, wrong = await _ask(form, heard, model, deps)
        except Exception as error:  # whatever a provider raises, the analyst on board can still answer
            log.warning("the %s model failed: %s: %s", role, type(error).__name__, redact(str(error))[:300])
            why = f"the model failed ({type(error).__name__})"
            break
        usage = add_usage(usage, usage_of(reply))
        if parsed is not None:
            return parsed, usage
        messages, bad = [*messages, *wrong], bad + 1
        if bad == TRIES:
            model = _next_of(model, reply)
            if model is None:
                why = "the model's reply did not fit the form twice"
                break
            messages, bad = asked, 0
    parsed, reply, _ = await _ask(form, asked[:2], deps.models("offline"), deps)
    if parsed is None:
        raise ModelUnavailable("No model could answer.")
    degraded: Usage = {**usage_of(reply), "degraded": f"The offline analyst answered because {why}."}
    return parsed, add_usage(usage, degraded)


def _next_of(model: BaseChatModel, reply: AIMessage) -> BaseChatModel | None:
    """The rest of a chain after the link that replied; None when it was the last, or there is no chain."""
    return model.after(str(reply.response_metadata.get("spec"))) if isinstance(model, FallbackChatModel) else None


async def _may_ask(messages: Sequence[AnyMessage], deps: Deps) -> tuple[str, list[AnyMessage]]:
    """(why not, nothing), or ("", the messages within what one call may read)."""
    if why := await may_ask(deps.meter):
        return why, []
    limit = deps.settings.run_input_tokens_per_call
    fitting = fitted(messages, limit - FORM_TOKENS)
    if fitting is None:
        return f"what a model would have had to read exceeds {limit:,} tokens", []
    return "", fitting


def _patience(model: BaseChatModel, deps: Deps) -> float:
    """Seconds. A chain bounds each of its attempts itself, and must get to its end."""
    links = len(model.links) if isinstance(model, FallbackChatModel) else 0
    return deps.settings.llm_timeout_seconds * (1 + links)


def reconsider(draft: Draft, problems: Sequence[str]) -> list[BaseMessage]:
    """What follows a draft that did not pass: the draft itself, and why it did not."""
    return [AIMessage(draft.model_dump_json()), HumanMessage(load("reflection").render(problems=problems))]


async def _ask(
    form: type[Form], messages: Sequence[AnyMessage], model: BaseChatModel, deps: Deps
) -> tuple[Form | None, AIMessage, list[AnyMessage]]:
    """The form or None, the reply, and what it is told when it did not fit the form."""
    bound: Any = model.bind_form(form) if isinstance(model, FallbackChatModel) else bind_tool(model, form)
    reply = cast("AIMessage", await bound.ainvoke(list(messages)))
    count(deps.meter, reply)
    parsed, problem = read_form(form, reply)
    if parsed is not None:
        return parsed, reply, []
    again = f"Your reply did not fit the form: {problem[:300]}. Reply again, with the form only."
    return None, reply, [AIMessage(as_text(reply)), HumanMessage(again)]
