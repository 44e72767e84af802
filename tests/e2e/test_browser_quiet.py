"""What is told quietly, as the page shows it: an alert that passes, the digest, a storm, and progress."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from agent.models import (
    Alert,
    AlertStatus,
    Decision,
    IncidentStatus,
    JobKind,
    Resource,
    Severity,
    SlackPlace,
    TimelineEvent,
)
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.blocks.progress import Progress
from slack_app.handlers.digests import handle_digest
from tests.e2e.pictures import picture
from tests.e2e.service import post_to_webhook
from tests.requirements import CHROMIUM_FLAGS, chromium_path
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not chromium_path(), reason="Chromium is not installed (apt-get install chromium)"),
]
PASS = Decision(treatment="pass", rule="default: informational", reason="It is informational.")
DIGEST = Decision(treatment="digest", rule="staging can wait", reason="The rule “staging can wait” keeps it.")
KEPT = (
    ("Disk of staging-db is 82 % full", 12),
    ("p95 of staging-api is above 800 ms", 7),
    ("Certificate of staging ends in 20 days", 1),
    ("Replica of staging-db lags by 40 s", 3),
    ("Memory of staging-worker is above 75 %", 2),
    ("Queue staging-mails has waited for 10 minutes", 2),
)
SYSTEMS = ("checkout", "payments", "search")
SERVICES = ("lambda", "rds", "sqs", "ecs", "dynamodb", "elb")


@pytest.fixture
def ws() -> Generator[RunningWorkspace]:
    with running_workspace() as workspace:
        yield workspace


@pytest.fixture
def desk(ws: RunningWorkspace, tmp_path: Path) -> Generator[IncidentDesk]:
    with incident_desk(ws, tmp_path) as opened:
        yield opened


@contextmanager
def shown_page(ws: RunningWorkspace) -> Generator[Page]:
    """#alerts. Playwright keeps a loop of its own in this thread: what it is to show is there before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(ws.url)
        page.get_by_test_id("channel-alerts").click()
        yield page
        browser.close()


def posted(desk: IncidentDesk, text: str) -> SlackPlace:
    """An alert as another app posts it."""
    post_to_webhook(desk.ws.incoming_webhook_url("alerts"), {"text": text})
    ts = desk.ws.messages("alerts")[-1]["ts"]
    return SlackPlace(team=desk.ws.team_id, channel=desk.ws.channel_id("alerts"), thread_ts=ts)


def test_an_alert_that_passes_has_one_line_and_a_button(desk: IncidentDesk, tmp_path: Path) -> None:
    async def passes() -> None:
        place = posted(desk, "INFO: the nightly snapshot of orders-db is complete")
        about = alert("Snapshot of orders-db", severity=Severity.info, resource=Resource(service="rds", id="orders-db"))
        await desk.opened(about, place=place, decision=PASS)
        await desk.living()

    asyncio.run(passes())
    with shown_page(desk.ws) as page:
        page.get_by_test_id("thread-open").first.click()
        thread = page.get_by_test_id("thread-pane")
        expect(thread).to_contain_text("Not analysed: It is informational. (default: informational)")
        picture(page, tmp_path, "passed")
        thread.get_by_role("button", name="Analyse").click()


def test_a_storm_is_one_message_that_counts(desk: IncidentDesk, tmp_path: Path) -> None:
    async def storms() -> None:
        where = SlackPlace(team=desk.ws.team_id, channel=desk.ws.channel_id("alerts"), thread_ts="")
        desk.clock.ahead = -timedelta(minutes=8)
        grouped = "storm: 42 alerts in 60 s"
        await desk.opened(storm_alert(0), place=where, storm=True, grouped=grouped)
        for number in range(1, 30):
            for _ in range(1 + 40 // number):
                await desk.deps.ledger.record(storm_alert(number), desk.id)
        desk.clock.ahead = timedelta()
        for number in range(30, 33):
            await desk.deps.ledger.record(storm_alert(number), desk.id)
        await desk.living()

    asyncio.run(storms())
    with shown_page(desk.ws) as page:
        shown = page.get_by_test_id("message").last
        expect(shown).to_contain_text("33 alerts firing, seen 180 times")
        expect(shown).to_contain_text("Systems")
        expect(shown).to_contain_text("New")
        picture(page, tmp_path, "storm")


def storm_alert(number: int) -> Alert:
    service, system = SERVICES[number % len(SERVICES)], SYSTEMS[number % 7 % 3]
    resource = Resource(service=service, id=f"{system}-{service}-{number}")
    return alert(f"Errors of {system}-{service}-{number}", f"storm{number}", system=system, resource=resource)


def test_the_digest_lists_what_was_kept_back(desk: IncidentDesk, tmp_path: Path) -> None:
    async def told() -> None:
        where = SlackPlace(team=desk.ws.team_id, channel="alerts", thread_ts="")
        for number, (title, times) in enumerate(KEPT):
            desk.id, desk.clock.ahead = f"inc_kept{number}", timedelta(hours=2 * number - 14)
            about = alert(title, title, severity=Severity.warning, system="staging", resource=Resource())
            await desk.opened(about, place=where, decision=DIGEST, last_alert_at=desk.clock())
            for _ in range(times - 1):
                desk.clock.ahead += timedelta(minutes=19)
                await desk.again(about.model_copy(update={"started_at": desk.clock()}))
        desk.clock.ahead += timedelta(minutes=1)
        over = about.model_copy(update={"status": AlertStatus.resolved, "ended_at": desk.clock()})
        await desk.again(over)
        desk.clock.ahead = timedelta()
        await handle_digest(desk.job(JobKind.digest, channel="alerts", period="2026-11-20T09:00"), desk.desk)

    asyncio.run(told())
    with shown_page(desk.ws) as page:
        shown = page.get_by_test_id("message").last
        expect(shown).to_contain_text(f"Digest: {sum(times for _, times in KEPT)} alerts of {len(KEPT)} kinds")
        expect(shown.get_by_role("button", name="Analyse")).to_have_count(5)
        picture(page, tmp_path, "digest")


def test_progress_stands_in_the_message_of_what_is_being_looked_into(desk: IncidentDesk, tmp_path: Path) -> None:
    async def analyses() -> None:
        progress = Progress()
        for name, title in (("infra", "Infrastructure"), ("logs", "Logs")):
            progress.follow({"kind": "specialist_started", "specialist": name, "title": title})
        question = "Which metrics of checkout-submit-order changed?"
        progress.follow({"kind": "tool_started", "specialist": "infra", "question": question})
        progress.follow({"kind": "specialist_done", "specialist": "logs", "pieces": 3})
        desk.desk.analyses[desk.id] = progress
        begun = TimelineEvent(at=desk.clock(), kind="analysing", text="it is new")
        function = Resource(service="lambda", id="checkout-submit-order")
        place = posted(desk, "ALARM: Errors of checkout-submit-order")
        made = await desk.opened(alert("Errors of checkout-submit-order", resource=function), place=place)
        analysing = {"timeline": (*made.timeline, begun), "status": IncidentStatus.investigating}
        await desk.deps.incidents.change(desk.id, lambda incident: incident.model_copy(update=analysing))
        await desk.living()

    asyncio.run(analyses())
    with shown_page(desk.ws) as page:
        page.get_by_test_id("thread-open").first.click()
        thread = page.get_by_test_id("thread-pane")
        expect(thread).to_contain_text("checkout-submit-order: looking into it")
        expect(thread).to_contain_text("Which metrics of checkout-submit-order changed?")
        picture(page, tmp_path, "living-analysing", thread)
