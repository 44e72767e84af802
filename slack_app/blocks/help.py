"""What Watchkeeper can do: for the slash command, the App Home and the agent view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_app.blocks.open_incidents import OpenIncidents
from slack_app.blocks.parts import Block, context, header, section, sections
from slack_app.blocks.text import escape

QUESTIONS = (
    ("Cost", "Why did our Lambda costs go up this week?"),
    ("Errors", "Which of our services are failing right now, and since when?"),
    ("Changes", "What changed in the last 2 hours?"),
    ("Pipelines", "Which Airflow tasks failed today, and why?"),
)


def help_text() -> str:
    return "Mention me with a question, or post alerts where I watch."


def help_blocks(alert_channels: Sequence[str], note: str = "") -> list[Block]:
    """How to use Watchkeeper, in one screen."""
    channels = ", ".join(f"#{escape(name)}" for name in alert_channels) or "no channel yet"
    examples = "\n".join(f"• {question}" for _, question in QUESTIONS)
    return [
        *([section(escape(note))] if note else []),
        section(
            "*Watchkeeper stands watch over AWS.* It cites what it found, and changes nothing "
            "but what your action policy lets it."
        ),
        section(f"*Ask* by mentioning me in a channel, or write to me directly:\n{examples}"),
        section(f"*Alerts* posted in {channels} get an analysis in their thread."),
        section(
            "*Fixes* that a runbook knows are proposed there, on a card for those who may approve them. Later, press "
            "*Fix…* under the incident's message or say `fix it` in its thread. `/watchkeeper remediation off` stops "
            "all changes."
        ),
        section(
            "*While I work* reply `stop` or press Slack's stop button; what you write meanwhile is answered next.\n"
            "*To keep me quiet* type `/watchkeeper mute 1h`, or mention me with `mute` in a thread; mentions are "
            "answered all the same.\n`/watchkeeper status` and `whoami` tell how I am doing and what I know of you."
        ),
        context("Every statement has a numbered source with a link into the AWS console."),
    ]


def home_view(alert_channels: Sequence[str], incidents: OpenIncidents | None = None) -> dict[str, Any]:
    """What is open, where that is known by now, and how to use Watchkeeper."""
    opened = [section("*Open incidents*"), *sections(incidents.text()), {"type": "divider"}] if incidents else []
    return {"type": "home", "blocks": [header("Watchkeeper"), *opened, *help_blocks(alert_channels)]}


def suggested_prompts() -> list[dict[str, str]]:
    return [{"title": title, "message": question} for title, question in QUESTIONS]
