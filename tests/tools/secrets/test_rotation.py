"""Clients that were made once go on working when what they show is rotated: over HTTP, with real AWS clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from aiohttp import web
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from agent.errors import SettingsError
from agent.settings import Settings
from tests.outside import Seen, reply, served
from tests.tools.llm import gemini_wire, openai_wire
from tests.tools.llm.normal import NormalisedReply
from tests.tools.secrets.vault import Vault
from tools.llm.breaker import CircuitBreaker
from tools.llm.live_keys import LiveModel
from tools.llm.providers import chat_model, link_of
from tools.origins.alertmanager import Alertmanager
from tools.origins.datadog import Datadog
from tools.secrets import with_secrets
from tools.secrets.http_auth import SecretAuth, bearer

QUICK = 0.001
"""Seconds that a value is kept in these tests: what was refused may be read anew at once."""
TOKEN = "secretsmanager:wk/token"
ANSWER = {"versionInfo": {"version": "0.28"}, "valid": True}

Shown = dict[str, str]


class Guarded:
    """A system that answers whoever shows what `valid` wants to see among the headers."""

    def __init__(self, valid: Callable[[Shown], bool]) -> None:
        self.valid = valid

    async def __call__(self, seen: Seen) -> web.Response:
        shown = {name.lower(): value for name, value in seen.headers.items()}
        return reply(ANSWER) if self.valid(shown) else reply({"message": "no such credential"}, 401)


def bearer_of(value: str) -> Callable[[Shown], bool]:
    return lambda shown: shown.get("authorization") == f"Bearer {value}"


def read(**given: Any) -> Settings:
    return with_secrets(Settings.read(secret_cache_seconds=QUICK, **given))


async def test_a_system_is_shown_the_rotated_token(vault: Vault) -> None:
    vault.put("wk/token", "first")
    guarded = Guarded(bearer_of("first"))
    async with served(guarded) as wire:
        system = Alertmanager.of(read(alertmanager_url=wire.url, alertmanager_token=TOKEN))
        await system.check()
        vault.put("wk/token", "second")
        guarded.valid = bearer_of("second")
        await system.check()


async def test_two_keys_of_one_system_may_be_rotated_one_by_one(vault: Vault) -> None:
    def keys(api: str, app: str) -> Callable[[Shown], bool]:
        return lambda shown: (shown["dd-api-key"], shown["dd-application-key"]) == (api, app)

    vault.put("wk/datadog", json.dumps({"api": "a1", "app": "p1"}))
    guarded, secret = Guarded(keys("a1", "p1")), "secretsmanager:wk/datadog"
    async with served(guarded) as wire:
        given = {"datadog_api_key": f"{secret}#api", "datadog_app_key": f"{secret}#app"}
        datadog = Datadog.of(read(datadog_url=wire.url, **given))
        await datadog.check()
        vault.put("wk/datadog", json.dumps({"api": "a1", "app": "p2"}))
        guarded.valid = keys("a1", "p2")
        await datadog.check()


async def test_a_credential_that_is_wrong_is_tried_once_and_never_told(vault: Vault) -> None:
    vault.put("wk/token", "mistaken")
    async with served(Guarded(bearer_of("right"))) as wire:
        system = Alertmanager.of(read(alertmanager_url=wire.url, alertmanager_token=TOKEN))
        with pytest.raises(SettingsError, match="Alertmanager denies access") as told:
            await system.check()
        assert len(wire.seen) == 1
    assert "mistaken" not in str(told.value)


async def test_while_a_provider_does_not_know_the_new_token_the_last_one_is_shown(vault: Vault) -> None:
    vault.put("wk/token", "old")
    vault.put("wk/token", "new")
    guarded = Guarded(bearer_of("old"))
    async with served(guarded) as wire:
        system = Alertmanager.of(read(alertmanager_url=wire.url, alertmanager_token=TOKEN))
        await system.check()
        guarded.valid = bearer_of("new")
        await system.check()


async def test_a_client_without_asyncio_is_shown_it_too(vault: Vault) -> None:
    vault.put("wk/token", "first")
    token = read(airflow_token=TOKEN).airflow_token
    assert isinstance(token, SecretStr)
    guarded = Guarded(bearer_of("first"))
    async with served(guarded) as wire:
        with httpx.Client(auth=SecretAuth(bearer, token)) as client:
            assert (await asyncio.to_thread(client.get, wire.url)).status_code == 200
            vault.put("wk/token", "second")
            guarded.valid = bearer_of("second")
            assert (await asyncio.to_thread(client.get, wire.url)).status_code == 200


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")  # Google's client's
@pytest.mark.parametrize("provider", ["openai", pytest.param("gemini", marks=pytest.mark.slow)])
async def test_a_model_that_was_made_once_asks_with_the_rotated_key(vault: Vault, provider: str) -> None:
    spec, header, wire_of = {
        "openai": ("openai:gpt-4o", "authorization", openai_wire),
        "gemini": ("gemini:gemini-2.5-flash", "x-goog-api-key", gemini_wire),
    }[provider]
    vault.put("wk/token", "first")
    valid = ["first"]

    async def model(seen: Seen) -> web.Response:
        shown = {name.lower(): value for name, value in seen.headers.items()}
        if shown.get(header, "").removeprefix("Bearer ") != valid[0]:
            return reply(wire_of.error(401, "wrong key")[0], 401)
        return reply(wire_of.reply(wire_of.parse(seen.path, seen.body), NormalisedReply(text="Hello.").numbered(1)))

    async with served(model) as wire:
        address = f"{wire.url}/v1" if provider == "openai" else wire.url
        settings = read(llm=spec, llm_base_url=address, llm_api_key=TOKEN)
        link = link_of(spec, settings, CircuitBreaker())
        bound = link.with_tools([], None, {})
        assert (await link.model.ainvoke("Hi")).text == "Hello."
        vault.put("wk/token", "second")
        valid[0] = "second"
        assert (await link.model.ainvoke("Hi")).text == "Hello."
        assert (await bound.model.ainvoke("Hi")).text == "Hello."
        valid[0] = "third"
        with pytest.raises(Exception, match="wrong key"):
            await link.model.ainvoke("Hi")
        if provider == "openai":  # all its models for one address share their connections
            same: Any = chat_model(spec, settings)
            await same.root_async_client.close()


def test_a_plain_key_makes_a_plain_model() -> None:
    key = "-".join(("test", "key"))
    model = link_of("openai:gpt-4o", Settings.read(llm="openai:gpt-4o", llm_api_key=key), CircuitBreaker()).model
    assert isinstance(model, BaseChatModel)
    assert not isinstance(model, LiveModel)


def test_what_cannot_be_looked_up_stops_the_start_and_names_the_settings(vault: Vault) -> None:
    vault.put("wk/token", "x")
    with pytest.raises(SettingsError) as told:
        read(slack_bot_token="secretsmanager:wk/gone", jira_token=TOKEN, mcp_token="ssm:/wk/gone")
    said = str(told.value)
    assert "WATCHKEEPER_SLACK_BOT_TOKEN: secretsmanager:wk/gone does not exist" in said
    assert "WATCHKEEPER_MCP_TOKEN: ssm:/wk/gone does not exist" in said
    assert "JIRA" not in said
