"""The whole service with a ticket system: posted, analysed, ticketed, acknowledged, resolved, closed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import post_to_webhook, replies, running_service, text_of
from tests.e2e.talk import Unread
from tests.outside import served
from tests.tools.tickets.systems import SECRET, JiraProject
from tools.tickets.jira import plain

SECONDS = 60


@pytest.mark.slow
async def test_an_alerts_ticket_follows_it_from_its_diagnosis_to_its_end(
    workspace: RunningWorkspace, tmp_path: Path
) -> None:
    jira = JiraProject()
    async with served(jira) as wire:
        settings: dict[str, Any] = {
            "tickets": "jira",
            "jira_url": wire.url,
            "jira_user": "bot@example.com",
            "jira_token": SECRET,
            "jira_project": "OPS",
        }
        await asyncio.to_thread(_live_through_it, workspace, tmp_path, settings, jira)
    issue = jira.issues["OPS-1"]["fields"]
    assert issue["status"]["name"] == "Done"
    assert "What is going on:" in plain(issue["description"])
    said = " ".join(plain(comment["body"]) for comment in jira.comments["OPS-1"])
    assert "Acknowledged by Maya" in said
    assert "by Maya" in said.partition("Resolved at")[2]
    assert len(jira.issues) == 1


def _live_through_it(workspace: RunningWorkspace, home: Path, settings: dict[str, Any], jira: JiraProject) -> None:
    with running_service(workspace, home, {"aws": Unread()}, **settings):
        _act(workspace, jira)


def _act(workspace: RunningWorkspace, jira: JiraProject) -> None:
    post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": "ERROR: checkout-submit-order fails"})
    ts = str(workspace.messages("alerts")[-1]["ts"])

    def living() -> dict[str, Any] | None:
        return next(iter(replies(workspace, "alerts", ts)), None)

    def says(text: str) -> bool:
        return text in text_of(living() or {})

    workspace.wait_for(lambda: says("Jira OPS-1"), SECONDS)
    message = living()
    assert message is not None
    workspace.click("maya", "alerts", message["ts"], "incident_acknowledge")
    workspace.wait_for(lambda: jira.comments["OPS-1"], SECONDS)
    workspace.click("maya", "alerts", message["ts"], "incident_resolve")
    workspace.wait_for(lambda: says("Jira OPS-1 (closed)"), SECONDS)
