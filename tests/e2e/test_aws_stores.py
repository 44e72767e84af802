"""The whole service with its incidents in DynamoDB and its jobs in SQS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace
from tests.contracts.adapters import wall_clock
from tests.contracts.emulators import EMULATORS, emulator
from tests.contracts.parameters import usable
from tests.e2e.service import fire, replies, running_service, text_of
from tools.persistence import Persistence, open_persistence
from tools.queues.sqs_definition import create_queues
from tools.stores.dynamodb.tables import create_tables

PREFIX = "e2e-"
ALERT_SECONDS = 60


@pytest.mark.slow
@pytest.mark.parametrize("adapter", EMULATORS)
def test_an_alert_is_analysed_and_kept_on_aws(
    adapter: str,
    account: SimulatedAccount,
    workspace: RunningWorkspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = emulator(usable(adapter))
    running.keep_time(wall_clock())
    for service in ("DYNAMODB", "SQS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", running.url)
    create_tables(running.client("dynamodb"), PREFIX)
    kept = {"store": "dynamodb", "table_prefix": PREFIX, "queue_url": create_queues(running.client("sqs"), "e2e")}
    stores = open_persistence(Settings.read(home=tmp_path, **kept), wall_clock)
    with running_service(workspace, tmp_path, **kept):
        ts = fire("lambda-errors-after-deploy", account, workspace)
        assert workspace.wait_for(lambda: _is_final(workspace, ts), ALERT_SECONDS)
        assert workspace.wait_for(lambda: asyncio.run(stores.queue.depth()) == 0, ALERT_SECONDS)
    assert "checkout-submit-order" in text_of(replies(workspace, "alerts", ts)[0])
    asyncio.run(_all_is_kept(stores, ts))
    stores.close()
    assert list(tmp_path.glob("*.db")) == []


def _is_final(workspace: RunningWorkspace, ts: str) -> bool:
    """Progress has no header."""
    shown = replies(workspace, "alerts", ts)
    return any(block["type"] == "header" for message in shown for block in message.get("blocks") or [])


async def _all_is_kept(stores: Persistence, ts: str) -> None:
    assert await stores.queue.dead_letters() == []
    told = next(entry for entry in await stores.audit.read() if entry.event.startswith("incident."))
    kept = await stores.incidents.get(told.subject)
    assert kept is not None
    assert kept.diagnosis is not None
    assert kept.place is not None
    assert kept.place.thread_ts == ts
    assert await stores.incidents.by_thread(kept.place) == kept
    assert await stores.conversations.get(kept.place) is not None
