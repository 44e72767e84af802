"""Somebody wants a run to stop. The run itself sees that; here is what is left to do around it."""

from __future__ import annotations

from agent.models import Job, JobKind, SlackPlace
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.presence import at_rest

NOTHING = (
    "Nothing is running here that you asked, as far as I can see; if another worker is on something, it ends now. "
    "Reply “stop” in its thread to end what somebody else asked."
)


async def handle_stop(job: Job, desk: Desk) -> None:
    """Clear what a dead run may have left turning; outside of threads, say so where there is nothing to stop."""
    asked, place = job.payload, place_of(job)
    if any(place_of(busy) == place for busy in desk.running.values()):
        return
    if asked["how"] == "button":
        await at_rest(desk.messenger, place)
        return
    if place.thread_ts != asked["ts"]:
        return  # another worker's run, or people talking to each other
    if not any(_is_meant(busy, job) for busy in desk.running.values()):
        await desk.whisper(SlackPlace(channel=place.channel, thread_ts=""), asked["user"], NOTHING)


def _is_meant(busy: Job, stop: Job) -> bool:
    same = ("channel", "user")
    return busy.kind is JobKind.mention and all(busy.payload.get(key) == stop.payload[key] for key in same)
