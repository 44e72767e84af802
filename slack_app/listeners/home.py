"""The App Home and the agent view: what Watchkeeper does, and questions to begin with."""

from __future__ import annotations

import logging
import time
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent.models import JobKind
from slack_app.blocks.commands import HOME
from slack_app.blocks.help import home_view, suggested_prompts
from slack_app.intake import Intake

log = logging.getLogger(__name__)


def register(app: App, intake: Intake) -> None:
    @app.event("app_home_opened")
    def on_home(event: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        if event.get("tab") == "home":
            client.views_publish(user_id=str(event["user"]), view=home_view(intake.alert_channels))
            opened = f"{event['user']}:{event.get('event_ts') or time.time()}"
            intake.quick(JobKind.command, f"home:{opened}", {"user": str(event["user"]), "text": HOME})
        elif event.get("channel"):
            _suggest(client, str(event["channel"]))


def _suggest(client: WebClient, channel: str) -> None:
    """At most four prompts, and no thread in the agent view. A workspace without one refuses, which is fine."""
    try:
        client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, title="What should I look into?", prompts=suggested_prompts()
        )
    except SlackApiError as error:
        log.debug("suggested prompts refused: %s", error.response.get("error"))
