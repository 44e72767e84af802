"""An incident's ticket follows it: opened with its diagnosis, told what changes, closed and opened again with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import InputError, RetryLater
from agent.models import AlertStatus, Decision, Incident, IncidentStatus, JobKind, Severity
from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.tickets import handle_ticket
from tests.outside import Outside, served
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk
from tests.tools.tickets.examples import FOUND
from tests.tools.tickets.examples import incident as example
from tests.tools.tickets.systems import ROUTING_KEY, SECRET, JiraProject, PagerDutyAccount
from tools.tickets.jira import plain

NEWER = FOUND.model_copy(update={"root_cause": "The database is full."})


@dataclass
class There:
    desk: IncidentDesk
    project: JiraProject
    wire: Outside

    async def shown(self, **fields: Any) -> Incident:
        """Diagnosed, and told in Slack."""
        given = {"diagnosis": FOUND, "evidence": example().evidence, "diagnosed_at": self.desk.deps.clock()}
        made = await self.desk.opened(place=self.desk.post(), **(given | fields))
        await self.desk.living()
        return made

    async def run(self, times: int = 1) -> None:
        for _ in range(times):
            await handle_ticket(self.desk.job(JobKind.ticket, what="update"), self.desk.desk)

    async def changed(self, **fields: Any) -> None:
        await self.desk.deps.incidents.change(self.desk.id, lambda incident: incident.model_copy(update=fields))

    @property
    def issue(self) -> dict[str, Any]:
        (issue,) = self.project.issues.values()
        return issue["fields"]

    @property
    def comments(self) -> list[str]:
        return [plain(comment["body"]) for comment in self.project.comments["OPS-1"]]

    async def events(self) -> list[str]:
        entries = await self.desk.deps.audit.read(self.desk.id)
        return [entry.event for entry in entries[::-1] if entry.event.startswith(("ticket", "source"))]


@asynccontextmanager
async def _there(ws: RunningWorkspace, home: Path, **settings: Any) -> AsyncGenerator[There]:
    project = JiraProject()
    async with served(project) as wire:
        jira = {"jira_url": wire.url, "jira_user": "bot@example.com", "jira_token": SECRET, "jira_project": "OPS"}
        with incident_desk(ws, home, **(jira | {"tickets": "jira"} | settings)) as desk:
            yield There(desk, project, wire)


@pytest.fixture
async def there(ws: RunningWorkspace, tmp_path: Path) -> AsyncGenerator[There]:
    async with _there(ws, tmp_path) as opened:
        yield opened


async def test_it_is_opened_once_with_the_diagnosis_and_linked_both_ways(there: There) -> None:
    await there.shown()
    await there.run(3)

    found = await there.desk.incident()
    said = plain(there.issue["description"])
    assert "Version 42 broke it. [1]" in said
    assert found.place is not None
    assert await there.desk.desk.messenger.permalink(found.place.channel, found.summary_ts) in said
    assert [(ticket.system, ticket.id) for ticket in found.tickets] == [("jira", "OPS-1")]
    await there.desk.living()
    assert "Jira OPS-1" in there.desk.words()
    assert there.comments == []
    assert await there.events() == ["ticket.opened"]


async def test_what_changes_is_one_comment(there: There) -> None:
    await there.shown()
    await there.run()
    await there.desk.click("incident_acknowledge")
    await there.desk.click("incident_assign", there.desk.ws.user_id("priya"))
    await there.changed(severity=Severity.critical)
    await there.run(2)

    (comment,) = there.comments
    assert "Its severity is critical now." in comment
    assert "Acknowledged by Maya" in comment
    assert "Assigned to Priya" in comment
    assert there.issue["status"]["name"] == "In Progress"


async def test_a_newer_diagnosis_is_told_once(there: There) -> None:
    await there.shown()
    await there.run()
    await there.changed(diagnosis=NEWER)
    await there.run(2)
    (comment,) = there.comments
    assert comment.startswith("A newer analysis:")
    assert "The database is full." in comment


async def test_a_comment_whose_note_was_lost_in_a_crash_is_not_written_again(there: There) -> None:
    await there.shown()
    await there.run()
    before = (await there.desk.incident()).tickets
    await there.desk.click("incident_acknowledge")
    await there.run()
    await there.changed(tickets=before)
    await there.run()
    assert len(there.comments) == 1


async def test_it_is_closed_and_opened_again_with_the_incident(there: There) -> None:
    await there.shown()
    await there.run()
    await there.desk.click("incident_resolve")
    await there.run(2)
    assert there.issue["status"]["name"] == "Done"
    assert "by Maya" in there.comments[-1]
    await there.desk.living()
    assert "Jira OPS-1 (closed)" in there.desk.words()

    await there.desk.again(alert())
    await there.run()
    assert there.issue["status"]["name"] == "In Progress"
    assert await there.events() == ["ticket.opened", "ticket.closed", "ticket.reopened"]


async def test_what_resolves_by_itself_is_said_to(there: There) -> None:
    await there.shown()
    await there.run()
    await there.desk.again(alert().model_copy(update={"status": AlertStatus.resolved}))
    await there.run()
    assert "as its monitoring says" in there.comments[-1]


async def test_a_rule_says_where_and_the_settings_for_the_rest(there: There) -> None:
    by_rule = Decision(treatment="analyse", rule="pay", reason="It is ours.", ticket="pagerduty")
    await there.shown(decision=by_rule)
    await there.run()
    assert there.project.issues == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"diagnosis": None, "diagnosed_at": None},
        {"status": IncidentStatus.resolved},
        {"severity": Severity.warning},
        {"alerts": (alert(source="jira"),)},
    ],
)
async def test_no_ticket_before_it_is_known_after_it_is_over_for_trifles_or_where_it_came_from(
    there: There, fields: dict[str, Any]
) -> None:
    await there.shown()
    await there.changed(**fields)
    await there.run()
    assert there.project.issues == {}


async def test_a_ticket_waits_a_little_for_the_message_that_it_leads_to(there: There) -> None:
    await there.desk.opened(place=there.desk.post(), diagnosis=FOUND)
    await there.run()
    (again,) = await there.desk.queued(JobKind.ticket)
    assert again.payload["tried"] == 1
    assert there.project.issues == {}

    await handle_ticket(there.desk.job(JobKind.ticket, what="open", tried=3), there.desk.desk)
    assert len(there.project.issues) == 1


async def test_what_the_system_refuses_is_said_once_in_the_thread_and_kept_for_a_person(there: There) -> None:
    await there.shown()
    for _ in range(2):
        there.wire.plan(200, {"issues": []})
        there.wire.plan(400, {"errors": {"summary": "Summary is required."}})
        with pytest.raises(InputError, match="Summary is required"):
            await there.run()
    said = [message["text"] for message in there.desk.shown()[1:]]
    assert said == ["The ticket is not up to date: Jira does not take this (400: Summary is required.)."]
    assert set(await there.events()) == {"ticket.failed"}


async def test_a_system_that_is_busy_gets_its_time_and_nobody_hears_of_it(there: There) -> None:
    await there.shown()
    there.wire.plan(429, headers={"Retry-After": "60"})
    with pytest.raises(RetryLater) as error:
        await there.run()
    assert error.value.seconds == 60
    assert len(there.desk.shown()) == 1
    await there.run()
    assert len(there.project.issues) == 1


async def test_two_workers_open_one_ticket(there: There) -> None:
    made = await there.shown()
    await there.desk.deps.locks.acquire(f"ticket:{made.id}", "somebody else", 30)
    with pytest.raises(RetryLater):
        await there.run()


async def test_a_system_that_a_rule_names_and_nobody_set_up_is_said_once(
    desk: IncidentDesk, caplog: pytest.LogCaptureFixture
) -> None:
    rule = Decision(treatment="analyse", rule="payments page", reason="It is ours.", ticket="jira")
    await desk.opened(place=desk.post(), decision=rule)
    await desk.living()
    await desk.analysis()
    jobs = await desk.queued(JobKind.ticket)
    assert jobs
    for _ in range(2):
        await handle_ticket(jobs[0], desk.desk)

    _, told = desk.shown()
    assert "an alert rule wants one in jira, which is not set up" in told["text"]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["the rule “payments page” wants tickets in jira, which is not set up"]


async def test_clicks_and_analyses_ask_for_it(there: There) -> None:
    await there.desk.opened(place=there.desk.post())
    await there.desk.living()
    await there.desk.analysis()
    await there.desk.click("incident_resolve")
    jobs = await there.desk.queued(JobKind.ticket)
    assert {job.payload["what"] for job in jobs} <= {"open", "close"}
    assert jobs


async def test_nothing_is_asked_for_where_no_system_is_set(desk: IncidentDesk) -> None:
    await desk.opened(place=desk.post())
    await desk.living()
    await desk.click("incident_acknowledge")
    assert await desk.queued(JobKind.ticket) == []


@asynccontextmanager
async def _sent_by_pagerduty(ws: RunningWorkspace, home: Path) -> AsyncGenerator[tuple[IncidentDesk, PagerDutyAccount]]:
    account = PagerDutyAccount()
    account.incidents.append({"id": "Q9", "incident_key": "k", "status": "triggered"})
    async with served(account) as wire:
        settings: dict[str, Any] = {
            "close_at_source": ("pagerduty",),
            "pagerduty_routing_key": ROUTING_KEY,
            "pagerduty_events_url": wire.url,
            "pagerduty_api_url": wire.url,
            "pagerduty_token": SECRET,
            "pagerduty_from": "bot@example.com",
        }
        with incident_desk(ws, home, **settings) as desk:
            await desk.opened(alert(source="pagerduty", external_id="Q9"), place=desk.post())
            await desk.living()
            yield desk, account


async def _at_the_source(desk: IncidentDesk) -> None:
    for job in await desk.queued(JobKind.ticket):
        if job.payload["what"] in ("silence", "resolve", "lift"):
            await handle_ticket(job, desk.desk)


async def test_who_sent_the_alert_hears_of_a_snooze_and_of_its_end(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _sent_by_pagerduty(ws, tmp_path) as (desk, account):
        await desk.click("incident_snooze", "2h")
        await _at_the_source(desk)
        assert 7000 < account.incidents[0]["snoozed"] <= 7200
        await desk.click("incident_resolve")
        await _at_the_source(desk)
        assert account.incidents[0]["status"] == "resolved"
        told = [entry for entry in await desk.deps.audit.read(desk.id) if entry.event.startswith("source.")]
    assert [(entry.event, entry.actor, entry.detail["source"]) for entry in told] == [
        ("source.resolve", ws.user_id("maya"), "pagerduty"),
        ("source.silence", ws.user_id("maya"), "pagerduty"),
    ]


async def test_who_changed_their_mind_meanwhile_is_understood(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _sent_by_pagerduty(ws, tmp_path) as (desk, account):
        await desk.click("incident_resolve")
        desk.clock.ahead += timedelta(seconds=1)
        await desk.click("incident_reopen")
        await _at_the_source(desk)
    assert account.incidents[0]["status"] == "triggered"


async def test_what_cannot_be_told_there_is_said_here_in_one_sentence(ws: RunningWorkspace, tmp_path: Path) -> None:
    async with _sent_by_pagerduty(ws, tmp_path) as (desk, account):
        account.incidents.clear()
        await desk.click("incident_resolve")
        assert len(desk.shown()) == 1
        await _at_the_source(desk)
        assert len(desk.shown()) == 1, "an alert that is gone there is no failure"

    async with served(PagerDutyAccount()) as wire:
        wire.plan(403, {"error": {"message": "Forbidden"}})
        refused: dict[str, Any] = {
            "close_at_source": ("pagerduty",),
            "pagerduty_api_url": wire.url,
            "pagerduty_token": SECRET,
            "pagerduty_from": "bot@example.com",
        }
        with incident_desk(ws, tmp_path / "other", **refused) as desk:
            desk.id = "inc_000000000009"
            await desk.opened(alert(source="pagerduty", external_id="Q9"), place=desk.post())
            await desk.living()
            await desk.click("incident_resolve")
            await _at_the_source(desk)
            said = desk.shown()[-1]["text"]
    assert said == (
        "PagerDuty was not told that this is resolved: PagerDuty denies access (403: Forbidden); check "
        "WATCHKEEPER_PAGERDUTY_TOKEN and WATCHKEEPER_PAGERDUTY_FROM."
    )
