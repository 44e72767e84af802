"""Buttons. Links are buttons to Slack too, and must be acknowledged."""

from __future__ import annotations

import re
from collections.abc import Callable

from slack_bolt import App


def register(app: App) -> None:
    app.action(re.compile(r"^link:"))(_acknowledge)


def _acknowledge(ack: Callable[[], None]) -> None:
    ack()
