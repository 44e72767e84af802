"""Under a further post of an incident: where it is looked into, and what was found. A nicety, so said at most once."""

from __future__ import annotations

from typing import Any

from agent.alert_rules.repeats import repeated
from agent.living import state_of
from agent.models import Incident, SlackPlace, Urgency
from agent.ports import Deps
from slack_app.blocks.parts import context
from slack_app.blocks.text import cut, escape
from slack_app.channel_budget import EDIT
from slack_app.handlers.desk import Desk, nicely
from slack_app.handlers.redraws import ask_redraw

LINKS = 5
"""In one incident."""
LINK_TRIES, LINK_SECONDS = 3, 20.0


async def link_post(incident_id: str, payload: dict[str, Any], desk: Desk) -> None:
    """Under a further post of the same incident: where it is looked into. A nicety, so said at most once."""
    deps = desk.app.deps
    incident = await deps.incidents.get(incident_id)
    if incident is None or incident.storm or state_of(incident) in ("quiet", "passed"):
        return
    post = SlackPlace(team="", channel=str(payload["post"]["channel"]), thread_ts=str(payload["post"]["thread_ts"]))
    place = incident.place
    if place is None or not incident.summary_ts:
        await _link_later(incident_id, payload, desk)
        return
    if post.thread_ts in (place.thread_ts, incident.summary_ts):
        return
    kept = await deps.state.change(f"linked:{incident_id}", lambda kept: _listed(kept, str(payload["fingerprint"])))
    claimed = str(payload["fingerprint"]) in kept["fingerprints"]
    if not claimed or not await deps.ledger.claim(f"linked:{incident_id}:{payload['fingerprint']}"):
        return
    address = await desk.messenger.permalink(place.channel, incident.summary_ts)
    if address and not await desk.budget.take(post.channel, EDIT):
        text = await _same_as(incident, str(payload["fingerprint"]), deps)
        await nicely(desk.messenger.post(post, text, [context(f"{text} · <{address}|open>")]))


async def _same_as(incident: Incident, fingerprint: str, deps: Deps) -> str:
    """`Same as 14:02 UTC, seen 6 times: version 42 broke it`, or that it belongs to an incident."""
    found = incident.diagnosis and escape(cut(incident.diagnosis.root_cause or incident.diagnosis.summary, 300))
    sighting = await deps.ledger.open(fingerprint, deps.settings.alert_window_seconds)
    known = fingerprint in incident.diagnosed or any(alert.fingerprint == fingerprint for alert in incident.alerts[:1])
    if sighting is None or not known:
        return f"Part of the incident “{escape(cut(incident.title, 150))}”"
    words = repeated(sighting, incident, deps.settings.digest_zone)
    return f"{words[:1].upper()}{words[1:]}" + (f": {found}" if found else "")


async def _link_later(incident_id: str, payload: dict[str, Any], desk: Desk) -> None:
    """There is no message to lead to yet."""
    if (tried := int(payload.get("tried", 0)) + 1) <= LINK_TRIES:
        post, fingerprint = payload["post"], payload["fingerprint"]
        await ask_redraw(
            desk.app.deps,
            incident_id,
            urgency=Urgency.low,
            seconds=LINK_SECONDS,
            post=post,
            fingerprint=fingerprint,
            tried=tried,
        )


def _listed(kept: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    """The first few fingerprints that come."""
    known: list[str] = kept.get("fingerprints") or []
    if fingerprint in known or len(known) >= LINKS:
        return {"fingerprints": known}
    return {"fingerprints": [*known, fingerprint]}
