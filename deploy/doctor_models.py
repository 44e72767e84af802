"""The doctor's look at language models: each that may be asked answers or does not, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.errors import SettingsError, WatchkeeperError
from agent.settings import Settings
from tools.llm.prices import PriceTable
from tools.llm.roles import ROLES, chain_of

MEANWHILE = "meanwhile the next in the chain answers, or the offline analyst"


def check_models(settings: Settings) -> Iterator[dict[str, Any]]:
    """The fields of one check a model: first those with which roles begin, then the fallbacks."""
    if not settings.llm_providers:
        fix = "set WATCHKEEPER_LLM=bedrock, gemini, openai or vllm:<model> for a language model"
        yield _check("Model", "ok", "the offline analyst answers, by runbooks and without a language model", fix)
        return
    try:
        prices = PriceTable.read(settings.llm_prices)
    except SettingsError as error:
        yield _check("Prices", "fail", str(error), "correct the file, or unset the variable")
        return
    for spec, roles in _asked(settings).items():
        name = f"Model ({', '.join(roles) or 'fallback'})"
        if spec == "offline":
            yield _check(name, "ok", "the offline analyst")
        else:
            yield _ask(name, spec, settings, prices)


def _asked(settings: Settings) -> dict[str, list[str]]:
    """Each model with the roles that begin with it; fallbacks have none and come last."""
    chains = {role: chain_of(role, settings) or ["offline"] for role in ROLES}
    asked: dict[str, list[str]] = {}
    for role, chain in chains.items():
        asked.setdefault(chain[0], []).append(role)
    for chain in chains.values():
        for spec in chain[1:]:
            asked.setdefault(spec, [])
    return asked


def _ask(name: str, spec: str, settings: Settings, prices: PriceTable) -> dict[str, Any]:
    from tools.llm.errors import explain_model_error
    from tools.llm.providers import chat_model

    try:
        chat_model(spec, settings).invoke("Reply with OK.")
    except WatchkeeperError as error:
        return _check(name, "fail", f"{spec}: {error}", f"correct the settings; {MEANWHILE}")
    except Exception as error:
        return _check(name, "fail", f"{spec}: {explain_model_error(error)}", MEANWHILE)
    price = prices.of(spec)
    if price is None:
        fix = "name a table with it in WATCHKEEPER_LLM_PRICES; until then it counts as 0 dollars"
        return _check(name, "warn", f"{spec} answers; price unknown", fix)
    told = f"{price.input:g} and {price.output:g} USD per million tokens in and out, list price of {prices.as_of}"
    return _check(name, "ok", f"{spec} answers; {told if price.input + price.output else 'free by the token'}")


def _check(name: str, status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "fix": fix}
