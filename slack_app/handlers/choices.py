"""A click on one of the likely answers to a question back: the buttons go, and who chose what stays."""

from __future__ import annotations

from typing import Any

from agent.models import Job
from slack_app.blocks.buttons import CLARIFY
from slack_app.blocks.parts import Block, context
from slack_app.blocks.text import cut, escape
from slack_app.handlers.desk import Desk, nicely, place_of

CHOICE_SHOWN = 200


async def take_choice(job: Job, desk: Desk) -> None:
    """Edit the message that asked. Repeating it changes nothing."""
    asked: dict[str, Any] = job.payload
    name = await desk.people.name(asked["user"])
    note = context(f"{escape(name)} chose *{escape(cut(asked['choice'], CHOICE_SHOWN))}*.")
    blocks = [*without_choices(asked["blocks"]), note]
    await nicely(desk.messenger.update(place_of(job), asked["message_ts"], asked["shown"], blocks))


def without_choices(blocks: list[Block]) -> list[Block]:
    """The blocks of a question back but for its buttons."""
    return [block for block in blocks if not _offers_choices(block)]


def _offers_choices(block: Block) -> bool:
    elements: list[Any] = block.get("elements") or []
    return block.get("type") == "actions" and any(
        str(element.get("action_id", "")).startswith(CLARIFY) for element in elements
    )
