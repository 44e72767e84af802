"""Replies that came and are worth nothing, over each provider's own wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

from agent.budgets import RunMeter
from graphs.limits import count
from tests.tools.llm.conftest import MODELS
from tests.tools.llm.normal import NormalisedReply
from tests.tools.llm.stubs import ModelStub
from tests.tools.llm.test_caching import chain_at as chain_at
from tests.tools.llm.test_fallback import chain, scripted
from tools.llm.fallback import FallbackChatModel

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

WITHHELD = [
    ("openai", "content_filter"),
    ("vllm", "content_filter"),
    ("bedrock", "content_filtered"),
    ("bedrock", "guardrail_intervened"),
    ("gemini", "SAFETY"),
    ("gemini", "PROHIBITED_CONTENT"),
]
CUT_OFF = [("openai", "length"), ("bedrock", "max_tokens"), ("gemini", "MAX_TOKENS")]


class Verdict(BaseModel):
    """The outcome."""

    cause: str


@pytest.mark.parametrize(("provider", "finish"), WITHHELD)
async def test_what_a_filter_withheld_is_asked_of_the_next_and_the_answer_says_so(
    finish: str, stub: ModelStub, model: BaseChatModel
) -> None:
    stub.script = lambda request: NormalisedReply(text="I cannot", finish=finish)
    asked = chain(model, scripted(AIMessage("two")))

    replies = [await asked.ainvoke("?") for _ in range(5)]

    assert {reply.text for reply in replies} == {"two"}
    assert "withheld its reply" in replies[-1].response_metadata["degraded"]
    assert len(stub.requests) == 5, "the provider works, so its breaker stays closed"


@pytest.mark.parametrize(("provider", "finish"), CUT_OFF)
async def test_a_reply_that_was_cut_off_before_its_first_word_names_the_limit(
    finish: str, stub: ModelStub, model: BaseChatModel
) -> None:
    stub.script = lambda request: NormalisedReply(finish=finish)

    reply = await chain(model).ainvoke("?")

    assert reply.text == "by the runbook"
    assert "WATCHKEEPER_RUN_OUTPUT_TOKENS_PER_CALL" in reply.response_metadata["degraded"]


@pytest.mark.parametrize(("provider", "finish"), CUT_OFF)
async def test_half_an_answer_is_better_than_none(finish: str, stub: ModelStub, model: BaseChatModel) -> None:
    stub.script = lambda request: NormalisedReply(text="Errors rose because", finish=finish)

    reply = await chain(model).ainvoke("?")

    assert reply.text == "Errors rose because"
    assert "degraded" not in reply.response_metadata


@pytest.mark.parametrize("finish", ["content_filter", "length"])
async def test_what_a_discarded_reply_took_is_counted(
    finish: str, stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    stub.script = lambda request: NormalisedReply(finish=finish)
    asked = chain_at(MODELS["openai"])
    offline = scripted(AIMessage("By the runbook.", response_metadata={"model_name": "offline-analyst"}))

    for bound in (asked, asked.bind_form(Verdict)):
        meter = RunMeter(lambda model, tokens: tokens.input / 1000)
        held: Any = bound
        count(meter, await held.model_copy(update={"offline": offline}).ainvoke("?"))
        assert (meter.model_calls, meter.tokens.input, meter.usd_by_model) == (1, 11, {MODELS["openai"]: 0.011})


async def test_the_tokens_of_a_server_that_counts_none_are_estimated() -> None:
    asked = chain(scripted(AIMessage("Errors rose. " * 40)))

    reply = await asked.ainvoke([HumanMessage("Why? " * 200)])

    assert reply.usage_metadata is not None
    assert 150 < reply.usage_metadata["input_tokens"] < 500
    assert 80 < reply.usage_metadata["output_tokens"] < 260


@pytest.mark.parametrize(
    ("provider", "status", "code", "says"),
    [
        ("openai", 429, "insufficient_quota", "quota or credit is used up"),
        ("openai", 400, "content_filter", "withheld its reply"),
        ("openai", 400, "context_length_exceeded", "may be too long"),
        ("gemini", 400, "API_KEY_INVALID", "refused the credentials"),
        ("bedrock", 400, "ServiceQuotaExceededException", "limiting requests"),
    ],
)
async def test_the_code_of_a_failure_says_more_than_its_status(
    status: int, code: str, says: str, stub: ModelStub, model: BaseChatModel
) -> None:
    stub.script = lambda request: NormalisedReply(status=status, code=code)

    reply = await chain(model).ainvoke("?")

    assert says in reply.response_metadata["degraded"]
    assert len(stub.requests) == (3 if "limiting" in says else 1), "what waiting does not mend is not tried again"
