"""`kill -9` in the middle of an analysis, then start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import fire, replies

SETTLE_SECONDS = 4


@contextmanager
def _watchkeeper(
    workspace: RunningWorkspace, account: SimulatedAccount, home: Path
) -> Generator[subprocess.Popen[bytes]]:
    """The real command in a process of its own, with nothing but settings."""
    environment = {
        **os.environ,
        **account.environment(),
        "WATCHKEEPER_SLACK_BOT_TOKEN": workspace.bot_token,
        "WATCHKEEPER_SLACK_APP_TOKEN": workspace.app_token,
        "WATCHKEEPER_SLACK_API_URL": workspace.api_url,
        "WATCHKEEPER_HOME": str(home),
        "WATCHKEEPER_JOB_LEASE_SECONDS": "3",
    }
    command = [sys.executable, "-m", "deploy.cli", "run", "--aws", "real"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the listener and its worker at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_alert_is_analysed_once_although_its_worker_is_killed(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    with _watchkeeper(workspace, account, tmp_path) as first:
        workspace.wait_for(lambda: workspace.connected, 90)
        ts = fire("rds-connections-exhausted", account, workspace)
        workspace.wait_for(lambda: replies(workspace, "alerts", ts), 60)
        assert not _final(workspace, ts), "it was done before it could be killed"
        _kill(first)
    time.sleep(1)
    assert not _final(workspace, ts)
    with _watchkeeper(workspace, account, tmp_path):
        workspace.wait_for(lambda: _final(workspace, ts), 100)
        time.sleep(SETTLE_SECONDS)
    assert len(replies(workspace, "alerts", ts)) == 1


def _final(workspace: RunningWorkspace, ts: str) -> bool:
    return any(
        block["type"] == "header"
        for message in replies(workspace, "alerts", ts)
        for block in message.get("blocks") or []
    )
