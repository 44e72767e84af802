"""Rules that users wrote, in the whole service: what is dropped, kept, passed by and analysed all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.ports import Deps
from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.digests import due
from tests.e2e.service import post_to_webhook, replies, running_service, text_of
from tests.e2e.talk import Unread

RULES = """
rules:
  - name: load tests
    when: {title: "*loadtest*"}
    then: drop
  - name: staging can wait
    when: {text: "*staging*"}
    then: digest
"""
SECONDS = 60


def test_each_alert_is_treated_as_the_rules_say(workspace: RunningWorkspace, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    with running_service(workspace, tmp_path, {"aws": Unread()}, alert_rules=rules) as deps:
        dropped = _post(workspace, "ERROR: loadtest-api fails")
        kept = _post(workspace, "ERROR: the disk of staging-db is full")
        passed = _post(workspace, "INFO: orders-db was scaled to two replicas")

        line = _only_reply(workspace, passed)
        assert "Not analysed: It is informational. (default: informational)" in text_of(line)
        workspace.click("maya", "alerts", line["ts"], "analyse_alert")
        workspace.wait_for(lambda: "What's going on" in text_of(_only_reply(workspace, passed)), SECONDS)

        _queue_digest(deps)
        digest = workspace.wait_for(lambda: _digest(workspace), SECONDS)
        assert "Digest: 1 alert of 1 kind" in text_of(digest)
        assert "the disk of staging-db is full" in text_of(digest)
        assert "Kept back by: staging can wait (1)" in text_of(digest)
        assert replies(workspace, "alerts", dropped) == replies(workspace, "alerts", kept) == []

        workspace.click("maya", "alerts", digest["ts"], "analyse_alert:1")
        workspace.wait_for(lambda: replies(workspace, "alerts", kept), SECONDS)
        workspace.wait_for(lambda: "What's going on" in text_of(_only_reply(workspace, kept)), SECONDS)


def _post(workspace: RunningWorkspace, text: str) -> str:
    post_to_webhook(workspace.incoming_webhook_url("alerts"), {"text": text})
    return str(workspace.messages("alerts")[-1]["ts"])


def _only_reply(workspace: RunningWorkspace, ts: str) -> dict[str, Any]:
    workspace.wait_for(lambda: replies(workspace, "alerts", ts), SECONDS)
    (reply,) = replies(workspace, "alerts", ts)
    return reply


def _digest(workspace: RunningWorkspace) -> dict[str, Any] | None:
    found = (m for m in workspace.messages("alerts") if str(m.get("text", "")).startswith("Digest"))
    return next(found, None)


def _queue_digest(deps: Deps) -> None:
    """As the scheduler does when it is time."""
    deps.queue.send_all(due(deps, deps.clock()))
