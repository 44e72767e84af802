"""The doctor's look at webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import Settings
from deploy.doctor_webhooks import check_webhooks

SECRET = "never-" + "said"
SOCKET_MODE = {"slack_bot_token": "xoxb-" + "test", "slack_app_token": "xapp-" + "test"}
SIGNED = {"slack_bot_token": "xoxb-" + "test", "slack_signing_secret": "signing"}
DATADOG = {"webhook_secrets": f"datadog={SECRET}"}


def checks(**settings: object) -> list[tuple[str, str]]:
    return [(check["status"], check["message"]) for check in check_webhooks(Settings.read(**settings))]


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({}, "ok", "`watchkeeper run` makes up a secret and shows how to send"),
        (SOCKET_MODE, "ok", "off"),
        (SOCKET_MODE | DATADOG | {"webhook_port": 9000}, "ok", "port 9000; datadog may send"),
        (SIGNED | DATADOG | {"http_port": 3001}, "ok", "port 3001; datadog may send"),
        (SOCKET_MODE | {"webhook_port": 9000, "sns_topics": "arn:1"}, "ok", "port 9000; sns may send"),
        (SOCKET_MODE | DATADOG, "warn", "datadog may send, but nothing listens for them"),
        (SOCKET_MODE | {"webhook_port": 9000}, "warn", "port 9000 is open, but nobody has a secret to send with"),
    ],
)
def test_where_it_listens_and_who_may_send(settings: dict[str, object], status: str, said: str) -> None:
    assert checks(**settings) == [(status, said)]


def test_a_name_that_can_never_send_is_told_and_no_secret_is() -> None:
    found = checks(**SOCKET_MODE, webhook_port=9000, webhook_secrets=f"datadgo={SECRET},text={SECRET}")

    assert found[1:] == [
        ("warn", "a secret is set for datadgo, and no source has this name"),
        ("warn", "a secret is set for text, which cannot send over HTTP"),
    ]
    assert SECRET not in str(found)


def test_a_wrong_file_of_mappings_fails(tmp_path: Path) -> None:
    file = tmp_path / "mappings.yaml"
    file.write_text("text")
    [(status, message)] = checks(webhook_mappings=file)
    assert status == "fail"
    assert "must hold a mapping of names" in message
