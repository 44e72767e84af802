"""What each provider is sent so that it can keep the beginning of a prompt, and what its reply says it kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from agent.budgets import RunMeter
from agent.settings import Settings
from graphs.limits import count
from tests.tools.llm.conftest import MODELS
from tests.tools.llm.normal import NormalisedReply
from tests.tools.llm.scripted import ScriptedModel
from tests.tools.llm.stubs import ModelStub
from tools.llm.breaker import CircuitBreaker
from tools.llm.fallback import FallbackChatModel
from tools.llm.prices import PriceTable
from tools.llm.providers import link_of

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

POINT = {"cachePoint": {"type": "default"}}
HAIKU = "bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "bedrock:us.amazon.nova-lite-v1:0"
ASKED = [
    SystemMessage([{"type": "text", "text": "You are on call."}, {"type": "text", "text": "Today's runbooks."}]),
    HumanMessage("How is checkout?"),
]


class Verdict(BaseModel):
    """The outcome."""

    cause: str


@tool
def error_count(function: str) -> str:
    """How many errors a function had."""
    return f"{function}: 42"


@pytest.fixture
def chain_at(stub: ModelStub) -> Callable[[str], FallbackChatModel]:
    """A chain of one real class, pointed at the stub."""

    def of(spec: str) -> FallbackChatModel:
        provider = spec.partition(":")[0]
        key = None if provider == "bedrock" else "-".join(("test", "key"))
        settings = Settings.read(llm=spec, llm_base_url=stub.base_url(provider), llm_api_key=key)
        return FallbackChatModel(links=(link_of(spec, settings, CircuitBreaker()),), offline=ScriptedModel(steps=[]))

    return of


async def sent(stub: ModelStub, model: Any) -> dict[str, Any]:
    await model.ainvoke(ASKED)
    return stub.requests[-1].body


@pytest.mark.parametrize("spec", [HAIKU, NOVA])
async def test_bedrock_gets_a_cache_point_after_what_is_the_same_in_every_run(
    spec: str, stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    body = await sent(stub, chain_at(spec).bind_form(Verdict))

    assert body["system"] == [{"text": "You are on call."}, POINT, {"text": "Today's runbooks."}]
    assert POINT not in body["messages"][0]["content"]  # nobody reads that again, and writing it costs more


async def test_in_a_loop_over_tools_bedrock_keeps_the_conversation_too(
    stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    claude = await sent(stub, chain_at(HAIKU).bind_tools([error_count]))
    nova = await sent(stub, chain_at(NOVA).bind_tools([error_count]))

    assert claude["messages"][-1]["content"][-1] == nova["messages"][-1]["content"][-1] == POINT
    assert claude["toolConfig"]["tools"][-1] == POINT
    assert POINT not in nova["toolConfig"]["tools"]  # Nova takes none there


async def test_a_model_without_caching_gets_no_cache_point(
    stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    body = await sent(stub, chain_at(MODELS["bedrock"]).bind_tools([error_count]))

    assert "cachePoint" not in str(body)


async def test_openai_gets_one_stable_text_first_and_a_key_for_it(
    stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    model = chain_at("openai:gpt-4o").bind_form(Verdict)
    first = await sent(stub, model)
    await model.ainvoke([SystemMessage([ASKED[0].content[0], {"type": "text", "text": "Others."}]), ASKED[1]])
    second = stub.requests[-1].body
    await model.ainvoke([SystemMessage("You are a pirate."), ASKED[1]])
    third = stub.requests[-1].body

    assert first["messages"][0]["content"] == "You are on call.\n\nToday's runbooks."
    assert first["prompt_cache_key"] == second["prompt_cache_key"] != third["prompt_cache_key"]


@pytest.mark.parametrize("spec", [MODELS["gemini"], MODELS["vllm"]])
async def test_the_others_keep_prefixes_by_themselves(
    spec: str, stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    body = await sent(stub, chain_at(spec).bind_form(Verdict))

    assert stub.requests[-1].system == "You are on call.\n\nToday's runbooks."
    assert not {"prompt_cache_key", "cachedContent"} & set(body)


@pytest.mark.parametrize(
    ("spec", "usd"),
    [
        (HAIKU, (3 * 1 + 8 * 0.1 + 7 * 5) / 1e6),
        ("openai:gpt-4o", (3 * 2.5 + 8 * 1.25 + 7 * 10) / 1e6),
        ("gemini:gemini-2.5-flash", (3 * 0.3 + 8 * 0.03 + 7 * 2.5) / 1e6),
        (MODELS["vllm"], 0.0),
    ],
)
async def test_tokens_that_were_kept_are_counted_and_cost_less(
    spec: str, usd: float, stub: ModelStub, chain_at: Callable[[str], FallbackChatModel]
) -> None:
    stub.script = lambda request: NormalisedReply(text="All is well.", cached=8)
    meter = RunMeter(PriceTable.read().usd)

    count(meter, await chain_at(spec).ainvoke(ASKED))

    assert (meter.tokens.input, meter.tokens.cached, meter.tokens.output) == (11, 8, 7)
    assert meter.usd == pytest.approx(usd)
    assert not meter.unpriced


def test_the_links_of_a_chain_keep_their_caching_when_tools_are_bound(
    chain_at: Callable[[str], BaseChatModel],
) -> None:
    bound = chain_at(HAIKU).bind_tools([error_count])

    assert isinstance(bound, FallbackChatModel)
    assert bound.links[0].caching.looping
