"""The card of a proposed change in the page: in its states, and clicked by people until the account is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from agent.models import ActionResult, IncidentStatus, Mark, Remediation, Step, StepStatus, Verification
from deploy.local.workspace.background import running_workspace
from deploy.local.workspace.team import PEOPLE
from slack_app.handlers.cards import show_card
from tests.e2e.pictures import picture
from tests.e2e.remediation_day import CHANGES, Day, opened_day
from tests.e2e.test_browser_quiet import posted
from tests.requirements import CHROMIUM_FLAGS, chromium_path
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk
from tests.slack_app.test_blocks_approval import action, approval, preview

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not chromium_path(), reason="Chromium is not installed (apt-get install chromium)"),
]
STATES = {
    "executing": (StepStatus.executing, "approved", "Being done"),
    "no-effect": (StepStatus.no_effect, "approved", "It did not help"),
    "rolled-back": (StepStatus.rolled_back, "approved", "Rolled back"),
    "failed": (StepStatus.failed, "approved", "It failed"),
    "expired": (StepStatus.expired, "expired", "Nobody decided before"),
}
"""By the picture's name: the step, what became of its approval, and what the card says. The others come about below."""
NAMES = {person.name: person.real_name for person in PEOPLE}
TALL = {"width": 1360, "height": 1400}
SHOWN_MS = 60_000
POLICY = """
approvers:
  - who: [{maya}, S0PLATFORM]
break_glass:
  who: [{maya}]
"""
IS_ALARM = "The alarm checkout-errors is ALARM, Errors 31 against 5."
IS_OK = "The alarm checkout-errors is OK, Errors 0 against 5."
FAILED = "lambda:UpdateFunctionConfiguration was refused (ResourceConflictException): an update is in progress."


@contextmanager
def browser_page(url: str) -> Generator[Page]:
    """#alerts. Anything that the page complains about fails the test."""
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": TALL["width"], "height": TALL["height"]})
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        page.get_by_test_id("channel-alerts").click()
        yield page
        browser.close()
    assert problems == []


def opened_thread(page: Page, ts: str) -> Locator:
    """The thread under a message, beside the channel."""
    message = page.locator(f'[data-testid="message"][data-ts="{ts}"]').first
    message.get_by_test_id("thread-open").click(timeout=SHOWN_MS)
    return page.get_by_test_id("thread-pane")


def test_a_card_shows_how_it_stands(tmp_path: Path) -> None:
    with running_workspace() as ws:
        with incident_desk(ws, tmp_path) as desk:
            threads = {name: asyncio.run(shown(desk, name)) for name in STATES}
        with browser_page(ws.url) as page:
            for name, (_, _, words) in STATES.items():
                thread = opened_thread(page, threads[name])
                card = thread.get_by_test_id("message").last
                expect(card).to_contain_text(words)
                expect(thread.get_by_role("button", name="Approve")).to_have_count(0)
                picture(page, tmp_path, f"card-{name}", card)


class Visit:
    """People at the page, on a day on call: `acting` is who clicks."""

    def __init__(self, page: Page, day: Day, pictures: Path) -> None:
        self.page, self.day, self.pictures = page, day, pictures

    def happens(self, name: str) -> Locator:
        """The scenario's card, in the thread of its alert."""
        self.day.happens(name, CHANGES[name])
        opened_thread(self.page, self.day.ts)
        return self.card("Approval needed")

    def card(self, words: str) -> Locator:
        """The thread's one card, once its heading says so."""
        thread = self.page.get_by_test_id("thread-pane")
        card = thread.get_by_test_id("message").filter(has=self.page.get_by_role("heading", name=words)).first
        expect(card).to_be_visible(timeout=SHOWN_MS)
        return card

    def told(self, words: str) -> Locator:
        """What only this person sees."""
        told = self.page.get_by_test_id("thread-pane").locator(".message.ephemeral").filter(has_text=words).first
        expect(told).to_be_visible(timeout=SHOWN_MS)
        return told

    def presses(self, card: Locator, button: str) -> None:
        card.get_by_role("button", name=button).click()

    def modal(self, name: str) -> Locator:
        dialog = self.page.get_by_role("dialog").filter(has_text=name)
        expect(dialog).to_be_visible(timeout=SHOWN_MS)
        return dialog

    def submits(self) -> None:
        self.page.get_by_test_id("modal-submit").click()

    def acting(self, user: str) -> None:
        self.page.get_by_test_id("act-as").click()
        self.page.get_by_test_id(f"act-as-{user}").click()
        expect(self.page.get_by_test_id("act-as")).to_contain_text(NAMES[user])

    def helped(self) -> Locator:
        """Time passes until it is known."""
        self.day.until(lambda: self.day.headed("It helped"), step=timedelta(seconds=10))
        return self.card("It helped")

    def pictured(self, name: str, of: Locator | None = None) -> None:
        picture(self.page, self.pictures, name, of)


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Generator[Visit]:
    home = tmp_path_factory.mktemp("home")
    with opened_day(home, POLICY) as day, browser_page(day.ws.url) as page:
        yield Visit(page, day, home)


@pytest.fixture
def visit(visits: Visit) -> Visit:
    visits.acting("maya")
    return visits


