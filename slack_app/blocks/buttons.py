"""What people can press under an answer. Values carry a timestamp or the choice itself; all else is looked up."""

from __future__ import annotations

from agent.models import Clarification
from slack_app.blocks.parts import Block
from slack_app.blocks.text import cut

SHOW_EVIDENCE = "show_evidence"
FEEDBACK = "answer_feedback"
CLARIFY = "clarify_"
MAX_CHOICES = 4
TEXT_LIMIT = 75
VALUE_LIMIT = 2000


def choice_buttons(asked: Clarification | None) -> list[Block]:
    """The likely answers to a question back, as `clarify_0` to `clarify_3`."""
    choices = [choice for choice in asked.choices if choice.strip()][:MAX_CHOICES] if asked else []
    buttons = [_button(f"{CLARIFY}{n}", choice.strip(), choice.strip()) for n, choice in enumerate(choices)]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def evidence_buttons(asked_ts: str, with_evidence: bool) -> list[Block]:
    """To see what an answer rests on, and to say what it was worth."""
    show = {"type": "actions", "elements": [_button(SHOW_EVIDENCE, "Show evidence", asked_ts)]}
    rating = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": {"text": _plain("Good answer"), "value": f"good|{asked_ts}"},
        "negative_button": {"text": _plain("Bad answer"), "value": f"bad|{asked_ts}"},
    }
    return [*([show] if with_evidence else []), {"type": "context_actions", "elements": [rating]}]


def _button(action_id: str, text: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": _plain(text), "value": cut(value, VALUE_LIMIT)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": cut(" ".join(text.split()), TEXT_LIMIT), "emoji": False}
