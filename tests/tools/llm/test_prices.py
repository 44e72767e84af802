"""What models cost, and that nothing is made up for those that are not in the table."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agent.budgets import Tokens
from agent.errors import SettingsError
from tools.llm.prices import PriceTable
from tools.llm.roles import DEFAULTS

MILLION = 1_000_000
TABLE = PriceTable.read()


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0", 1.0),
        ("bedrock:anthropic.claude-3-7-sonnet-20250219-v1:0", 3.0),
        ("bedrock:apac.amazon.nova-pro-v1:0", 0.8),
        ("bedrock:arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-micro-v1:0", 0.035),
        ("gemini:gemini-2.5-flash", 0.3),
        ("gemini:gemini-2.5-flash-001", 0.3),
        ("openai:gpt-4o-2024-08-06", 2.5),
        ("gpt-5-mini", 0.25),
        ("vllm:qwen3", 0.0),
        ("offline", 0.0),
    ],
)
def test_a_model_is_found_under_every_name_that_it_goes_by(model: str, usd: float) -> None:
    assert TABLE.usd(model, Tokens(input=MILLION)) == pytest.approx(usd)


@pytest.mark.parametrize("model", ["openai:gpt-5-pro", "gpt-99", "bedrock:anthropic.claude-opus-99", "gemini:", ""])
def test_a_model_that_is_not_listed_has_no_price_and_not_that_of_one_with_a_similar_name(model: str) -> None:
    assert TABLE.usd(model, Tokens(input=1)) is None


def test_a_call_that_stays_in_a_region_is_dearer_where_the_provider_says_so() -> None:
    tokens = Tokens(input=MILLION, output=MILLION, cached=MILLION // 2, written=MILLION // 4)
    everywhere = TABLE.usd("bedrock:global.anthropic.claude-sonnet-4-6", tokens)
    here = TABLE.usd("bedrock:eu.anthropic.claude-sonnet-4-6", tokens)

    assert everywhere == pytest.approx(0.25 * 3 + 0.5 * 0.3 + 0.25 * 3.75 + 15)
    assert here == pytest.approx(1.1 * everywhere)


def test_tokens_from_the_cache_cost_their_own_price_or_that_of_fresh_ones() -> None:
    cached = Tokens(input=MILLION, cached=MILLION)

    assert TABLE.usd("openai:gpt-5", cached) == pytest.approx(0.125)
    assert TABLE.usd("bedrock:us.amazon.nova-premier-v1:0", cached) == pytest.approx(2.5)


def test_every_default_model_has_a_price_and_the_table_a_date() -> None:
    defaults = {
        f"{provider}:{model}"
        for provider, environments in DEFAULTS.items()
        for roles in environments.values()
        for model in roles.values()
    }

    assert {model for model in defaults if TABLE.of(model) is None} == set()
    assert TABLE.as_of >= date(2026, 11, 1)


def test_another_table_takes_the_place_of_the_one_on_board(tmp_path: Path) -> None:
    mine = tmp_path / "prices.yaml"
    mine.write_text("as_of: 2027-01-01\nmodels:\n  my-model: {input: 7, output: 8}\n")
    table = PriceTable.read(mine)

    assert table.usd("openai:my-model", Tokens(output=MILLION)) == 8
    assert table.usd("openai:gpt-5", Tokens(output=MILLION)) is None


@pytest.mark.parametrize("content", ["", "models: [", "as_of: 2027-01-01\nmodels:\n  x: {input: -1, output: 2}\n"])
def test_a_table_that_cannot_be_read_names_its_setting(content: str, tmp_path: Path) -> None:
    wrong = tmp_path / "prices.yaml"
    wrong.write_text(content)

    with pytest.raises(SettingsError, match=r"WATCHKEEPER_LLM_PRICES: .* is no price table"):
        PriceTable.read(wrong)
    with pytest.raises(SettingsError, match="WATCHKEEPER_LLM_PRICES"):
        PriceTable.read(tmp_path / "missing.yaml")
