"""One row a model provider. `WATCHKEEPER_LLM=provider:model` picks it; only that provider's library is imported.

What else is each provider's own way stands in `forms.py` (structured output) and `caching.py` (prompt caching).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.config import Config
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel, SecretStr

from agent.errors import SettingsError
from agent.secret_references import LiveSecret
from agent.settings import Settings
from tools.llm.breaker import CircuitBreaker
from tools.llm.caching import Caching, bedrock, by_itself, openai
from tools.llm.forms import bind_response_format, bind_response_schema, bind_tool
from tools.llm.links import Link
from tools.llm.live_keys import LiveModel, Rebuilt

THINKING_TOKENS = 6000
"""Room on top for models that think before they answer: their thoughts count as output."""

CONNECT_SECONDS = 5
CONNECTIONS = 64


@dataclass(frozen=True)
class Provider:
    """`arguments(model, settings)` are the constructor's; `tokens` is its field for the most tokens of a reply.

    `form` binds a form for the model to fill in; `caching(model)` is how prompts are cached.
    """

    package: str
    chat_class: str
    extra: str
    tokens: str
    arguments: Callable[[str, Settings], dict[str, Any]]
    form: Callable[[Any, type[BaseModel]], Runnable[LanguageModelInput, AIMessage]]
    caching: Callable[[str], Caching]


def link_of(spec: str, settings: Settings, breaker: CircuitBreaker) -> Link:
    """The model that `spec` names, as a link of a chain."""
    name, _, model_id = spec.partition(":")
    key = settings.llm_api_key_of(name)
    build = partial(chat_model, spec, settings)
    model: Any = LiveModel(Rebuilt(build, key)) if isinstance(key, LiveSecret) else build()
    row = PROVIDERS[name]
    return Link(spec, model, breaker, row.form, row.caching(model_id))


def chat_model(spec: str, settings: Settings) -> BaseChatModel:
    """The model that `spec` names: `gemini:gemini-2.5-flash`, `vllm:qwen3`.

    SettingsError says which setting to change. The model never retries: FallbackChatModel does, when it is throttled.
    """
    name, _, model = spec.partition(":")
    provider = PROVIDERS.get(name)
    if provider is None:
        raise SettingsError(f"WATCHKEEPER_LLM names the provider {name!r}; use {', '.join(PROVIDERS)} or offline.")
    arguments = provider.arguments(model, settings)
    chat_class = _load(name, provider)
    try:
        built: BaseChatModel = chat_class(**arguments, **{provider.tokens: settings.run_output_tokens_per_call})
    except Exception as error:
        # Each library has its own error for a missing key or an unknown profile, and pydantic's may quote the key.
        raise SettingsError(
            f"The {name} model cannot be set up ({type(error).__name__}); check WATCHKEEPER_LLM_API_KEY (beside another"
            f" provider as {name}=…), WATCHKEEPER_LLM_BASE_URL and, for bedrock, WATCHKEEPER_AWS_REGION and"
            " WATCHKEEPER_AWS_PROFILE."
        ) from None
    return _tuned(built, name, provider, settings.run_output_tokens_per_call)


def _load(name: str, provider: Provider) -> Any:
    try:
        return getattr(importlib.import_module(provider.package), provider.chat_class)
    except ImportError:
        raise SettingsError(
            f"WATCHKEEPER_LLM names a {name} model, whose library is not installed;"
            f" in Watchkeeper's folder, run: pip install -e '.[{provider.extra}]'"
        ) from None


def _tuned(built: Any, name: str, provider: Provider, answer_tokens: int) -> BaseChatModel:
    """Use what LangChain's model profiles know: who refuses a temperature, and who thinks."""
    profile: dict[str, Any] = built.profile or {}
    if name != "vllm" and not profile.get("temperature"):
        built.temperature = None
    if profile.get("reasoning_output"):
        setattr(built, provider.tokens, answer_tokens + THINKING_TOKENS)
    return built


def _bedrock(model: str, settings: Settings) -> dict[str, Any]:
    """Signed with AWS credentials, or by a Bedrock API key when one is set.

    `AWS_ENDPOINT_URL` is ignored: it may point at a simulated account, which has no models.
    """
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=settings.llm_timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        ignore_configured_endpoint_urls=True,
    )
    return {
        "model": model,
        "temperature": 0,
        "region_name": settings.aws_region,
        "credentials_profile_name": settings.aws_profile or None,
        "endpoint_url": settings.llm_base_url_of("bedrock") or None,
        "config": config,
        **_key("bedrock", settings),
    }


def _gemini(model: str, settings: Settings) -> dict[str, Any]:
    """From Gemini 3 on Google asks to leave the temperature alone, and LangChain then does."""
    return {
        "model": model,
        "timeout": settings.llm_timeout_seconds,
        "max_retries": 1,  # counts the first attempt
        **({} if re.match(r"gemini-([3-9]|\d\d)", model) else {"temperature": 0}),
        **_address("gemini", settings),
        **_key("gemini", settings),
    }


def _openai(model: str, settings: Settings, provider: str = "openai") -> dict[str, Any]:
    return {
        "model": model,
        "temperature": 0,
        "timeout": settings.llm_timeout_seconds,
        "max_retries": 0,
        "stream_usage": True,
        **_address(provider, settings),
        **_key(provider, settings),
    }


def _vllm(model: str, settings: Settings) -> dict[str, Any]:
    """vLLM speaks OpenAI's Chat Completions and needs no key unless it was started with one."""
    if not settings.llm_base_url_of("vllm"):
        raise SettingsError("Set WATCHKEEPER_LLM_BASE_URL to where vLLM listens, such as http://localhost:8000/v1.")
    return {"api_key": "none", **_openai(model, settings, "vllm")}


def _address(provider: str, settings: Settings) -> dict[str, Any]:
    address = settings.llm_base_url_of(provider)
    return {"base_url": address} if address else {}


def _key(provider: str, settings: Settings) -> dict[str, Any]:
    """Without a key of ours, each library looks where it always does (OPENAI_API_KEY, GOOGLE_API_KEY, ...)."""
    key = settings.llm_api_key_of(provider)
    return {"api_key": SecretStr(key.get_secret_value())} if key else {}


PROVIDERS: dict[str, Provider] = {
    "bedrock": Provider("langchain_aws", "ChatBedrockConverse", "bedrock", "max_tokens", _bedrock, bind_tool, bedrock),
    "gemini": Provider(
        "langchain_google_genai",
        "ChatGoogleGenerativeAI",
        "gemini",
        "max_output_tokens",
        _gemini,
        bind_response_schema,
        by_itself,
    ),
    "openai": Provider("langchain_openai", "ChatOpenAI", "openai", "max_tokens", _openai, bind_response_format, openai),
    "vllm": Provider("langchain_openai", "ChatOpenAI", "openai", "max_tokens", _vllm, bind_response_format, by_itself),
}
