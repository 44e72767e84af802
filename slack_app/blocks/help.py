"""What Watchkeeper can do: for the slash command, the App Home and the agent view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slack_app.blocks.open_incidents import OpenIncidents
from slack_app.blocks.parts import Block, context, fields, header, section, sections
from slack_app.blocks.text import escape

QUESTIONS = (
    ("Cost", "Why did our Lambda costs go up this week?"),
    ("Errors", "Which of our services are failing right now, and since when?"),
    ("Changes", "What changed in the last 2 hours?"),
    ("Pipelines", "Which Airflow tasks failed today, and why?"),
)


def help_text() -> str:
    return "Mention me with a question, or post alerts where I watch."


def help_blocks(alert_channels: Sequence[str]) -> list[Block]:
    """How to use Watchkeeper, in one screen."""
    channels = ", ".join(f"#{escape(name)}" for name in alert_channels) or "no channel yet"
    return [
        section(
            "*Watchkeeper stands watch over AWS.* It cites what it found, and changes nothing "
            "but what your action policy lets it."
        ),
        section("*Ask* by mentioning me in a channel, or write to me directly, as in"),
        fields(f"*{title}*\n{question}" for title, question in QUESTIONS),
        {"type": "divider"},
        fields(
            (
                f"*Alerts* posted in {channels} get an analysis in their thread.",
                "*Fixes* that a runbook knows: press *Fix…* or say `fix it` there; those who may approve decide.",
                "*Stop me* by replying `stop` or with Slack's stop button. What you write meanwhile is answered next.",
                "*Keep me quiet* by `/watchkeeper mute 1h`, or by `mute` in a thread. Mentions are answered anyway.",
            )
        ),
        context(
            "`/watchkeeper status` tells how I am doing, `whoami` what you may do, `remediation off` stops all changes."
            " Every statement has a numbered source with a link into the AWS console."
        ),
    ]


def instead_of(text: str) -> str:
    """For what the slash command does not know: where a question belongs, and where the commands are listed."""
    return (
        f"Ask me in a channel, so that everybody sees the answer: @watchkeeper {escape(text)}\n"
        "I know `status`, `mute`, `unmute`, `whoami`, `remediation`, `stop` and `help`."
    )


def home_view(alert_channels: Sequence[str], incidents: OpenIncidents | None = None) -> dict[str, Any]:
    """What is open, where that is known by now, and how to use Watchkeeper."""
    opened = [header("Open incidents"), *sections(incidents.text()), {"type": "divider"}] if incidents else []
    return {"type": "home", "blocks": [*opened, header("Watchkeeper"), *help_blocks(alert_channels)]}


def suggested_prompts() -> list[dict[str, str]]:
    return [{"title": title, "message": question} for title, question in QUESTIONS]
