"""Bolt listeners, listed where they are wired. Each parses, enqueues and acknowledges, and does nothing more."""

from __future__ import annotations

from slack_bolt import App

from slack_app.intake import Intake
from slack_app.listeners import actions, approvals, commands, events, home, views


def register(app: App, intake: Intake) -> None:
    """All listeners of the app."""
    events.register(app, intake)
    actions.register(app, intake)
    approvals.register(app, intake)
    views.register(app, intake)
    commands.register(app, intake)
    home.register(app, intake)
