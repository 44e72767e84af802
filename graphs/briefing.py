"""The brief of a conversation, within what one call of a model may read: evidence gives way to everything else.

A specialist also reads the descriptions of its tools and what they will say. So of a long thread it is told less: first
the older exchanges are left out, then all but the last turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.tools import BaseTool

from agent import briefs
from agent.models import ChatMessage
from agent.ports import Deps, ModelRole
from agent.settings import Settings
from agent.tokens import chars_within, tokens
from graphs.limits import tool_tokens
from graphs.state import ConversationState, typed
from tools.llm.offline import OfflineAnalyst

FORM_TOKENS = 900
"""For the form that the model fills in, and for what else providers wrap around a brief."""
INSTRUCTION_TOKENS = 800
"""For a specialist's own instructions and runbooks."""
SPECIALIST_SHARE = 0.45
"""Of what tools and instructions leave: the rest is for what the tools will say."""
LEAST_EVIDENCE_CHARS = 2000
LAST_TURNS = 4


def form_brief(state: ConversationState, deps: Deps, system: str, role: ModelRole) -> str:
    """What the router and the analyst read. The rules on board read all there is: it costs them nothing."""
    if isinstance(deps.models(role), OfflineAnalyst):
        return _written(state, deps, 0)
    room = deps.settings.run_input_tokens_per_call - FORM_TOKENS - tokens(system)
    return _within(room, lambda chars: _written(state, deps, chars))


def specialist_room(tools: Sequence[BaseTool], settings: Settings) -> int:
    """The tokens that the brief of a specialist with these tools may take."""
    left = settings.run_input_tokens_per_call - tool_tokens(tools) - INSTRUCTION_TOKENS
    return int(left * SPECIALIST_SHARE)


def specialist_brief(state: ConversationState, deps: Deps, room: int) -> str:
    """What a specialist is told of the thread, and its question."""
    less: ConversationState = {**state, "earlier": []}
    least: ConversationState = {**less, "history": state["history"][-LAST_TURNS:]}
    told = next((one for one in (state, less) if tokens(_written(one, deps, LEAST_EVIDENCE_CHARS)) <= room), least)
    return _within(room, lambda chars: _written(told, deps, chars))


def _within(room: int, written: Callable[[int], str]) -> str:
    """`written` gives the brief with at most so many characters of evidence; 0 sets no bound."""
    whole = written(0)
    if tokens(whole) <= room:
        return whole
    bare = written(1)
    chars = chars_within(room - tokens(bare), like=whole[len(bare) :] or whole)
    return written(max(chars, LEAST_EVIDENCE_CHARS))


def _written(state: ConversationState, deps: Deps, evidence_chars: int) -> str:
    return briefs.write(
        deps.clock(),
        question=state["question"],
        conversation=[ChatMessage.model_validate(turn) for turn in state["history"]],
        earlier=state["earlier"],
        evidence=typed(state["evidence"]),
        scope=state.get("scope", {}),
        evidence_chars=evidence_chars,
        remembered=state["remembered"],
    )
