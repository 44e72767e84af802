"""Alerts over HTTP, into the real service and out of it into Slack."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import running_service, text_of
from tests.e2e.talk import Unread

SECRET = "shared" + "-secret"
ALERT = {"title": "[Triggered] Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}
SOON = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def send(port: int, **more: Any) -> int:
    url = f"http://127.0.0.1:{port}/webhooks/datadog"
    return post(url, json.dumps({**ALERT, **more}).encode(), {"Authorization": f"Bearer {SECRET}"})


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_an_alert_by_webhook_gets_one_message_in_the_alert_channel(
    transport: str, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    port = free_port()
    listens: dict[str, Any] = (
        {"webhook_port": port, "webhook_host": "127.0.0.1"}
        if transport == "socket"
        else {"slack_app_token": None, "http_port": port}
    )
    with running_service(workspace, tmp_path, {"aws": Unread()}, webhook_secrets=f"datadog={SECRET}", **listens):
        assert [send(port) for _ in range(3)] == [202, 202, 202]

        def told() -> bool:
            return any(
                "fired 3 times" in text or "3 times" in text for text in map(text_of, workspace.messages("alerts"))
            )

        workspace.wait_for(told, SOON)
        (message,) = workspace.messages("alerts")
    assert "Errors of checkout" in text_of(message)


def test_an_alert_that_is_over_is_told_in_its_own_message(workspace: RunningWorkspace, tmp_path: Path) -> None:
    port = free_port()
    settings: dict[str, Any] = {"webhook_port": port, "webhook_secrets": f"datadog={SECRET}"}
    with running_service(workspace, tmp_path, {"aws": Unread()}, **settings):
        send(port)
        workspace.wait_for(lambda: workspace.messages("alerts"), SOON)
        send(port, alert_transition="Recovered", title="[Recovered] Errors of checkout")
        workspace.wait_for(lambda: "Resolved" in text_of(workspace.messages("alerts")[0]), SOON)
        assert len(workspace.messages("alerts")) == 1


def test_slack_is_asked_to_send_again_what_could_not_be_queued(workspace: RunningWorkspace, tmp_path: Path) -> None:
    port = free_port()
    event = {"type": "message", "channel": "C1", "channel_type": "im", "user": "U1", "ts": "100.1", "text": "hello"}
    body = json.dumps({"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": "E1", "event": event})
    with running_service(workspace, tmp_path, {"aws": Unread()}, slack_app_token=None, http_port=port):
        url, headers = f"http://127.0.0.1:{port}/slack/events", _signed(workspace, body)
        other = sqlite3.connect(tmp_path / "queue.db", isolation_level=None, timeout=30)
        other.execute("ALTER TABLE jobs RENAME TO elsewhere")
        assert post(url, body.encode(), headers) == 503
        other.execute("ALTER TABLE elsewhere RENAME TO jobs")
        other.close()
        assert post(url, body.encode(), headers) == 200


def _signed(workspace: RunningWorkspace, body: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    digest = hmac.new(workspace.signing_secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/json",
    }
