"""Fills the modal that a click on "Show evidence" opened."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from agent.models import Job
from agent.redaction.plain import redact_plain
from slack_app.blocks.evidence_view import evidence_view
from slack_app.blocks.views import notice_view
from slack_app.blocks.zones import in_zone
from slack_app.handlers.desk import Desk, place_of
from slack_app.handlers.feedback import answer_turn

FORGOTTEN = "This answer is not remembered any more; ask again to see its evidence."
REFUSED = "The evidence cannot be shown here; its sources are linked under the answer."


async def handle_evidence(job: Job, desk: Desk) -> None:
    """From the turn that the thread remembers. A modal that was closed meanwhile needs nothing."""
    asked, client = job.payload, desk.messenger.client
    thread = await desk.app.deps.conversations.get(place_of(job))
    turn = answer_turn(thread, asked["asked_ts"], asked["message_ts"])
    view = notice_view("Evidence", FORGOTTEN)
    if turn and turn.answer:
        zone = (await desk.people.asker(asked["user"])).zone
        view = evidence_view(*in_zone(turn.answer, turn.evidence, zone, turn.at), zone)
    try:
        await client.views_update(view_id=asked["view_id"], view=redact_plain(view))
    except SlackApiError as error:
        if error.response.get("error") != "not_found":
            await client.views_update(view_id=asked["view_id"], view=notice_view("Evidence", REFUSED))
