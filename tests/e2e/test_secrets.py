"""The running service goes on when Slack's tokens are rotated in Secrets Manager, and keeps them nowhere."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path

import pytest

from agent.drafts import Route
from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.service import replies, running_service
from tests.e2e.talk import Unhurried, with_model
from tests.tools.actions.account import person

WAIT_SECONDS = 60.0


def of_the_person(record: logging.LogRecord) -> bool:
    """Who rotates sends the secret, and boto3 writes down what it sends."""
    said = record.getMessage()
    return record.name == "botocore.endpoint" and ("CreateSecret" in said or "PutSecretValue" in said)


@pytest.mark.slow
def test_both_tokens_are_rotated_while_it_runs(
    account: SimulatedAccount, workspace: RunningWorkspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    vault, shown = person()("secretsmanager"), set[str]()

    def rotate(kind: str) -> None:
        setattr(workspace.workspace, f"{kind}_token", "-".join((f"x{kind[0]}xx", secrets.token_hex(12))))
        vault.put_secret_value(SecretId="wk/slack", SecretString=tokens())

    def tokens() -> str:
        shown.update((workspace.bot_token, workspace.app_token))
        return json.dumps({"bot": workspace.bot_token, "app": workspace.app_token})

    def answered(text: str) -> None:
        ts = workspace.post_as("maya", "general", f"<@{workspace.bot_user}> {text}")
        workspace.wait_for(lambda: replies(workspace, "general", ts), WAIT_SECONDS)

    vault.create_secret(Name="wk/slack", SecretString=tokens())
    references = {"slack_bot_token": "secretsmanager:wk/slack#bot", "slack_app_token": "secretsmanager:wk/slack#app"}
    model = Unhurried(turns=[Route(kind="small_talk")])
    with running_service(workspace, tmp_path, with_model(model), **references, secret_cache_seconds=0.1) as deps:
        answered("hello")
        rotate("bot")
        answered("hello again")
        rotate("app")
        workspace.request_reconnect()
        answered("and again")
        told = repr(deps.settings) + repr(deps)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    logged = "\n".join(record.getMessage() for record in caplog.records if not of_the_person(record))
    for token in shown:
        assert token not in told + logged
        assert token.encode() not in kept
