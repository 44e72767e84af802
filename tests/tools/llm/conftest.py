from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator

import pytest
from langchain_core.language_models import BaseChatModel

from agent.settings import Settings
from tests.tools.llm.normal import NormalisedReply, NormalisedRequest
from tests.tools.llm.stubs import ModelStub
from tools.llm.providers import chat_model

MODELS = {
    "bedrock": "bedrock:anthropic.claude-3-5-sonnet-20240620-v1:0",
    "gemini": "gemini:gemini-2.5-flash",
    "openai": "openai:gpt-4o",
    "vllm": "vllm:qwen3",
}


def hello(request: NormalisedRequest) -> NormalisedReply:
    return NormalisedReply(text="Hello there, on call.")


@pytest.fixture(autouse=True)
def _aws_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


@pytest.fixture
def leftovers_are_collected(provider: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """So that what Gemini's failing server leaves behind is reported while this test's filters are in force."""
    yield
    if provider == "gemini" and request.node.callspec.params.get("status") == 500:
        gc.collect()


@pytest.fixture(params=MODELS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def running_stub() -> Iterator[ModelStub]:
    with ModelStub(hello) as running:
        yield running


@pytest.fixture
def stub(running_stub: ModelStub) -> ModelStub:
    """Says hello until a test gives it another script."""
    running_stub.script = hello
    running_stub.requests.clear()
    return running_stub


@pytest.fixture
def model_at(provider: str) -> Callable[..., BaseChatModel]:
    """`model_at(base_url)` is this provider's real LangChain class, pointed at a stub."""
    return lambda base_url, timeout=10: _model(provider, base_url, timeout)


@functools.cache
def _model(provider: str, base_url: str, timeout: float) -> BaseChatModel:
    """Kept between tests: boto3 takes half a second to make a client."""
    key = None if provider == "bedrock" else "-".join(("test", "key"))
    spec = MODELS[provider]
    return chat_model(
        spec, Settings.read(llm=spec, llm_base_url=base_url, llm_api_key=key, llm_timeout_seconds=timeout)
    )


@pytest.fixture
def model(provider: str, stub: ModelStub, model_at: Callable[..., BaseChatModel]) -> BaseChatModel:
    return model_at(stub.base_url(provider))
