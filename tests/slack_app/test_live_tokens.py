"""Slack's tokens, and whatever callers show, are rotated in Secrets Manager while all of it runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from agent.settings import Settings
from agent.telemetry import NO_METRICS
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.bolt import SlackApp, build_slack_app
from slack_app.bootstrap import Held, build_deps
from slack_app.live_tokens import LiveAsyncWebClient, LiveWebClient
from slack_app.web.server import web_app
from tests.tools.secrets.vault import Vault, running_vault, vault
from tools.secrets import cache

__all__ = ["running_vault", "vault"]
QUICK = 0.001
BOT = "secretsmanager:wk/slack#bot"
WITHIN_AN_HOUR, NOT_AT_ALL = 60, 0


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not decide whether the new secret is waited for."""
    monkeypatch.setattr(cache, "PATIENCE_SECONDS", 60)


@pytest.fixture
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


def put(vault: Vault, workspace: RunningWorkspace, **more: str) -> None:
    """What the workspace takes is in Secrets Manager."""
    vault.put("wk/slack", json.dumps({"bot": workspace.bot_token, "sign": workspace.signing_secret, **more}))


def rotate_bot(vault: Vault, workspace: RunningWorkspace) -> None:
    workspace.workspace.bot_token = "-".join(("xoxb", "rotated", str(time.monotonic_ns())))
    put(vault, workspace)


def held(workspace: RunningWorkspace, home: Path, **more: Any) -> Held:
    given = {"slack_api_url": workspace.api_url, "home": home, "slack_bot_token": BOT, "secret_cache_seconds": QUICK}
    return build_deps(Settings.read(**{**given, **more}), metrics=NO_METRICS)


async def test_a_client_that_was_made_once_calls_with_the_rotated_token(
    vault: Vault, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    put(vault, workspace)
    built = held(workspace, tmp_path)
    secret = built.deps.settings.slack_bot_token
    assert secret is not None
    client, waiting = LiveWebClient(secret, workspace.api_url), LiveAsyncWebClient(secret, workspace.api_url)
    assert client.auth_test()["ok"]
    rotate_bot(vault, workspace)
    assert client.auth_test()["ok"]
    rotate_bot(vault, workspace)
    assert (await waiting.auth_test())["ok"]
    workspace.workspace.bot_token = "-".join(("xoxb", "known", "to", "nobody"))
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await waiting.auth_test()
    built.close()


def signed(secret: str, body: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": str(signature),
        "Content-Type": "application/json",
    }


async def status_of(slack: SlackApp, built: Held, secret: str) -> int:
    body = json.dumps({"type": "url_verification", "challenge": "c"})
    app: web.Application = web_app(slack, built.deps)
    async with (
        TestClient(TestServer(app)) as http,
        http.post("/slack/events", data=body, headers=signed(secret, body)) as reply,
    ):
        return reply.status


@pytest.mark.parametrize(("overlap", "last_one"), [(WITHIN_AN_HOUR, 200), (NOT_AT_ALL, 401)])
async def test_during_a_rotation_slack_may_sign_with_either_secret(
    vault: Vault, workspace: RunningWorkspace, tmp_path: Path, overlap: int, last_one: int
) -> None:
    old, new = workspace.signing_secret, "f" * 32
    put(vault, workspace)
    built = held(
        workspace, tmp_path, slack_signing_secret="secretsmanager:wk/slack#sign", secret_overlap_minutes=overlap
    )
    slack = build_slack_app(built.deps)
    assert await status_of(slack, built, old) == 200
    assert await status_of(slack, built, new) == 401
    put(vault, workspace, sign=new)
    assert await status_of(slack, built, new) == 200
    assert await status_of(slack, built, old) == last_one
    assert await status_of(slack, built, "e" * 32) == 401
    built.close()


async def test_a_sender_of_alerts_may_show_either_secret(
    vault: Vault, workspace: RunningWorkspace, tmp_path: Path
) -> None:
    put(vault, workspace)
    vault.put("wk/datadog", "first")
    built = held(workspace, tmp_path, webhook_secrets="datadog=secretsmanager:wk/datadog")
    slack = build_slack_app(built.deps)
    async with TestClient(TestServer(web_app(slack, built.deps))) as http:

        async def sent(secret: str) -> int:
            alert = {"title": "Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}
            headers = {"Authorization": f"Bearer {secret}"}
            async with http.post("/webhooks/datadog", json=alert, headers=headers) as reply:
                return reply.status

        assert [await sent("first"), await sent("second")] == [202, 401]
        vault.put("wk/datadog", "second")
        assert [await sent("second"), await sent("first"), await sent("third")] == [202, 202, 401]
    built.close()


async def test_prometheus_may_show_either_token(vault: Vault, workspace: RunningWorkspace, tmp_path: Path) -> None:
    put(vault, workspace)
    vault.put("wk/metrics", "first")
    sign = "secretsmanager:wk/slack#sign"
    built = held(workspace, tmp_path, slack_signing_secret=sign, metrics_token="secretsmanager:wk/metrics")
    slack = build_slack_app(built.deps)
    async with TestClient(TestServer(web_app(slack, built.deps))) as http:

        async def read(token: str) -> int:
            async with http.get("/metrics", headers={"Authorization": f"Bearer {token}"}) as reply:
                return reply.status

        assert [await read("first"), await read("second")] == [200, 403]
        vault.put("wk/metrics", "second")
        assert [await read("second"), await read("first"), await read("third")] == [200, 200, 403]
    built.close()
