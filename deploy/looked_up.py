"""Settings with the secrets that they refer to, before anything leads boto3 into a simulated account."""

from __future__ import annotations

from typing import Literal

from agent.errors import SettingsError
from agent.settings import Settings
from tools.secrets import live_secrets, with_secrets

OF_QUESTIONS = ("llm_api_key",)
"""What is needed where nobody but a model is asked."""


def for_the_service(settings: Settings, aws: Literal["simulated", "real"]) -> Settings:
    """SettingsError in a simulated account, which has none of them: its workers are processes of their own."""
    if aws == "simulated" and (referring := [name for name, _ in live_secrets(settings)]):
        raise SettingsError(f"WATCHKEEPER_{referring[0].upper()} refers to a secret in a real account: add --aws real.")
    return with_secrets(settings)


def for_one_run(
    settings: Settings, aws: Literal["simulated", "real"], needed: tuple[str, ...] = OF_QUESTIONS
) -> Settings:
    """In this process, and in a simulated account without what it has no use for."""
    if aws == "real":
        return with_secrets(settings)
    useless = [name for name, _ in live_secrets(settings) if name not in needed]
    return with_secrets(settings.model_copy(update=dict.fromkeys(useless)))
