"""Messages and mentions. Slack sends a mention as both; the queue's idempotency key makes one job of them."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from slack_app.intake import Intake


def register(app: App, intake: Intake) -> None:
    @app.event("message")
    def on_message(event: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        intake.message(event)

    @app.event("app_mention")
    def on_mention(event: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        intake.mention(event)

    @app.event("agent_session_stopped")
    def on_stop(event: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        intake.stop(event)

    for name in ("member_joined_channel", "reaction_added"):
        app.event(name)(_nothing)


def _nothing() -> None:
    """Acknowledged, and no reason to do anything."""
