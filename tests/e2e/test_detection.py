"""What Watchkeeper finds by itself becomes one message in the alerts channel, like any other alert."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.models import Job, JobKind, new_id
from agent.ports import Deps
from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace
from slack_app.bootstrap import utc_now
from tests.e2e.service import running_service, text_of
from tools.stores.sqlite import open_stores

SECONDS = 90


@pytest.mark.slow
def test_an_alarm_that_nobody_posted_is_told_and_analysed(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    """Slow, since it looks at a whole account three times and analyses what it finds."""
    account.load(load_scenario("lambda-cost-spike"))
    with running_service(workspace, tmp_path, tick_minutes=5) as deps:
        tick(deps, workspace, tmp_path, 1)
        assert workspace.messages("alerts") == []
        account.load(load_scenario("lambda-errors-after-deploy"))
        tick(deps, workspace, tmp_path, 2)
        told = lambda: [m for m in workspace.messages("alerts") if "Likely cause" in text_of(m)]  # noqa: E731
        workspace.wait_for(lambda: bool(told()), SECONDS)
        tick(deps, workspace, tmp_path, 3)
        [message] = workspace.messages("alerts")
    assert "checkout-submit-order" in text_of(message)


def tick(deps: Deps, workspace: RunningWorkspace, home: Path, number: int) -> None:
    """Queue one and wait until it is done."""
    slot = datetime(2026, 1, 1, 0, 5 * number, tzinfo=UTC).isoformat()
    made = {"id": new_id("job"), "payload": {"slot": slot}, "created_at": datetime.now(UTC)}
    deps.queue.send(Job(kind=JobKind.tick, idempotency_key=f"tick:{slot}", **made))
    workspace.wait_for(lambda: slot in done(home), SECONDS)


def done(home: Path) -> set[str]:
    stores = open_stores(home / "watchkeeper.db", utc_now)
    try:
        entries = asyncio.run(stores.audit.read())
    finally:
        stores.close()
    return {entry.subject for entry in entries if entry.event == "tick.done"}
