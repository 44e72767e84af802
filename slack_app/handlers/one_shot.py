"""One-shot mode: an incident's analysis is posted once it is there, whole, and a short post says when it is over.

Each message is noted after Slack took it, and the caller holds the incident's lock: nothing is lost, and nothing is
posted twice unless the process dies between Slack's "ok" and the note. An incoming webhook has nothing to find a
message by, so in that moment one of the two has to give; a message too many is the lesser evil.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.errors import RetryLater
from agent.living import Seen, ended_at, last_event, state_of
from agent.models import Incident
from slack_app.blocks.living import living_blocks, living_text
from slack_app.blocks.parts import Block, section
from slack_app.blocks.text import cut, escape
from slack_app.channel_budget import NORMAL
from slack_app.handlers.desk import Desk
from slack_app.handlers.sightings import look
from slack_app.incoming_webhook import WebhookMessenger, messages

ANALYSIS = "analysis"
FINAL = ("diagnosed", "failed", "stopped", "passed", "resolved")
TITLE_CHARS = 200


async def tell(incident: Incident, desk: Desk, messenger: WebhookMessenger) -> float:
    """Seconds to wait before trying again; 0.0 when everything is told. SettingsError when the webhook is gone."""
    if state_of(incident) not in FINAL:
        return 0.0
    seen = await look(desk.app.deps, incident)
    try:
        done = await _posted(incident, desk)
        if done.get(ANALYSIS) != "whole":
            return await _tell_analysis(incident, seen, desk, messenger)
        return await _tell_turn(incident, seen, done, desk, messenger)
    except RetryLater as error:
        return error.seconds


async def _tell_analysis(incident: Incident, seen: Seen, desk: Desk, messenger: WebhookMessenger) -> float:
    """Goes on after the last message that was posted."""
    blocks = living_blocks(incident, seen, desk.app.deps.clock(), whole=True)
    text, turn = living_text(incident, seen), _turn(incident)
    parts = messages(blocks)
    begun = int((await _posted(incident, desk)).get("parts", 0))
    for number, part in enumerate(parts[begun:], begun + 1):
        if wait := await _budget(incident, desk):
            return wait
        await messenger.say(_topic(incident), text if number == 1 else "(continued)", part)
        await _note(incident, desk, {"parts": number})
    await _note(incident, desk, {ANALYSIS: "whole", "turn": turn})
    return 0.0


async def _tell_turn(
    incident: Incident, seen: Seen, done: dict[str, Any], desk: Desk, messenger: WebhookMessenger
) -> float:
    """That it is over, or back; nothing while it flaps."""
    turn = _turn(incident)
    if turn == done.get("turn") or not turn or seen.flapping:
        return 0.0
    if wait := await _budget(incident, desk):
        return wait
    title = escape(cut(" ".join(incident.title.split()), TITLE_CHARS))
    line = f"✅ *Resolved*: {title}" if ended_at(incident) else f"🔴 *Fires again*: {title}"
    await messenger.say(_topic(incident), line, _line(line))
    await _note(incident, desk, {"turn": turn})
    return 0.0


def _line(text: str) -> Sequence[Block]:
    return [section(text)]


def _turn(incident: Incident) -> str:
    """What happened last of being over and coming back; "" before the first time."""
    event = last_event(incident, "resolved", "refired", "reopened")
    return f"{event.kind}:{event.at.isoformat()}" if event else ""


def _topic(incident: Incident) -> str:
    return incident.decision.topic if incident.decision else ""


async def _budget(incident: Incident, desk: Desk) -> float:
    return await desk.budget.take(f"webhook:{_topic(incident)}", NORMAL)


async def _posted(incident: Incident, desk: Desk) -> dict[str, Any]:
    """Read by a write that changes nothing: it sees what was written last."""
    return await desk.app.deps.state.change(f"one-shot:{incident.id}", lambda kept: kept)


async def _note(incident: Incident, desk: Desk, said: dict[str, Any]) -> None:
    await desk.app.deps.state.change(f"one-shot:{incident.id}", lambda kept: {**kept, **said})
