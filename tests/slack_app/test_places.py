"""Where an incident is told when it cannot be told where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.models import Decision, JobKind, SlackPlace
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import text_of
from tests.slack_app.incident_desk import IncidentDesk, incident_desk

FINOPS = Decision(treatment="analyse", rule="cost", reason="It is theirs.", channel="finops")


@pytest.fixture
def outside(desk: IncidentDesk) -> IncidentDesk:
    """Where Watchkeeper is not in #finops."""
    desk.ws.workspace.state.channel("finops").members.remove(desk.ws.bot_user)
    return desk


async def drawn(desk: IncidentDesk) -> None:
    """Drawn until nothing is asked for any more."""
    await desk.living()
    for job in await desk.queued(JobKind.living):
        await desk.living(**{name: value for name, value in job.payload.items() if name != "incident"})


async def events(desk: IncidentDesk) -> list[str]:
    return [entry.event for entry in await desk.deps.audit.read(desk.id)]


async def test_a_public_channel_that_a_rule_names_is_joined(outside: IncidentDesk) -> None:
    await outside.opened(decision=FINOPS)
    await drawn(outside)
    assert "looking into it" in text_of(outside.shown("finops")[-1])
    assert outside.shown("alerts") == []
    assert "moved" not in [event.kind for event in (await outside.incident()).timeline]


async def test_what_cannot_be_joined_gives_way_to_an_alert_channel_and_the_message_says_so(
    outside: IncidentDesk,
) -> None:
    outside.ws.faults.fail("conversations.join", "method_not_supported_for_channel_type")
    await outside.opened(decision=FINOPS)
    await drawn(outside)
    await drawn(outside)

    channel = outside.ws.channel_id("finops")
    assert f"Meant for <#{channel}>, but I am not in it" in outside.words("alerts")
    assert await events(outside) == ["incident.moved"]


async def test_a_channel_that_slack_does_not_list_is_named_in_the_message(desk: IncidentDesk) -> None:
    await desk.opened(decision=FINOPS.model_copy(update={"channel": "#secret"}))
    await drawn(desk)
    assert "Meant for #secret, but Slack does not show it to me" in desk.words("alerts")


async def test_an_alert_in_a_channel_that_was_archived_is_told_in_an_alert_channel(desk: IncidentDesk) -> None:
    post = desk.ws.post_as("maya", "general", "ALARM")
    await desk.opened(place=SlackPlace(channel=desk.ws.channel_id("general"), thread_ts=post))
    desk.ws.faults.fail("chat.postMessage", "is_archived", times=1)
    await drawn(desk)
    assert "but it is archived" in desk.words("alerts")


async def test_where_there_is_no_channel_at_all_it_is_written_down_and_tried_again_for_a_day(
    desk: IncidentDesk,
) -> None:
    await desk.opened(place=desk.post())
    desk.ws.faults.fail("chat.postMessage", "is_archived", times=2)
    await desk.living()
    await desk.living()
    assert await events(desk) == ["incident.untold"]
    assert len(await desk.queued(JobKind.living)) == 2

    desk.clock.ahead += timedelta(days=2)
    desk.ws.faults.fail("conversations.replies", "is_archived", times=1)
    await desk.living()
    assert await desk.queued(JobKind.living) == []


@pytest.mark.parametrize("threaded", [True, False])
async def test_a_message_that_somebody_deleted_is_posted_once_more(desk: IncidentDesk, threaded: bool) -> None:
    await desk.opened(place=desk.post() if threaded else None)
    await desk.living()
    for times in (1, 0):
        incident = await desk.incident()
        assert incident.place is not None
        await desk.desk.messenger.client.chat_delete(channel=incident.place.channel, ts=incident.summary_ts)
        worse = {"title": "worse", "grouped": f"changed {times}", "storm": bool(times)}
        await desk.deps.incidents.change(desk.id, lambda known, worse=worse: known.model_copy(update=worse))
        await drawn(desk)
        assert len(desk.shown()) == times
    assert await desk.queued(JobKind.living) == []


@pytest.fixture
def two_channels(ws: RunningWorkspace, tmp_path: Path) -> Iterator[IncidentDesk]:
    with incident_desk(ws, tmp_path, alert_channels=("alerts", "general")) as opened:
        yield opened


async def test_another_alert_channel_takes_over_for_the_first(two_channels: IncidentDesk) -> None:
    two_channels.ws.workspace.state.channel("alerts").members.remove(two_channels.ws.bot_user)
    two_channels.ws.faults.fail("conversations.join", "is_archived")
    await two_channels.opened()
    await drawn(two_channels)
    (message,) = two_channels.shown("general")
    assert "Meant for" in text_of(message)
