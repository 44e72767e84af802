"""The slash command. Its answers are only visible to who typed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import App

from slack_app.blocks.help import help_blocks, help_text
from slack_app.intake import Intake


def register(app: App, intake: Intake) -> None:
    @app.command("/watchkeeper")
    def on_command(ack: Callable[..., None], command: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        asked = str(command.get("text", "")).strip() or "help"
        known = asked.lower() in ("help", "hi", "hello")
        note = "" if known else f"Ask me in a channel, so that everybody sees the answer: @watchkeeper {asked}"
        ack(text=note or help_text(), blocks=help_blocks(intake.alert_channels, note))
