"""Asking back, once: when, what, and what is assumed where nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.clarifying import clarification
from agent.drafts import Route
from agent.models import Clarification
from graphs.state import ConversationState


def question_back(chosen: Route, state: ConversationState) -> Clarification | None:
    """What has to be asked before a look makes sense: by the router, or for a name that several resources fit."""
    candidates = state.get("candidates", [])
    if chosen.kind == "clarify":
        return clarification(chosen.clarification, chosen.choices or candidates)
    # Of several parts, one that is not clear keeps nobody from looking into the others.
    parts = {one.question for one in chosen.assignments} | {one["resource"] for one in state.get("named", [])}
    if len(candidates) > 1 and chosen.kind == "question" and len(parts) < 2:
        return clarification(f"Do you mean {_either(candidates)}?", candidates)
    return None


def guessed(back: Clarification, state: ConversationState) -> dict[str, Any]:
    """Nobody is asked twice: the likeliest choice is taken, and the answer says so."""
    if not back.choices:
        return {"assumptions": [*state.get("assumptions", []), "Nothing more was named, so I looked at everything."]}
    choice = back.choices[0]
    known = dict[str, Any]()
    if choice in state.get("candidates", []):
        known = {
            "scope": {**state.get("scope", {}), "resource": choice},
            "named": [*state.get("named", []), {"words": choice, "resource": choice}],
        }
    return {
        **known,
        "question": f"{state['question']} ({choice})",
        "assumptions": [*state.get("assumptions", []), f"I took it to be about {choice}."],
    }


def left_open(state: ConversationState) -> dict[str, Any]:
    """Which of several resources a part of the question means was not asked: the answer says so."""
    candidates, assumptions = state.get("candidates", []), state.get("assumptions", [])
    if len(candidates) < 2:
        return {}
    return {"assumptions": [*assumptions, f"I did not choose between {_either(candidates)}, which all fit."]}


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
