"""How a remediation ends: closed everywhere, withdrawn because nothing has to be changed any more, or people called."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.errors import RetryLater
from agent.models import (
    AlertStatus,
    Decision,
    IncidentStatus,
    JobKind,
    Mark,
    Remediation,
    RemediationStatus,
    Severity,
    StepStatus,
)
from agent.ports import Page
from deploy.local.workspace.background import RunningWorkspace
from graphs.alert_intake import AlertIntake
from slack_app.handlers.alerts import handle_alert
from slack_app.handlers.cards import show_card
from slack_app.handlers.remediation_endings import end_what_is_needless
from slack_app.handlers.remediation_words import changed_by
from slack_app.handlers.remediations import go_on
from slack_app.handlers.tickets import ask_page, handle_ticket
from slack_app.messenger import SlackMessenger, web_client
from tests.e2e.service import text_of
from tests.outside import Outside, served
from tests.slack_app.incident_desk import alert
from tests.slack_app.remediation_desk import GROUP, TITLE, RemediationDesk, remediation, remediation_desk
from tests.tools.tickets.systems import ROUTING_KEY, JiraProject, PagerDutyAccount
from tools.json_api import TRIES
from tools.tickets.jira import plain

CALLED = f"<!subteam^{GROUP}>"


@pytest.fixture
def desk(ws: RunningWorkspace, tmp_path: Path) -> Iterator[RemediationDesk]:
    with remediation_desk(ws, tmp_path) as opened:
        yield opened


async def _approved(desk: RemediationDesk) -> None:
    mark = Mark(by=desk.ws.user_id("maya"), at=desk.deps.clock())
    await desk.deps.approvals.approve("apr_1", mark)


async def _helped(desk: RemediationDesk) -> None:
    await desk.asked()
    await _approved(desk)
    await desk.ended(StepStatus.helped, RemediationStatus.succeeded)
    await desk.goes_on()


async def test_what_helped_closes_its_incident_once_and_says_who_approved_what(desk: RemediationDesk) -> None:
    await _helped(desk)
    await desk.goes_on()

    incident = await desk.incident()
    assert incident.status is IncidentStatus.resolved
    assert incident.ownership.remedied is not None
    assert (incident.ownership.remedied.by, incident.ownership.remedied.note) == (desk.ws.user_id("maya"), TITLE)
    assert [event.kind for event in incident.timeline].count("resolved") == 1
    assert (await desk.deps.ledger.tally(desk.id)).firing == 0
    (card,) = desk.said("✅ It helped")
    assert not [block for block in card["blocks"] if block["type"] == "actions"]
    assert desk.said("resolved", f"🔧 It helped: {TITLE}")


async def test_what_fired_before_a_fix_helped_opens_nothing_again_and_what_fires_after_it_does(
    desk: RemediationDesk,
) -> None:
    intake, one = AlertIntake(desk.deps), alert(received_at=desk.deps.clock())
    await desk.asked()
    await _approved(desk)
    await desk.ended(StepStatus.helped, RemediationStatus.succeeded)
    # a worker dies between closing the incident and telling the ledger
    change = await changed_by(await desk.given(), desk.deps)
    await desk.deps.incidents.change(desk.id, lambda kept: change(kept, 1))

    await intake.take_in(one, "first:0", None, "alerts")  # the message that opened it comes once more
    assert (await desk.incident()).status is IncidentStatus.resolved

    await desk.goes_on()
    await intake.take_in(one, "first:0", None, "alerts")
    assert (await desk.incident()).status is IncidentStatus.resolved

    desk.clock.ahead += timedelta(minutes=1)
    await intake.take_in(one.model_copy(update={"received_at": None}), "second", None, "alerts")
    incident = await desk.incident()
    assert (incident.status, incident.ownership.remedied) == (IncidentStatus.open, None)
    await desk.goes_on()  # its job comes once more
    assert (await desk.incident()).status is IncidentStatus.open


async def test_its_ticket_says_what_was_done(ws: RunningWorkspace, tmp_path: Path) -> None:
    project = JiraProject()
    async with served(project) as wire:
        secret = "s3cr" + "et-of-tests"
        jira = {"jira_url": wire.url, "jira_user": "bot@example.com", "jira_token": secret, "jira_project": "OPS"}
        with remediation_desk(ws, tmp_path, **jira, tickets="jira") as desk:
            await desk.asked()
            await handle_ticket(desk.job(JobKind.ticket, what="open"), desk.desk)
            await _approved(desk)
            await desk.ended(StepStatus.helped, RemediationStatus.succeeded)
            await desk.goes_on()
            await desk.tickets_done("close")
    (issue,) = project.issues.values()
    assert issue["fields"]["status"]["name"] == "Done"
    said = plain(project.comments["OPS-1"][-1]["body"])
    assert f"by a change that helped and that Maya Okafor approved: {TITLE}" in said


@pytest.mark.parametrize("how", ["recovers", "is closed"])
async def test_a_card_is_withdrawn_when_its_incident_is_over(desk: RemediationDesk, how: str) -> None:
    await desk.asked()
    assert desk.said("Approval needed")
    if how == "recovers":
        await desk.again(alert(status=AlertStatus.resolved))
    else:
        await desk.click("incident_resolve")
        (job,) = [job for job in await desk.queued(JobKind.verify) if job.payload.get("remediation") == "rem_1"][-1:]
        assert job.payload == {"remediation": "rem_1"}
    await desk.goes_on()

    said = "It recovered by itself." if how == "recovers" else "Somebody closed the incident."
    (card,) = desk.said("Not needed any more", said, TITLE)
    assert not [block for block in card["blocks"] if block["type"] == "actions"]
    assert (await desk.given()).status is RemediationStatus.rejected
    assert (await desk.incident()).status is IncidentStatus.resolved
    assert "approval.withdrawn" in await desk.audited()
    assert "approval.rejected" not in await desk.audited()
    assert not desk.said(CALLED)


async def test_an_alert_that_recovers_has_its_card_looked_at(desk: RemediationDesk) -> None:
    fired = {"title": "[Triggered] Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}
    await handle_alert(desk.job(JobKind.alert, source="datadog", body=fired, delivery=""), desk.desk)
    (incident,) = await desk.deps.incidents.recent(desk.deps.clock() - timedelta(hours=1))
    now = desk.deps.clock()
    given = remediation(incident.id, StepStatus.awaiting, RemediationStatus.awaiting_approval, now)
    await desk.deps.remediations.create(given)
    over = {**fired, "title": "[Recovered] Errors of checkout", "alert_transition": "Recovered"}
    await handle_alert(desk.job(JobKind.alert, source="datadog", body=over, delivery=""), desk.desk)
    assert [job.payload for job in await desk.queued(JobKind.verify)] == [{"remediation": "rem_1"}]


async def test_what_somebody_opened_again_is_not_taken_for_over(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    await desk.click("incident_resolve")
    desk.clock.ahead += timedelta(seconds=5)
    await desk.click("incident_reopen")
    await desk.pressed_fix()
    (given,) = await desk.deps.remediations.of_incident(desk.id)
    assert not await end_what_is_needless(given, desk.desk)


async def test_what_is_over_before_anybody_was_asked_is_not_begun(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    await desk.pressed_fix()
    await desk.again(alert(status=AlertStatus.resolved))
    (given,) = await desk.deps.remediations.of_incident(desk.id)
    await go_on(given.id, desk.desk)
    (given,) = await desk.deps.remediations.of_incident(desk.id)
    assert (given.status, given.steps) == (RemediationStatus.rejected, ())
    assert len(desk.shown()) == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (StepStatus.expired, "Expired"),
        (StepStatus.failed, "It failed"),
        (StepStatus.no_effect, "It did not help"),
        (StepStatus.refused, "Not allowed"),
    ],
)
async def test_who_is_on_call_is_called_once_with_all_that_was_tried(
    desk: RemediationDesk, step: StepStatus, said: str
) -> None:
    await desk.asked()
    await desk.ended(step, RemediationStatus.escalated)
    for _ in range(3):
        await desk.goes_on()
    (told,) = desk.said(CALLED)
    assert f"• {TITLE}: {said}" in text_of(told)
    assert "a person has to look: checkout errors" in text_of(told)
    assert "PagerDuty is not set up (WATCHKEEPER_PAGERDUTY_ROUTING_KEY)" in text_of(told)
    assert (await desk.incident()).status is IncidentStatus.escalated
    assert (await desk.audited()).count("remediation.escalated") == 1


async def test_people_are_called_too_when_nothing_could_be_proposed(desk: RemediationDesk) -> None:
    await desk.diagnosed()
    why = "There is no version before 1."
    await desk.ended(StepStatus.refused, RemediationStatus.escalated, steps=(), learnt=(why,))
    await desk.goes_on()
    assert desk.said(CALLED, f"• {why}")
    assert desk.said(f"No fix is possible, so that people have to look: {why}")


@pytest.mark.parametrize("touched", [False, True])
async def test_nobody_is_woken_for_a_warning_to_which_nothing_was_done(desk: RemediationDesk, touched: bool) -> None:
    made = await desk.diagnosed()
    await desk.deps.incidents.change(made.id, lambda kept: kept.model_copy(update={"severity": Severity.warning}))
    given = await desk.ended(StepStatus.failed, RemediationStatus.escalated)
    began = {"intended_at": desk.deps.clock() if touched else None}
    steps = tuple(step.model_copy(update=began) for step in given.steps)
    await desk.deps.remediations.change(given.id, lambda kept: kept.model_copy(update={"steps": steps}))
    await desk.goes_on()
    (said,) = desk.said("I could not fix this")
    assert (f"<!subteam^{GROUP}" in str(said)) is touched


async def test_nobody_is_called_for_what_is_over(desk: RemediationDesk) -> None:
    await desk.asked()
    await desk.click("incident_resolve")
    await desk.ended(StepStatus.failed, RemediationStatus.escalated)
    await desk.goes_on()
    assert not desk.said(CALLED)


async def test_a_rule_says_who_is_called(desk: RemediationDesk) -> None:
    rule = Decision(treatment="analyse", rule="pay", reason="It is ours.", escalate_to="@platform")
    await desk.asked(decision=rule)
    await desk.ended(StepStatus.expired, RemediationStatus.escalated)
    await desk.goes_on()
    assert desk.said(CALLED, "a person has to look")


@pytest.mark.parametrize(
    ("group", "said"),
    [("", "WATCHKEEPER_ONCALL_GROUP is not set"), ("@nobody", "shows me no @nobody")],
)
async def test_it_says_so_when_nobody_is_called(ws: RunningWorkspace, tmp_path: Path, group: str, said: str) -> None:
    with remediation_desk(ws, tmp_path, oncall_group=group) as desk:
        await desk.asked()
        await desk.ended(StepStatus.expired, RemediationStatus.escalated)
        await desk.goes_on()
        assert desk.said("a person has to look", said)


async def _deleted(given: Remediation, desk: RemediationDesk) -> None:
    assert given.place is not None
    await desk.desk.messenger.client.chat_delete(channel=given.place.channel, ts=given.card_ts)


async def test_a_card_that_somebody_deleted_is_asked_anew(desk: RemediationDesk) -> None:
    given = await desk.asked()
    await _deleted(given, desk)
    await desk.deps.remediations.change("rem_1", lambda kept: kept.model_copy(update={"shown": "other"}))
    with pytest.raises(RetryLater, match="asked anew"):
        await show_card(await desk.given(), await desk.incident(), desk.desk)
    kept = await desk.deps.approvals.get("apr_1")
    assert kept is not None
    assert (kept.decision, (await desk.given()).card_ts) == ("superseded", "")


async def test_an_ending_does_not_wait_for_a_card_that_somebody_deleted(desk: RemediationDesk) -> None:
    given = await desk.asked()
    await _deleted(given, desk)
    await _approved(desk)
    await desk.ended(StepStatus.helped, RemediationStatus.succeeded)
    await desk.goes_on()
    assert (await desk.incident()).status is IncidentStatus.resolved


@asynccontextmanager
async def _with_pager(
    ws: RunningWorkspace, home: Path, **settings: Any
) -> AsyncGenerator[tuple[RemediationDesk, PagerDutyAccount, Outside]]:
    account = PagerDutyAccount()
    async with served(account) as wire:
        pager = {"pagerduty_routing_key": ROUTING_KEY, "pagerduty_events_url": wire.url}
        with remediation_desk(ws, home, **pager, **settings) as desk:
            yield desk, account, wire


async def test_a_page_is_sent_once_and_ends_with_the_incident(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _with_pager(ws, tmp_path) as (desk, account, _):
        await desk.asked()
        await desk.ended(StepStatus.no_effect, RemediationStatus.escalated)
        await desk.goes_on()
        pages = [job for job in await desk.queued(JobKind.ticket) if job.payload["what"] == "page"]
        await desk.goes_on()
        assert not [job for job in await desk.queued(JobKind.ticket) if job.payload["what"] == "page"]
        for job in pages * 2:
            await handle_ticket(job, desk.desk)
        assert desk.said(CALLED, "PagerDuty pages, too.")
        assert [each["status"] for each in account.incidents] == ["triggered"]
        assert "ticket.paged" in await desk.audited()

        await desk.click("incident_resolve")
        await handle_ticket(desk.job(JobKind.ticket, what="close"), desk.desk)
        assert [each["status"] for each in account.incidents] == ["resolved"]


async def test_what_has_a_ticket_in_pagerduty_rings_once_more(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _with_pager(ws, tmp_path, tickets="pagerduty") as (desk, account, _):
        await desk.asked()
        await handle_ticket(desk.job(JobKind.ticket, what="open"), desk.desk)
        await desk.click("incident_acknowledge")
        await handle_ticket(desk.job(JobKind.ticket, what="update"), desk.desk)
        await desk.ended(StepStatus.no_effect, RemediationStatus.escalated)
        await desk.goes_on()
        await desk.tickets_done("page")
        first, second = account.incidents
        assert (first["status"], second["status"]) == ("acknowledged", "triggered")
        payload = second["event"]["payload"]
        assert payload["summary"].startswith("Watchkeeper could not fix this")
        assert f"- {TITLE}: It did not help" in payload["custom_details"]["watchkeeper"]

        await desk.click("incident_resolve")
        await handle_ticket(desk.job(JobKind.ticket, what="close"), desk.desk)
        assert {each["status"] for each in account.incidents} == {"resolved"}


async def test_another_reason_is_another_page(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _with_pager(ws, tmp_path) as (desk, account, _):
        await desk.asked()
        for key, title in (("apr_1", "Somebody broke the glass"), ("rem_1", "Watchkeeper could not fix this")):
            await ask_page(desk.deps, desk.id, Page(key, title, "Customers cannot pay."))
            await ask_page(desk.deps, desk.id, Page(key, title, "Customers cannot pay."))
            await desk.tickets_done("page")
        summaries = [each["event"]["payload"]["summary"] for each in account.incidents]
        assert summaries == [
            "Somebody broke the glass: [error] checkout errors",
            "Watchkeeper could not fix this: [error] checkout errors",
        ]
        await desk.click("incident_acknowledge")
        await handle_ticket(desk.job(JobKind.ticket, what="update"), desk.desk)
        assert {each["status"] for each in account.incidents} == {"acknowledged"}


async def test_a_pagerduty_that_fails_holds_up_nobody_and_is_asked_again(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _with_pager(ws, tmp_path) as (desk, account, wire):
        await desk.asked()
        await desk.ended(StepStatus.no_effect, RemediationStatus.escalated)
        await desk.goes_on()
        assert desk.said(CALLED)
        (page,) = [job for job in await desk.queued(JobKind.ticket) if job.payload["what"] == "page"]
        wire.plan(503, times=TRIES)
        with pytest.raises(RetryLater):
            await handle_ticket(page, desk.desk)
        await handle_ticket(page, desk.desk)
        assert [each["status"] for each in account.incidents] == ["triggered"]


async def test_a_slack_that_fails_holds_up_no_page_and_is_told_when_it_is_back(
    ws: RunningWorkspace, tmp_path: Path
) -> None:
    async with _with_pager(ws, tmp_path) as (desk, account, _):
        await desk.asked()
        await desk.ended(StepStatus.no_effect, RemediationStatus.escalated)
        reached = desk.desk
        nowhere = SlackMessenger(web_client(ws.bot_token, "http://127.0.0.1:1/api/"), seconds_between_edits=0.01)
        desk.desk = replace(reached, messenger=nowhere)
        with pytest.raises(aiohttp.ClientError):
            await desk.goes_on()
        desk.desk = reached
        await desk.tickets_done("page")
        assert [each["status"] for each in account.incidents] == ["triggered"]

        for _ in range(2):
            await desk.goes_on()
        assert len(desk.said(CALLED)) == 1
