"""The end of a mute: everybody hears of it, and of what came meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.models import Decision, IncidentStatus, JobKind, Mute, Severity, SlackPlace
from slack_app.handlers.commands import handle_command
from slack_app.handlers.sweeps import handle_sweep, sweep_of
from tests.slack_app.incident_desk import IncidentDesk, alert


async def _say(desk: IncidentDesk, text: str, **fields: Any) -> str:
    """What maya hears."""
    asked = {"channel": desk.ws.channel_id("alerts"), "user": desk.ws.user_id("maya"), **fields}
    await handle_command(desk.job(JobKind.command, **asked, text=text), desk.desk)
    return str(desk.ws.whispers("maya", "alerts")[-1]["text"])


async def _came(desk: IncidentDesk, number: int, severity: Severity, place: SlackPlace | None = None, **fields: Any):
    """An incident whose alert came while it was quiet: its jobs ended without a word."""
    desk.id = f"inc_{number:012d}"
    about = alert(f"errors of service-{number}", f"f{number}", severity=severity)
    made = await desk.opened(about, place=place or desk.post(), **fields)
    await desk.living()
    await desk.analysis()
    return made


async def test_the_channel_hears_who_ended_it_and_what_goes_on(desk: IncidentDesk) -> None:
    await _say(desk, "mute 1h")
    await _came(desk, 1, Severity.critical)
    await _came(desk, 2, Severity.error)
    over = await _came(desk, 3, Severity.critical)
    resolved = {"status": IncidentStatus.resolved}
    await desk.deps.incidents.change(over.id, lambda incident: incident.model_copy(update=resolved))
    await _came(desk, 4, Severity.info, decision=Decision(treatment="digest", rule="r", reason="It can wait."))

    said = await _say(desk, "unmute")

    meanwhile = "2 incidents came meanwhile and go on (1 critical, 1 error)."
    assert said == f"This channel is not muted any more. {meanwhile}"
    muted, unmuted = [message["text"] for message in desk.shown()]
    assert "Maya Okafor muted this channel until" in muted
    assert unmuted == f"Maya Okafor unmuted this channel. {meanwhile}"
    jobs = await desk.queued(JobKind.analysis)
    assert {job.payload["incident"] for job in jobs} == {"inc_000000000001", "inc_000000000002"}


async def test_what_came_meanwhile_is_told_and_looked_into(desk: IncidentDesk) -> None:
    await _say(desk, "mute")
    await _came(desk, 1, Severity.critical)
    assert len(desk.shown()) == 1
    await _say(desk, "unmute")

    (drawn,) = await desk.queued(JobKind.living)
    assert drawn.payload["incident"] == desk.id
    await desk.living()
    assert [message["ts"] == (await desk.incident()).summary_ts for message in desk.shown()].count(True) == 1


async def test_where_nothing_came_nothing_more_is_said(desk: IncidentDesk) -> None:
    await _say(desk, "mute")
    assert await _say(desk, "unmute") == "This channel is not muted any more."
    assert await _say(desk, "unmute") == "This channel was not muted."
    assert [message["text"] for message in desk.shown()][1:] == ["Maya Okafor unmuted this channel."]


async def test_a_threads_mute_is_only_its_own(desk: IncidentDesk) -> None:
    place = desk.post()
    thread = {"thread_ts": place.thread_ts, "ts": "9.9"}
    await _say(desk, "mute", **thread)
    await _came(desk, 1, Severity.critical, place)
    await _came(desk, 2, Severity.critical, desk.post())
    assert "1 incident came meanwhile and goes on (1 critical)." in await _say(desk, "unmute", **thread)
    assert "unmuted this channel" not in str(desk.shown())


async def test_a_mute_that_ends_by_itself_is_noticed_by_the_next_sweep(desk: IncidentDesk) -> None:
    now = desk.clock()
    until = now + timedelta(minutes=30)
    await desk.deps.mutes.mute(Mute(channel=desk.ws.channel_id("alerts"), by="U1", at=now, until=until))
    await _came(desk, 1, Severity.critical)

    await handle_sweep(sweep_of(now), desk.desk)
    assert await desk.queued(JobKind.living) == []
    desk.clock.ahead += timedelta(minutes=31)
    for _ in range(2):
        await handle_sweep(sweep_of(desk.clock()), desk.desk)

    assert len(await desk.queued(JobKind.analysis)) == 1
    assert len(desk.shown()) == 0
