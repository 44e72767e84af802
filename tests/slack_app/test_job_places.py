"""A job shows things in its own places, and nowhere else, whatever its handler does."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import WrongPlace
from agent.models import JobKind, SlackPlace
from slack_app.destinations import only_in
from slack_app.job_places import JobPlaces
from slack_app.messenger import SlackMessenger, web_client
from tests.slack_app.incident_desk import IncidentDesk


def at_work(desk: IncidentDesk, kind: JobKind, **payload: Any) -> Any:
    """As the worker does it."""
    given = desk.job(kind, **payload)
    if kind is JobKind.mention:
        given = given.model_copy(update={"payload": {n: v for n, v in given.payload.items() if n != "incident"}})
    return only_in(JobPlaces(given, desk.deps, desk.desk.messenger))


def elsewhere(desk: IncidentDesk, channel: str = "general", thread_ts: str = "") -> SlackPlace:
    return SlackPlace(team=desk.ws.team_id, channel=desk.ws.channel_id(channel), thread_ts=thread_ts)


async def test_an_incidents_job_posts_in_its_thread_only(desk: IncidentDesk) -> None:
    place, other = desk.post(), desk.post("ALARM: something else")
    await desk.opened(place=place)
    messenger = desk.desk.messenger
    with at_work(desk, JobKind.analysis):
        ts = await messenger.post(place, "in its thread")
        await messenger.edit(place, ts, "edited there")
        for wrong in (other, elsewhere(desk), elsewhere(desk, "alerts"), elsewhere(desk, "maya")):
            with pytest.raises(WrongPlace, match="may not show anything"):
                await messenger.post(wrong, "elsewhere")
            with pytest.raises(WrongPlace):
                await messenger.upload(wrong, "x.txt", "elsewhere")
        with pytest.raises(WrongPlace):
            await messenger.edit(elsewhere(desk), ts, "elsewhere")
        with pytest.raises(WrongPlace):
            await desk.desk.whisper(elsewhere(desk), desk.ws.user_id("maya"), "elsewhere")
    assert len(desk.shown("alerts")) == 1
    assert desk.shown("general") == []
    assert desk.ws.whispers("maya", "general") == []


async def test_an_incident_without_a_thread_begins_one_where_alerts_are_told(desk: IncidentDesk) -> None:
    await desk.opened()
    messenger = desk.desk.messenger
    with at_work(desk, JobKind.living):
        with pytest.raises(WrongPlace):
            await messenger.post(elsewhere(desk), "elsewhere")
        await desk.living()
        told = (await desk.incident()).place
        assert told is not None
        await messenger.post(told, "from now on in its own thread")
        with pytest.raises(WrongPlace):
            await messenger.post(elsewhere(desk, "alerts"), "a second root")


async def test_a_question_is_answered_where_it_was_asked(desk: IncidentDesk) -> None:
    asked, told = elsewhere(desk, "general", desk.ws.post_as("maya", "general", "why?")), desk.post()
    await desk.opened(place=told)
    messenger = desk.desk.messenger
    where = {"channel": asked.channel, "thread_ts": asked.thread_ts, "user": desk.ws.user_id("maya")}
    with at_work(desk, JobKind.mention, **where):
        await messenger.post(asked, "there")
        for wrong in (told, elsewhere(desk, "alerts"), elsewhere(desk, "general"), elsewhere(desk, "maya")):
            with pytest.raises(WrongPlace):
                await messenger.post(wrong, "elsewhere")
        with pytest.raises(WrongPlace):
            await messenger.client.chat_startStream(channel=told.channel, thread_ts=told.thread_ts)
        with pytest.raises(WrongPlace):
            await messenger.client.views_publish(user_id=desk.ws.user_id("priya"), view={"type": "home", "blocks": []})


async def test_who_looks_after_many_incidents_may_tell_each_in_its_own_thread(desk: IncidentDesk) -> None:
    place = desk.post()
    await desk.opened(place=place)
    job = desk.job(JobKind.sweep).model_copy(update={"payload": {}})
    messenger = desk.desk.messenger
    with only_in(JobPlaces(job, desk.deps, messenger)):
        await messenger.post(place, "there")
        stranger = elsewhere(desk, "alerts", desk.ws.post_as("maya", "alerts", "people talk"))
        for wrong in (stranger, elsewhere(desk, "general")):
            with pytest.raises(WrongPlace):
                await messenger.post(wrong, "elsewhere")


async def test_the_services_own_client_shows_nothing_outside_of_jobs(desk: IncidentDesk) -> None:
    messenger = SlackMessenger(web_client(desk.ws.bot_token, desk.ws.api_url, only_in_jobs=True))
    with pytest.raises(WrongPlace, match="outside of any job"):
        await messenger.post(desk.post(), "anywhere")
    assert await messenger.team_id() == desk.ws.team_id
