"""The worker as a process: it gets its settings by the environment and goes when its parent goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.settings import Settings
from deploy.local.workspace.background import running_workspace

STOP_SECONDS = 20


def test_settings_survive_the_way_through_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = Settings.read(
        slack_bot_token="-".join(["xoxb", "a"]), alert_channels="alerts,ops", home=tmp_path, workers=7, llm="openai:m"
    )
    for name, value in given.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.read() == given


@pytest.mark.slow
def test_a_worker_ends_when_its_stdin_closes(tmp_path: Path) -> None:
    with running_workspace() as workspace:
        settings = Settings.read(
            slack_bot_token=workspace.bot_token, slack_api_url=workspace.api_url, home=tmp_path
        ).as_environment()
        worker = subprocess.Popen(
            [sys.executable, "-m", "slack_app.worker_process"],
            env=settings,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, complaints = worker.communicate(timeout=STOP_SECONDS)  # closes stdin at once
    assert worker.returncode == 0
    assert complaints == b""
