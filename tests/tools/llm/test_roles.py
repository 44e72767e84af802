"""Which models are asked for each role, and in which order."""

from __future__ import annotations

import pytest

from agent.settings import Settings
from tools.llm.prices import PriceTable
from tools.llm.roles import DEFAULTS, chain_of

ROLES = ("router", "specialist", "analyst")


def chain(role: str, **given: object) -> list[str]:
    return chain_of(role, Settings.read(**{"llm_base_url": "vllm=http://v/v1", **given}))


def test_a_named_model_serves_every_role() -> None:
    assert [chain(role, llm="openai:x") for role in ROLES] == [["openai:x"]] * 3


def test_a_role_may_have_a_model_of_its_own() -> None:
    given = {"llm": "openai:big", "llm_fast": "openai:small", "llm_router": "vllm:tiny"}

    assert [chain(role, **given) for role in ROLES] == [["vllm:tiny"], ["openai:small"], ["openai:big"]]


def test_the_fallbacks_follow_in_their_order_each_once() -> None:
    given = {"llm": "bedrock:a", "llm_fallbacks": "gemini:b, bedrock:a, offline, openai:c"}

    assert chain("analyst", **given) == ["bedrock:a", "gemini:b", "openai:c"]


def test_whoever_is_given_to_the_offline_analyst_has_no_chain() -> None:
    assert chain("specialist", llm="openai:x", llm_specialist="offline", llm_fallbacks="gemini:y") == []
    assert chain("analyst") == chain("offline", llm="openai:x") == []


@pytest.mark.parametrize("provider", DEFAULTS)
def test_a_provider_alone_stands_for_the_environments_models_of_that_provider(provider: str) -> None:
    for environment in ("dev", "prod"):
        models = [chain(role, llm=provider, environment=environment) for role in ROLES]
        assert models == [[f"{provider}:{DEFAULTS[provider][environment][role]}"] for role in ROLES]


@pytest.mark.parametrize("provider", DEFAULTS)
def test_dev_is_cheaper_than_prod(provider: str) -> None:
    prices = PriceTable.read()

    def dollars(environment: str, role: str) -> float:
        price = prices.of(chain(role, llm=provider, environment=environment)[0])
        assert price is not None
        return price.input + price.output

    assert all(dollars("dev", role) <= dollars("prod", role) for role in ROLES)
    assert dollars("dev", "analyst") < dollars("prod", "analyst")


def test_a_fallback_that_is_a_provider_alone_is_its_model_for_the_role() -> None:
    given = {"llm": "bedrock:a", "llm_fallbacks": "openai", "environment": "prod"}

    assert chain("router", **given)[1] != chain("analyst", **given)[1]
