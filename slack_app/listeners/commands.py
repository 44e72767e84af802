"""The slash command. Its answers are only visible to who typed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App

from agent.models import JobKind
from slack_app.blocks.help import help_blocks, help_text, instead_of
from slack_app.intake import Intake
from slack_app.phrases import is_stop
from slack_app.response_urls import FIELD, sealed_url

BY_THE_WORKER = ("status", "mute", "unmute", "whoami", "remediation")
ELSEWHERE = "I stand watch for another workspace; nothing was done."
"""An app that is installed in several signs for all of them."""
STOPPING = "What you asked in this channel ends now, if anything is still running."
GREETINGS = ("", "help", "hi", "hello")


def register(app: App, intake: Intake) -> None:
    @app.command("/watchkeeper")
    def on_command(ack: Callable[..., None], command: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        if command.get("team_id") not in (None, intake.identity.team_id):
            ack(text=ELSEWHERE)
            return
        text = " ".join(str(command.get("text", "")).split())
        if text.lower().partition(" ")[0] in BY_THE_WORKER:
            ack()
            asked = {"channel": command["channel_id"], "user": command["user_id"], "text": text.lower()}
            answer = {FIELD: sealed_url(intake.sealer, asked, str(command[FIELD]))}
            intake.quick(JobKind.command, str(command["trigger_id"]), {**asked, **answer})
            return
        if is_stop(text):
            intake.stop_all(str(command["channel_id"]), str(command["user_id"]))
            ack(text=STOPPING)
        elif text.lower() in GREETINGS:
            ack(text=help_text(), blocks=help_blocks(intake.alert_channels))
        else:
            ack(text=instead_of(text))
