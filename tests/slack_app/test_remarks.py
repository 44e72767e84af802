"""Remarks in incidents' threads: once, and never many at once."""

from __future__ import annotations

from datetime import timedelta

from agent.models import Incident, Mute
from slack_app.channel_budget import NORMAL
from slack_app.handlers.remarks import remark
from tests.slack_app.incident_desk import IncidentDesk, alert

REVOKED = "The ticket is not up to date: Jira refuses the token."


async def incidents(desk: IncidentDesk, count: int) -> list[Incident]:
    made: list[Incident] = []
    for number in range(count):
        desk.id = f"inc_{number:012}"
        made.append(await desk.opened(alert(fingerprint=f"f{number}"), place=desk.post(f"ALARM {number}")))
    return made


async def test_a_revoked_token_is_one_remark_in_a_channel_and_an_hour(desk: IncidentDesk) -> None:
    *about, later = await incidents(desk, 5)
    for incident in about:
        await remark(incident, desk.desk, REVOKED)
    assert len(desk.shown()) == 1

    desk.clock.ahead += timedelta(hours=1, seconds=1)
    for incident in (*about, later):
        await remark(incident, desk.desk, REVOKED)
    _, second = desk.shown()
    assert later.place is not None
    assert second["thread_ts"] == later.place.thread_ts, "an incident hears the same words once"


async def test_different_remarks_take_no_more_than_their_share_of_the_channels_budget(desk: IncidentDesk) -> None:
    for number, incident in enumerate(await incidents(desk, 20)):
        await remark(incident, desk.desk, f"{REVOKED} {number}")
    assert 0 < len(desk.shown()) < 12
    assert await desk.desk.budget.take(desk.ws.channel_id("alerts"), NORMAL) == 0


async def test_nothing_is_remarked_in_a_muted_place(desk: IncidentDesk) -> None:
    (incident,) = await incidents(desk, 1)
    await desk.deps.mutes.mute(Mute(channel=desk.ws.channel_id("alerts"), by="U1", at=desk.deps.clock()))
    await remark(incident, desk.desk, REVOKED)
    assert desk.shown() == []
