"""The doctor's look at language models, over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings
from deploy.doctor_models import check_models
from tests.tools.llm.normal import NormalisedReply
from tests.tools.llm.stubs import ModelStub

KEY = "-".join(("test", "key"))


@pytest.fixture
def stub() -> Iterator[ModelStub]:
    with ModelStub(lambda request: NormalisedReply(text="OK", status=401 if "closed" in request.model else 200)) as one:
        yield one


def checks(stub: ModelStub, **given: Any) -> dict[str, tuple[str, str]]:
    address = f"openai={stub.base_url('openai')},vllm={stub.base_url('vllm')}"
    settings = Settings.read(llm_base_url=address, llm_api_key=f"openai={KEY}", **given)
    return {check["name"]: (check["status"], check["message"]) for check in check_models(settings)}


def test_without_a_model_it_says_who_answers_and_how_to_get_one() -> None:
    [check] = check_models(Settings.read())

    assert check["message"].startswith("the offline analyst answers")
    assert "WATCHKEEPER_LLM=bedrock" in check["fix"]


def test_each_model_is_listed_with_its_roles_and_its_price(stub: ModelStub) -> None:
    found = checks(
        stub, llm="openai:gpt-5", llm_router="offline", llm_specialist="vllm:qwen3", llm_fallbacks="openai:gpt-5-mini"
    )

    assert list(found) == ["Model (router)", "Model (specialist)", "Model (analyst)", "Model (fallback)"]
    assert found["Model (router)"] == ("ok", "the offline analyst")
    assert found["Model (specialist)"] == ("ok", "vllm:qwen3 answers; free by the token")
    assert "openai:gpt-5 answers; 1.25 and 10 USD per million tokens" in found["Model (analyst)"][1]
    assert "openai:gpt-5-mini answers" in found["Model (fallback)"][1]


def test_a_model_without_a_price_is_a_warning_and_no_number(stub: ModelStub) -> None:
    found = checks(stub, llm="openai:my-own-tune")

    assert found == {
        "Model (router, specialist, analyst)": ("warn", "openai:my-own-tune answers; price unknown"),
    }


def test_a_model_that_refuses_says_what_to_check_and_not_the_key(stub: ModelStub) -> None:
    status, message = checks(stub, llm="openai:closed")["Model (router, specialist, analyst)"]

    assert status == "fail"
    assert "check WATCHKEEPER_LLM_API_KEY" in message
    assert KEY not in message


def test_a_price_table_that_cannot_be_read_is_a_failure(stub: ModelStub, tmp_path: Path) -> None:
    status, message = checks(stub, llm="openai:gpt-5", llm_prices=tmp_path / "none.yaml")["Prices"]

    assert status == "fail"
    assert "WATCHKEEPER_LLM_PRICES" in message
