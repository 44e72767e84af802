"""Locks that are kept while the work under them takes its time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.held import held
from tests.slack_app.incident_desk import incident_desk


async def test_a_lock_outlives_its_lease_while_it_is_held_and_is_free_afterwards(
    ws: RunningWorkspace, tmp_path: Path
) -> None:
    with incident_desk(ws, tmp_path, job_lease_seconds=1.01) as desk:
        async with held(desk.deps, "ticket:inc_1") as mine:
            assert mine is not None
            await asyncio.sleep(1.3)
            async with held(desk.deps, "ticket:inc_1", tries=2, poll_seconds=0.01) as another:
                assert another is None
        async with held(desk.deps, "ticket:inc_1") as later:
            assert later is not None
