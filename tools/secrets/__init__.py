"""Secrets in AWS that the settings refer to: looked up when the process starts, and again after a rotation.

settings = with_secrets(Settings.read())
settings.slack_bot_token.get_secret_value()     # what Secrets Manager holds now, at most some minutes old
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pydantic import SecretStr

from agent.errors import SettingsError
from agent.secret_references import LiveSecret, SecretReference
from agent.settings import Settings
from tools.secrets.cache import SecretCache
from tools.secrets.environment import SecretEnvironment, mcp_references
from tools.secrets.reading import AwsReader

READ_AT_ONCE = 4


def with_secrets(settings: Settings) -> Settings:
    """The same settings with their references looked up. SettingsError names the settings whose secret is missing."""
    referring = {name: secret for name, secret in live_secrets(settings) if not secret.is_read}
    if not referring:
        return settings
    source = secret_source(settings)
    read = {name: secret.read_by(source) for name, secret in referring.items()}
    if wrong := [reason for reason in _look_up(read).values() if reason]:
        raise SettingsError(" ".join(wrong))
    return settings.model_copy(update=read)


def secret_source(settings: Settings) -> SecretCache:
    return SecretCache(
        AwsReader(settings.aws_region, settings.aws_profile, settings.aws_timeout_seconds),
        settings.secret_cache_seconds,
        timedelta(minutes=settings.secret_overlap_minutes),
    )


def live_secrets(settings: Settings) -> Iterator[tuple[str, LiveSecret]]:
    """The settings that refer to secrets, by their fields' names."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, LiveSecret):
            yield name, value


def references(settings: Settings, environ: Mapping[str, str]) -> list[SecretReference]:
    """Each once, with those of MCP servers."""
    named = (each for _, secret in live_secrets(settings) for each in secret.references)
    return list(dict.fromkeys([*named, *mcp_references(settings, environ)]))


def secret_environment(settings: Settings, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment for MCP servers, with references looked up."""
    return SecretEnvironment(environ, secret_source(settings)) if settings.mcp_servers else environ


def unresolved(settings: Settings) -> dict[str, str]:
    """Each setting that refers to a secret, and why it cannot be looked up; "" where it can."""
    source = secret_source(settings)
    return _look_up({name: secret.read_by(source) for name, secret in live_secrets(settings)})


def _look_up(secrets: dict[str, LiveSecret]) -> dict[str, str]:
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        reasons = list(pool.map(_why_not, secrets.values()))
    return {
        name: f"WATCHKEEPER_{name.upper()}: {why}" if why else "" for name, why in zip(secrets, reasons, strict=True)
    }


def _why_not(secret: SecretStr) -> str:
    try:
        return "" if secret.get_secret_value() else "the secret is empty; put a value into it."
    except SettingsError as error:
        return str(error)
