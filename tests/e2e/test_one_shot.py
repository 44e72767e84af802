"""The whole service where only an incoming webhook leads to Slack: an alert comes by HTTP, its analysis goes out."""

from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import running_service, text_of
from tests.e2e.talk import Unread

SECONDS = 60
SECRET = "shared" + "-secret"
NO_TOKENS = {"slack_bot_token": None, "slack_app_token": None, "slack_signing_secret": None}


def test_an_alert_is_analysed_and_told_without_a_bot_token(workspace: RunningWorkspace, tmp_path: Path) -> None:
    port = _free_port()
    settings = {
        "slack_webhook_url": workspace.incoming_webhook_url("alerts"),
        "webhook_port": port,
        "webhook_host": "127.0.0.1",
        "webhook_secrets": f"datadog={SECRET}",
    }
    with running_service(workspace, tmp_path, {"aws": Unread()}, **NO_TOKENS, **settings):
        for transition in ("Triggered", "Re-Triggered"):
            _send(port, transition)
        workspace.wait_for(lambda: workspace.messages("alerts"), SECONDS)
        _send(port, "Recovered")
        workspace.wait_for(lambda: len(workspace.messages("alerts")) == 2, SECONDS)
    analysis, over = (text_of(message) for message in workspace.messages("alerts"))
    assert "What's going on" in analysis
    assert "Errors of checkout-submit-order" in over
    assert "Resolved" in over
    assert workspace.api_calls("auth.test") == workspace.api_calls("chat.postMessage") == []


def _send(port: int, transition: str) -> None:
    alert = {"title": "Errors of checkout-submit-order", "alert_id": "7", "alert_transition": transition}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/webhooks/datadog", json.dumps(alert).encode())
    request.add_header("Authorization", f"Bearer {SECRET}")
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status == 202


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
