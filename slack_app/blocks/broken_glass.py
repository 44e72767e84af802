"""The post that calls who is on call when somebody breaks the glass, and from which it is reviewed afterwards."""

from __future__ import annotations

from slack_app.blocks.approval import REVIEW, who
from slack_app.blocks.parts import Block, context, section
from slack_app.blocks.text import cut, escape

LINE_CHARS = 400
TO_BE_REVIEWED = "To be reviewed by somebody else"


def glass_text(called: str, by: str, what: str, why: str) -> str:
    """`called`: a mention of who is on call, or nothing."""
    call = f"{called} " if called else ""
    done = escape(cut(what, LINE_CHARS))
    return f"{call}{who(by)} broke the glass, so that nobody else is asked: {done}\n{escape(cut(why, LINE_CHARS))}"


def glass_blocks(text: str, approval_id: str) -> list[Block]:
    """While it waits for its review."""
    button: Block = {
        "type": "button",
        "action_id": REVIEW,
        "text": {"type": "plain_text", "text": "Reviewed…", "emoji": False},
        "value": approval_id,
    }
    buttons: Block = {"type": "actions", "block_id": f"review:{approval_id}", "elements": [button]}
    return [section(text), context(TO_BE_REVIEWED), buttons]


def reviewed_blocks(text: str, by: str, found: str) -> list[Block]:
    return [section(text), context(f"Reviewed by {who(by)}: {escape(cut(found, LINE_CHARS))}")]