def test_maya_looks_what_it_would_do_and_approves(visit: Visit) -> None:
    change = CHANGES["lambda-errors-after-deploy"]
    card = visit.happens("lambda-errors-after-deploy")
    visit.day.until(lambda: visit.day.reply("🔧", "Waits for approval", "cause found"))
    visit.pictured("card-asked", card)
    visit.page.get_by_test_id("theme-toggle").click()
    visit.pictured("card-dark")
    visit.page.get_by_test_id("theme-toggle").click()

    visit.presses(card, "Dry run")
    visit.pictured("card-dry-run", visit.told("Dry run"))
    assert change.seen() == change.before

    visit.presses(card, "Approve")
    visit.pictured("card-watched", visit.card("Done, being watched"))
    assert change.seen() == change.after
    expect(visit.page.get_by_role("button", name="Approve")).to_have_count(0)
    visit.pictured("card-helped", visit.helped())


def test_maya_wants_a_longer_timeout_and_liwei_approves_it(visit: Visit) -> None:
    change = CHANGES["lambda-timeouts"]
    visit.presses(visit.happens("lambda-timeouts"), "Edit")
    dialog = visit.modal("Edit")
    dialog.get_by_label("Timeout (s)").fill("20")
    visit.pictured("card-edit", dialog)
    visit.submits()
    expect(visit.card("Approval needed")).to_contain_text("20", timeout=SHOWN_MS)

    visit.acting("sofia")
    visit.presses(visit.card("Approval needed"), "Approve")
    visit.pictured("card-refused", visit.told("not among them"))
    assert change.seen() == change.before

    visit.acting("liwei")
    visit.presses(visit.card("Approval needed"), "Approve")
    visit.card("Done, being watched")
    assert change.seen() == 20
    visit.helped()


def test_maya_says_no_and_why(visit: Visit) -> None:
    change = CHANGES["asg-too-small"]
    visit.presses(visit.happens("asg-too-small"), "Reject")
    dialog = visit.modal("Reject")
    dialog.get_by_role("textbox").fill("Jonas is testing with three instances until noon.")
    visit.pictured("card-reject", dialog)
    visit.submits()
    card = visit.card("Rejected")
    expect(card).to_contain_text("Jonas is testing")
    visit.pictured("card-rejected", card)
    assert change.seen() == change.before


def test_maya_cannot_wait_for_anybody_and_breaks_the_glass(visit: Visit) -> None:
    visit.presses(visit.happens("sqs-dead-letters"), "Break the glass")
    dialog = visit.modal("Break the glass")
    dialog.get_by_role("textbox").fill("Merchants are not paid, and nobody answers.")
    visit.pictured("card-break-glass", dialog)
    visit.submits()
    expect(visit.card("Done, being watched")).to_contain_text("the glass was broken")
    visit.helped()


async def shown(desk: IncidentDesk, name: str) -> str:
    """The ts of the alert under which a card stands so."""
    status, decision, _ = STATES[name]
    desk.id = f"inc_{name}"
    place, now = posted(desk, f"ALARM: Errors of checkout ({name})"), desk.clock()
    await desk.opened(alert("Errors of checkout"), place=place, status=IncidentStatus.awaiting_approval)
    people = (desk.ws.user_id("maya"), "S0PLATFORM")
    asked = approval(id=f"apr_{name}", approvers=people, created_at=now, expires_at=now + timedelta(minutes=30))
    await desk.deps.approvals.save(asked.model_copy(update=decided(desk, decision)))
    step = Step(action=action(), status=status, preview=preview(), approval_id=asked.id, **seen(desk, status))
    steps = undone(step) if status is StepStatus.rolled_back else (step,)
    given = Remediation(id=f"rem_{name}", incident_id=desk.id, steps=steps, place=place, created_at=now, updated_at=now)
    await desk.deps.remediations.create(given)
    await show_card(given, await desk.incident(), desk.desk)
    return place.thread_ts


def undone(step: Step) -> tuple[Step, Step]:
    """What made it worse, and the way back."""
    worse = step.model_copy(update={"status": StepStatus.worse, "verification": Verification(seen=IS_ALARM)})
    fields = {"id": "act_2", "rolls_back": "act_1", "parameters": {"memory_mb": 128}}
    back = step.action.model_copy(update=fields)
    result = step.result.model_copy(update={"message": "memory of checkout is 128 MB again."}) if step.result else None
    return worse, step.model_copy(update={"action": back, "preview": None, "result": result})


def decided(desk: IncidentDesk, decision: str) -> dict[str, Any]:
    if decision == "approved":
        mark = Mark(by=desk.ws.user_id("maya"), at=desk.clock())
        return {"decision": decision, "decided_by": mark.by, "approved_by": (mark,)}
    return {"decision": decision, "decided_by": "watchkeeper"}


def seen(desk: IncidentDesk, status: StepStatus) -> dict[str, Any]:
    """What was done, and what the signal was since."""
    if status is StepStatus.failed:
        result = ActionResult(succeeded=False, message=FAILED, at=desk.clock())
        return {"result": result, "intended_at": desk.clock(), "note": FAILED}
    if status not in (StepStatus.no_effect, StepStatus.rolled_back):
        return {}
    words = IS_OK if status is StepStatus.rolled_back else IS_ALARM
    result = ActionResult(succeeded=True, message="memory of checkout is 512 MB now.", at=desk.clock())
    return {"result": result, "intended_at": desk.clock(), "verification": Verification(seen=words)}
