"""A messenger over a real client, against the local workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.models import SlackPlace
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.messenger import SlackMessenger, web_client
from tests.slack_app.incident_desk import IncidentDesk, incident_desk


@dataclass
class Thread:
    """A thread in #general that a person began."""

    ws: RunningWorkspace
    ts: str

    @property
    def place(self) -> SlackPlace:
        return SlackPlace(channel=self.ws.channel_id("general"), thread_ts=self.ts)

    @property
    def replies(self) -> list[dict[str, Any]]:
        return self.ws.thread("general", self.ts)[1:]

    @property
    def texts(self) -> list[str]:
        return [reply.get("text", "") for reply in self.replies]


@pytest.fixture
def ws() -> Iterator[RunningWorkspace]:
    with running_workspace() as workspace:
        yield workspace


@pytest.fixture
def thread(ws: RunningWorkspace) -> Thread:
    return Thread(ws, ws.post_as("maya", "general", "why?"))


@pytest.fixture
def messenger(ws: RunningWorkspace) -> SlackMessenger:
    return SlackMessenger(web_client(ws.bot_token, ws.api_url))


@pytest.fixture
def desk(ws: RunningWorkspace, tmp_path: Path) -> Iterator[IncidentDesk]:
    with incident_desk(ws, tmp_path) as opened:
        yield opened
