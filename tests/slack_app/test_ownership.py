"""The buttons under an incident's message: who did what, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import RetryLater
from agent.models import AlertStatus, Decision, IncidentStatus, JobKind
from deploy.local.workspace.background import RunningWorkspace
from slack_app.blocks.ownership import ownership_buttons, snooze_end
from slack_app.channel_budget import PERSON
from slack_app.handlers.ownership import handle_ownership
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk


async def _shown(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.living()


async def test_who_acknowledged_it_is_said_and_the_button_goes(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_acknowledge")

    assert f"Acknowledged by <@{desk.ws.user_id('maya')}> at" in desk.words()
    assert "incident_acknowledge" not in desk.buttons()
    (event,) = [event for event in (await desk.incident()).timeline if event.kind == "acknowledged"]
    assert event.actor == desk.ws.user_id("maya")
    assert [e.event for e in await desk.deps.audit.read(desk.id)] == ["incident.acknowledged"]


async def test_a_click_that_is_delivered_again_counts_once(desk: IncidentDesk) -> None:
    await _shown(desk)
    job = await desk.click("incident_acknowledge")
    await handle_ownership(job, desk.desk)
    assert [event.kind for event in (await desk.incident()).timeline] == ["opened", "acknowledged"]


async def test_somebody_gets_it(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_assign", desk.ws.user_id("priya"))
    living, told = desk.shown()
    assert f"Assigned to <@{desk.ws.user_id('priya')}> by <@{desk.ws.user_id('maya')}>" in str(living["blocks"])
    assert told["text"].startswith(f"<@{desk.ws.user_id('priya')}>, <@{desk.ws.user_id('maya')}> assigned this to you")


async def test_an_assignee_is_told_once_each_time(desk: IncidentDesk) -> None:
    await _shown(desk)
    job = await desk.click("incident_assign", desk.ws.user_id("priya"))
    await handle_ownership(job, desk.desk)
    assert len(desk.shown()) == 2

    await desk.click("incident_assign", desk.ws.user_id("liwei"))
    await desk.click("incident_assign", desk.ws.user_id("maya"))  # she knows
    assert [desk.ws.user_id("liwei") in message["text"] for message in desk.shown()] == [False, False, True]


async def test_in_a_busy_channel_an_assignee_is_told_later(ws: RunningWorkspace, tmp_path: Path) -> None:
    with incident_desk(ws, tmp_path, channel_messages_per_minute=5) as desk:
        await _shown(desk)
        for _ in range(4):
            await desk.desk.budget.take(desk.ws.channel_id("alerts"), PERSON)
        with pytest.raises(RetryLater):
            await desk.click("incident_assign", desk.ws.user_id("priya"))
        assert len(desk.shown()) == 1


async def test_a_snooze_ends_by_itself_and_then_it_is_looked_at_again(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_snooze", "30m")
    assert "snoozed by" in desk.words()
    (wake,) = [job for job in await desk.queued(JobKind.living) if job.payload.get("wake")]

    desk.clock.ahead += timedelta(minutes=31)
    await desk.living(**{k: v for k, v in wake.payload.items() if k == "wake"})
    assert "snoozed by" not in desk.words()
    assert len(await desk.queued(JobKind.analysis)) == 1


def test_tomorrow_begins_at_nine_where_one_lives() -> None:
    evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert snooze_end("tomorrow", evening, "Asia/Kolkata") == datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
    assert snooze_end("tomorrow", evening, "America/New_York") == datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
    assert snooze_end("2h", evening, "UTC") == evening + timedelta(hours=2)


@pytest.mark.parametrize(("group", "mention"), [("S0ONCALL01", "S0ONCALL01"), ("@platform", "S0PLATFORM")])
async def test_whoever_is_on_call_is_called_once(
    ws: RunningWorkspace, tmp_path: Path, group: str, mention: str
) -> None:
    with incident_desk(ws, tmp_path, oncall_group=group) as desk:
        await _shown(desk)
        job = await desk.click("incident_escalate")
        await handle_ownership(job, desk.desk)
        living, called = desk.shown()
        assert "Escalated by" in str(living["blocks"])
        assert called["thread_ts"] == living["thread_ts"]
        assert f"<!subteam^{mention}> <@{desk.ws.user_id('maya')}> escalates: checkout errors" in called["text"]


@pytest.mark.parametrize(("group", "said"), [("", "is not set"), ("@oncall", "Slack shows me no @oncall")])
async def test_where_nobody_would_be_called_nothing_says_that_somebody_was(
    ws: RunningWorkspace, tmp_path: Path, group: str, said: str
) -> None:
    with incident_desk(ws, tmp_path, oncall_group=group) as desk:
        await _shown(desk)
        await desk.click("incident_escalate")

        assert (await desk.incident()).ownership.escalated is None
        assert "incident_escalate" in desk.buttons()
        (whisper,) = desk.ws.whispers("maya", "alerts")
        assert "WATCHKEEPER_ONCALL_GROUP" in whisper["text"]
        assert said in whisper["text"]


async def test_a_rule_says_who_is_called(ws: RunningWorkspace, tmp_path: Path) -> None:
    rule = Decision(treatment="analyse", rule="pay", reason="It is ours.", escalate_to="U0PRIYANAI")
    with incident_desk(ws, tmp_path, oncall_group="S0ONCALL01") as desk:
        await desk.opened(place=desk.post(), decision=rule)
        await desk.living()
        await desk.click("incident_escalate")
        assert desk.shown()[1]["text"].startswith("<@U0PRIYANAI>")


async def test_a_person_resolves_it_and_what_fires_again_opens_it(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_resolve")
    assert (await desk.incident()).status is IncidentStatus.resolved
    assert "Resolved at" in desk.words()
    assert "Resolved by <@" in desk.words()

    await desk.again(alert())
    await desk.living()
    assert (await desk.incident()).status is IncidentStatus.open
    assert "Back at" in desk.words()
    assert "Resolved by" not in desk.words()


async def test_a_click_on_what_is_over_is_answered_to_who_clicked(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_resolve")
    await desk.click("incident_acknowledge", user="priya")
    (said,) = desk.ws.whispers("priya", "alerts")
    assert "press Reopen first" in said["text"]
    assert (await desk.incident()).ownership.acknowledged is None


async def test_what_was_resolved_is_opened_again_and_belongs_to_whoever_had_it(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_acknowledge")
    await desk.click("incident_resolve")
    await desk.click("incident_reopen", user="priya")
    incident = await desk.incident()
    assert incident.status is IncidentStatus.open
    assert incident.ownership.acknowledged is not None
    assert (incident.ownership.resolved, incident.ownership.escalated) == (None, None)
    assert "acknowledged by" in desk.words().lower()
    assert f"reopened by <@{desk.ws.user_id('priya')}> at" in desk.words()
    assert "incident_escalate" in desk.buttons()


async def test_a_click_from_another_channel_changes_nothing(desk: IncidentDesk) -> None:
    await _shown(desk)
    at = f"{desk.deps.clock().timestamp():.6f}"
    elsewhere = {"channel": desk.ws.channel_id("general"), "thread_ts": "1.0", "user": desk.ws.user_id("maya")}
    await handle_ownership(
        desk.job(JobKind.ownership, **elsewhere, action="incident_resolve", value="", at=at), desk.desk
    )
    assert (await desk.incident()).status is IncidentStatus.open


async def test_only_what_can_still_be_done_has_a_button(desk: IncidentDesk) -> None:
    one = alert()
    made = await desk.opened(one, place=desk.post())
    assert [element["action_id"] for element in ownership_buttons(made)["elements"]] == [
        "incident_acknowledge",
        "incident_assign",
        "incident_snooze",
        "incident_escalate",
        "incident_resolve",
    ]
    await desk.again(one.model_copy(update={"status": AlertStatus.resolved}))
    assert [e["action_id"] for e in ownership_buttons(await desk.incident())["elements"]] == ["incident_reopen"]


async def test_closing_an_old_incident_does_not_silence_the_alert_where_it_fires_now(desk: IncidentDesk) -> None:
    await _shown(desk)
    desk.clock.ahead += timedelta(hours=2)  # nothing said that it was over, and its window ended
    await desk.deps.ledger.record(alert(), "inc_000000000002", event_id="later")

    await desk.click("incident_resolve")

    assert (await desk.deps.ledger.tally("inc_000000000002")).firing == 1


async def test_closing_an_incident_whose_window_ended_opens_no_other_one(desk: IncidentDesk) -> None:
    await _shown(desk)
    desk.clock.ahead += timedelta(hours=2)
    await desk.click("incident_resolve")

    assert len(await desk.deps.ledger.earlier(alert().fingerprint)) == 1


async def test_what_was_over_before_anybody_looked_into_it_is_analysed_when_it_is_reopened(desk: IncidentDesk) -> None:
    await _shown(desk)
    await desk.click("incident_resolve")
    await desk.click("incident_reopen")

    assert [job.payload["why"] for job in await desk.queued(JobKind.analysis)] == ["changed"]
