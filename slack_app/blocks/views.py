"""Small modals: a sentence, and a field for words about an answer."""

from __future__ import annotations

from typing import Any

from slack_app.blocks.parts import section
from slack_app.blocks.text import escape

COMMENT_VIEW = "feedback_comment"
COMMENT_BLOCK, COMMENT_ACTION = "comment", "words"
COMMENT_LIMIT = 1000


def notice_view(title: str, text: str) -> dict[str, Any]:
    """A modal that only says something."""
    return {"type": "modal", "title": _plain(title), "close": _plain("Close"), "blocks": [section(escape(text))]}


def comment_view(metadata: str) -> dict[str, Any]:
    """Asks what was wrong. `metadata` comes back with the submission."""
    field = {
        "type": "plain_text_input",
        "action_id": COMMENT_ACTION,
        "multiline": True,
        "max_length": COMMENT_LIMIT,
        "placeholder": _plain("A wrong cause, an old figure, not what I asked…"),
    }
    return {
        "type": "modal",
        "callback_id": COMMENT_VIEW,
        "private_metadata": metadata,
        "title": _plain("What was wrong?"),
        "submit": _plain("Send"),
        "close": _plain("Skip"),
        "blocks": [
            {
                "type": "input",
                "block_id": COMMENT_BLOCK,
                "optional": True,
                "label": _plain("It helps whoever improves the prompts and runbooks"),
                "element": field,
            }
        ],
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
