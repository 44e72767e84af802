"""The card of a proposed change in its states, as the page shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from agent.models import ActionResult, IncidentStatus, Mark, Remediation, Step, StepStatus, Verification
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.handlers.cards import show_card
from tests.e2e.pictures import picture
from tests.e2e.test_browser_quiet import posted, shown_page
from tests.requirements import chromium_path
from tests.slack_app.incident_desk import IncidentDesk, alert, incident_desk
from tests.slack_app.test_blocks_approval import action, approval, preview

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not chromium_path(), reason="Chromium is not installed (apt-get install chromium)"),
]
STATES = {
    "proposed": (StepStatus.awaiting, "", "Approval needed"),
    "executing": (StepStatus.executing, "approved", "Being done"),
    "watched": (StepStatus.executed, "approved", "Done, being watched"),
    "helped": (StepStatus.helped, "approved", "It helped"),
    "rejected": (StepStatus.rejected, "rejected", "Rejected by"),
    "expired": (StepStatus.expired, "expired", "Nobody decided before"),
    "rolled-back": (StepStatus.rolled_back, "approved", "Rolled back"),
}
"""By the picture's name: the step, what became of its approval, and what the card says."""
DONE = (StepStatus.executed, StepStatus.helped, StepStatus.rolled_back)


@pytest.fixture
def ws() -> Generator[RunningWorkspace]:
    with running_workspace() as workspace:
        yield workspace


@pytest.mark.parametrize("name", STATES)
def test_a_card_shows_how_it_stands(ws: RunningWorkspace, tmp_path: Path, name: str) -> None:
    status, decision, words = STATES[name]
    with incident_desk(ws, tmp_path) as desk:
        asyncio.run(shown(desk, status, decision))
    with shown_page(ws) as page:
        page.get_by_test_id("thread-open").first.click()
        thread = page.get_by_test_id("thread-pane")
        expect(thread).to_contain_text(words)
        expect(thread.get_by_role("button", name="Approve")).to_have_count(1 if name == "proposed" else 0)
        picture(page, tmp_path, f"card-{name}", thread)


async def shown(desk: IncidentDesk, status: StepStatus, decision: str) -> None:
    """The card of a remediation that stands there."""
    place, now = posted(desk, "ALARM: Errors of checkout"), desk.clock()
    await desk.opened(alert("Errors of checkout"), place=place, status=IncidentStatus.awaiting_approval)
    people = (desk.ws.user_id("maya"), "S0PLATFORM")
    asked = approval(approvers=people, created_at=now, expires_at=now + timedelta(minutes=30))
    await desk.deps.approvals.save(asked.model_copy(update=decided(desk, decision)))
    step = Step(action=action(), status=status, preview=preview(), approval_id=asked.id, **seen(desk, status))
    given = Remediation(id="rem_1", incident_id=desk.id, steps=(step,), place=place, created_at=now, updated_at=now)
    await desk.deps.remediations.create(given)
    await show_card(given, await desk.incident(), desk.desk)


def decided(desk: IncidentDesk, decision: str) -> dict[str, Any]:
    mark = Mark(by=desk.ws.user_id("maya"), at=desk.clock())
    if decision == "approved":
        return {"decision": decision, "decided_by": mark.by, "approved_by": (mark,)}
    if decision == "rejected":
        return {"decision": decision, "decided_by": mark.by, "reason": "The fix is being deployed already."}
    return {"decision": decision, "decided_by": "watchkeeper"} if decision else {}


def seen(desk: IncidentDesk, status: StepStatus) -> dict[str, Any]:
    """What was done, and what the signal was since."""
    if status not in DONE:
        return {}
    words = "Errors of checkout: 0 in the last minute, below 5."
    result = ActionResult(succeeded=True, message="memory of checkout is 512 MB now.", at=desk.clock())
    return {"result": result, "intended_at": desk.clock(), "verification": Verification(seen=words)}
