"""What the doctor and `iam-policy --own` say of secrets, which are in the simulated account's Secrets Manager."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import SettingsError
from agent.settings import Settings
from deploy.doctor_secrets import check_sealing, check_secrets
from deploy.looked_up import for_one_run, for_the_service
from deploy.own_stores import policy_of_own_stores
from tests.tools.secrets.vault import Vault, running_vault, vault
from tools.secrets.sealing import KEY_FILE, field_sealer

__all__ = ["running_vault", "vault"]
TOKEN = "xoxb-" + "of-nobody"


def said(settings: Settings, aws: Any = "real") -> tuple[Settings, list[tuple[str, str]]]:
    checked, checks = check_secrets(settings, aws)
    return checked, [(check["status"], check["message"]) for check in checks]


def test_plain_settings_are_nothing_to_look_up() -> None:
    settings = Settings.read(slack_bot_token=TOKEN)
    assert said(settings) == (settings, [])


def test_it_says_which_references_resolve_and_never_what_to(vault: Vault) -> None:
    vault.put("wk/slack", json.dumps({"bot": TOKEN}))
    given = {"slack_bot_token": "secretsmanager:wk/slack#bot", "jira_token": "secretsmanager:wk/gone"}
    settings, checks = said(Settings.read(**given, slack_app_token="secretsmanager:wk/slack#app"))
    assert set(checks) == {
        ("ok", "WATCHKEEPER_SLACK_BOT_TOKEN: looked up in AWS"),
        (
            "fail",
            "WATCHKEEPER_JIRA_TOKEN: secretsmanager:wk/gone does not exist, or has no value yet; "
            "correct the name, or put one there.",
        ),
        (
            "fail",
            "WATCHKEEPER_SLACK_APP_TOKEN: secretsmanager:wk/slack#app is no text in a JSON object; "
            "correct the key, or the secret.",
        ),
    }
    assert TOKEN not in str(checks)
    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == TOKEN
    assert (settings.jira_token, settings.slack_app_token) == (None, None)


def test_in_a_simulated_account_nothing_is_looked_up_and_nothing_starts() -> None:
    settings = Settings.read(slack_bot_token="secretsmanager:wk/slack")
    checked, ((status, message),) = said(settings, "simulated")
    assert (checked.slack_bot_token, status) == (None, "warn")
    assert "simulated account has none of your secrets" in message
    with pytest.raises(SettingsError, match="WATCHKEEPER_SLACK_BOT_TOKEN refers to a secret in a real account"):
        for_the_service(settings, "simulated")


def test_a_question_to_the_simulated_account_needs_no_secret_but_the_models_key(vault: Vault) -> None:
    """Which is looked up before boto3 is led into the simulated account, and in the real one ever after."""
    vault.put("wk/llm", "k" * 8)
    given = {"llm": "openai:gpt-4o", "llm_api_key": "secretsmanager:wk/llm", "jira_token": "secretsmanager:wk/gone"}
    settings = for_one_run(Settings.read(**given), "simulated")
    assert settings.llm_api_key is not None
    assert (settings.llm_api_key.get_secret_value(), settings.jira_token) == ("k" * 8, None)
    with pytest.raises(SettingsError, match="WATCHKEEPER_JIRA_TOKEN: secretsmanager:wk/gone does not exist"):
        for_one_run(Settings.read(**given), "real")


def test_the_policy_allows_to_read_exactly_these_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_MCP", "ssm:wk/github")
    servers = [{"name": "github", "transport": "streamable_http", "url": "https://mcp.example.com"}]
    servers[0] |= {"headers": {"Authorization": "GITHUB_MCP"}, "specialists": ["infra"]}
    arn = "arn:aws:secretsmanager:eu-west-1:210987654321:secret:shared/jira-AbCdEf"
    settings = Settings.read(
        slack_bot_token="secretsmanager:wk/slack#bot",
        slack_app_token="secretsmanager:wk/slack#app",
        jira_token=f"secretsmanager:{arn}",
        webhook_secrets="datadog=ssm:/wk/datadog,grafana=plain",
        mcp_servers=json.dumps(servers),
    )
    policy = policy_of_own_stores(settings, "123456789012", "aws")
    found = {each["Sid"]: (each["Action"], each["Resource"]) for each in policy["Statement"]}
    where = "us-east-1:123456789012"
    assert found["Secrets"] == (
        ["secretsmanager:GetSecretValue"],
        [arn, f"arn:aws:secretsmanager:{where}:secret:wk/slack-??????"],
    )
    assert found["Parameters"] == (
        ["ssm:GetParameter"],
        [f"arn:aws:ssm:{where}:parameter/wk/datadog", f"arn:aws:ssm:{where}:parameter/wk/github"],
    )


def test_without_references_the_policy_allows_no_secret() -> None:
    policy = policy_of_own_stores(Settings.read(slack_bot_token=TOKEN), "123456789012", "aws")
    assert not {"Secrets", "Parameters"} & {each["Sid"] for each in policy["Statement"]}


def test_a_key_file_that_others_can_read_is_told(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    assert check_sealing(settings)["status"] == "ok"
    field_sealer(settings).seal("x", "y")
    assert check_sealing(settings)["status"] == "ok"
    (tmp_path / KEY_FILE).chmod(0o644)
    assert check_sealing(settings)["fix"] == f"run chmod 600 {tmp_path / KEY_FILE}"


def test_where_jobs_come_to_any_machine_all_need_the_same_keys(tmp_path: Path) -> None:
    shared = {"home": tmp_path, "store": "dynamodb", "queue_url": "https://sqs.us-east-1.amazonaws.com/1/jobs"}
    assert check_sealing(Settings.read(**shared))["status"] == "warn"
    assert check_sealing(Settings.read(**shared, sealing_keys="k" * 32))["status"] == "ok"
    assert check_sealing(Settings.read(**shared, sealing_keys="too-short"))["status"] == "fail"
