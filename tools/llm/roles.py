"""Which model each role has: what the settings name, and the environment's default where they name a provider alone."""

from __future__ import annotations

from agent.settings import Settings

ROLES = ("router", "specialist", "analyst")
"""Those that may have a language model; the offline analyst has none."""

Names = dict[str, str]
"""Models by role."""

_GPT = "gpt-5.4"
_HAIKU = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
_SONNET = "global.anthropic.claude-sonnet-4-6"
_NOVA_LITE = "global.amazon.nova-2-lite-v1:0"

DEFAULTS: dict[str, dict[str, Names]] = {
    "bedrock": {
        "dev": {"router": _NOVA_LITE, "specialist": _NOVA_LITE, "analyst": _HAIKU},
        "prod": {"router": _HAIKU, "specialist": _HAIKU, "analyst": _SONNET},
    },
    "gemini": {
        "dev": dict.fromkeys(("router", "specialist", "analyst"), "gemini-3.1-flash-lite"),
        "prod": {"router": "gemini-3.1-flash-lite", "specialist": "gemini-3.5-flash", "analyst": "gemini-3.5-flash"},
    },
    "openai": {
        "dev": {"router": f"{_GPT}-nano", "specialist": f"{_GPT}-mini", "analyst": f"{_GPT}-mini"},
        "prod": {"router": f"{_GPT}-mini", "specialist": f"{_GPT}-mini", "analyst": _GPT},
    },
}
"""What `WATCHKEEPER_LLM=bedrock`, `gemini` or `openai` stands for, by `WATCHKEEPER_ENVIRONMENT`. Cheap ones in dev.

Bedrock's are global inference profiles, which may be served from any region; where what is read must stay on a
continent, name a profile such as `bedrock:eu.anthropic.claude-haiku-4-5-20251001-v1:0`.
"""


def chain_of(role: str, settings: Settings) -> list[str]:
    """`provider:model` of whoever is asked, first to last. The offline analyst, who is always last, is not in it.

    A role that the settings give to the offline analyst has an empty chain.
    """
    first = settings.llm_of(role)
    if first == "offline":
        return []
    specs = (_whole(spec, role, settings.environment) for spec in (first, *settings.llm_fallbacks))
    return [spec for spec in dict.fromkeys(specs) if spec != "offline"]


def _whole(spec: str, role: str, environment: str) -> str:
    provider, colon, _ = spec.partition(":")
    return spec if colon or provider not in DEFAULTS else f"{provider}:{DEFAULTS[provider][environment][role]}"
