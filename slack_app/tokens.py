"""Which Slack settings belong together. Cheap to import, so that a mistake is told before anything starts."""

from __future__ import annotations

from agent.errors import SettingsError
from agent.settings import Settings


def is_one_shot(settings: Settings) -> bool:
    """Only an incoming webhook leads to Slack (docs/tickets.md): nothing can be read, edited or clicked there."""
    tokens = (settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret)
    return settings.slack_webhook_url is not None and not any(tokens)


def check_tokens(settings: Settings) -> None:
    """Half a set of tokens is a mistake worth a sentence."""
    if is_one_shot(settings):
        return
    if settings.slack_bot_token is None:
        raise SettingsError(
            "WATCHKEEPER_SLACK_BOT_TOKEN is not set; set it for real Slack, or unset the other WATCHKEEPER_SLACK_ "
            "settings for the local workspace."
        )
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        raise SettingsError(
            "WATCHKEEPER_SLACK_BOT_TOKEN is set, but neither WATCHKEEPER_SLACK_APP_TOKEN (Socket Mode) nor "
            "WATCHKEEPER_SLACK_SIGNING_SECRET (signed HTTP) is; set one of them."
        )
