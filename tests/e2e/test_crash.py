"""`kill -9` in the middle of an analysis or of an answer, then start again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.models import ChatMessage, Conversation, SlackPlace
from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.waiting import is_answered
from tests.e2e.service import fire, replies
from tests.e2e.talk import Talk

SETTLE_SECONDS = 4
LIVES = 2


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


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_questions_that_came_during_an_answer_are_answered_once_although_the_worker_is_killed(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    account.load(load_scenario("lambda-errors-after-deploy"), datetime.now(UTC))
    talk, people = Talk(workspace), ("maya", "jonas", "sofia")
    ts = ""
    for life in range(LIVES):
        with _watchkeeper(workspace, account, tmp_path) as process:
            workspace.wait_for(lambda: workspace.connected, 90)
            ts = ts or talk.ask("which lambda functions fail, and why?")
            for number in range(4):
                for person in people:
                    talk.ask(f"and what about queue number {life}{number}?", ts, user=person)
            asked = 1 + 4 * len(people) * (life + 1)
            workspace.wait_for(lambda count=asked, thread=ts: _heard(tmp_path, thread) == count, 60)
            _kill(process)
    with _watchkeeper(workspace, account, tmp_path):
        workspace.wait_for(lambda: not _unanswered(tmp_path, ts), 200)
        time.sleep(SETTLE_SECONDS)
    answers = [turn for turn in _turns(tmp_path, ts) if turn.ts.startswith("answer:")]
    assert len({turn.ts for turn in answers}) == len(answers)
    covered = [covered for turn in answers for covered in turn.covers]
    assert sorted(covered) == sorted(turn.ts for turn in _turns(tmp_path, ts) if turn.role == "user")
    assert len(talk.replies(ts)) == len(answers)


def _turns(home: Path, ts: str) -> tuple[ChatMessage, ...]:
    with closing(sqlite3.connect(home / "watchkeeper.db")) as file:
        rows = file.execute("SELECT body FROM turns WHERE place LIKE ? ORDER BY id", (f"%/{ts}",)).fetchall()
    return tuple(ChatMessage.model_validate_json(body) for (body,) in rows)


def _heard(home: Path, ts: str) -> int:
    return sum(turn.role == "user" for turn in _turns(home, ts))


def _unanswered(home: Path, ts: str) -> bool:
    thread = Conversation(
        place=SlackPlace(channel="C", thread_ts=ts), messages=_turns(home, ts), expires_at=datetime.now(UTC)
    )
    return any(not is_answered(thread, turn.ts) for turn in thread.messages if turn.role == "user")
