from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_setting_everything_is_local() -> None:
    settings = Settings.read()

    assert (settings.llm, settings.llm_of("router"), settings.alert_channels) == ("offline", "offline", ("alerts",))
    assert settings.slack_bot_token is None


def test_the_environment_is_read_and_keywords_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_LLM", "openai:gpt-x")
    monkeypatch.setenv("WATCHKEEPER_WORKERS", "7")

    assert Settings.read().llm_of("specialist") == "openai:gpt-x"
    assert Settings.read(workers=2).workers == 2


@pytest.mark.parametrize(
    ("given", "models"),
    [
        ({"llm": "openai:big"}, ("openai:big", "openai:big", "openai:big")),
        ({"llm": "openai:big", "llm_fast": "openai:small"}, ("openai:small", "openai:small", "openai:big")),
        (
            {"llm": "openai:big", "llm_fast": "openai:small", "llm_router": "gemini"},
            ("gemini", "openai:small", "openai:big"),
        ),
        ({"llm": "bedrock", "llm_specialist": "offline"}, ("bedrock", "offline", "bedrock")),
    ],
)
def test_each_role_has_its_own_model_or_that_of_the_analyst(given: dict[str, str], models: tuple[str, ...]) -> None:
    settings = Settings.read(**given)

    assert tuple(settings.llm_of(role) for role in ("router", "specialist", "analyst")) == models
    assert settings.llm_of("offline") == "offline"


def test_a_key_and_an_address_go_to_the_provider_that_they_belong_to_and_to_no_other() -> None:
    plain = Settings.read(llm="openai:big", llm_fallbacks="gemini", llm_api_key="of-openai", llm_base_url="https://a")
    named = Settings.read(llm="bedrock", llm_api_key="gemini=one, openai=two=2", llm_base_url="vllm=https://v/v1")

    key = plain.llm_api_key_of("openai")
    assert key is not None
    assert (key.get_secret_value(), plain.llm_base_url_of("openai")) == ("of-openai", "https://a")
    assert (plain.llm_api_key_of("gemini"), plain.llm_base_url_of("gemini")) == (None, "")
    keys = [named.llm_api_key_of(provider) for provider in ("bedrock", "gemini", "openai")]
    assert [key.get_secret_value() if key else "" for key in keys] == ["", "one", "two=2"]
    assert named.llm_base_url_of("vllm") == "https://v/v1"


def test_fallbacks_are_a_chain_with_commas() -> None:
    settings = Settings.read(llm="bedrock:x", llm_fallbacks="gemini:g, openai")

    assert settings.llm_fallbacks == ("gemini:g", "openai")
    assert settings.llm_providers == {"bedrock", "gemini", "openai"}


@pytest.mark.parametrize(
    ("text", "channels"),
    [("alerts", ("alerts",)), ("#alerts, #prod ,C0123", ("alerts", "prod", "C0123")), (" , ", ())],
)
def test_alert_channels_are_a_list_with_commas(
    text: str, channels: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_ALERT_CHANNELS", text)

    assert Settings.read().alert_channels == channels


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LLM", "LLM_API_KEY", "SLACK_BOT_TOKEN", "HTTP_PORT"):
        monkeypatch.setenv(f"WATCHKEEPER_{name}", "")

    assert Settings.read() == Settings.read(llm="offline")
    assert Settings.read().slack_bot_token is None


@pytest.mark.parametrize(
    ("setting", "value", "advice"),
    [
        ("llm", "claude", "use one of bedrock:<model>"),
        ("llm", "openai:", "name the model too, as in openai:<model>"),
        ("llm", "offline:please", "offline takes no model"),
        ("llm", "vllm", "name the model too, as in vllm:<model>"),
        ("llm_fast", "nope:x", "use one of"),
        ("llm_router", "nope:x", "use one of"),
        ("llm_fallbacks", "gemini:x,nope", "use one of"),
        ("environment", "staging", "dev"),
        ("workers", "0", "greater than 0"),
        ("workers", "many", "valid integer"),
        ("http_port", "99999", "less than or equal to 65535"),
        ("run_timeout_seconds", "-1", "greater than 0"),
        ("store", "postgres", "sqlite"),
    ],
)
def test_a_mistake_names_its_variable_and_the_fix(setting: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=f"WATCHKEEPER_{setting.upper()}: ") as caught:
        Settings.read(**{setting: value})
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"WATCHKEEPER_LLM: .*; WATCHKEEPER_WORKERS: "):
        Settings.read(llm="x", workers=0)


def test_a_secret_is_never_shown() -> None:
    secret = "-".join(("xoxb", "very", "secret"))
    settings = Settings.read(slack_bot_token=secret)

    assert secret not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        Settings.read(slack_bot_token=[secret], workers=0)
    assert secret not in str(caught.value)


def test_other_accounts_are_a_json_list_and_survive_the_way_to_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_AWS_ACCOUNTS", '[{"id": "123456789012", "name": "data", "regions": ["eu-west-1"]}]')
    settings = Settings.read()
    assert settings.aws_accounts[0].role_arn("aws-cn") == "arn:aws-cn:iam::123456789012:role/watchkeeper-read"
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.read().aws_accounts == settings.aws_accounts


@pytest.mark.parametrize("wrong", ["123456789012", "[{", '[{"id": "12"}]', '[{"id": "123456789012", "key": "x"}]'])
def test_other_accounts_that_cannot_be_read_are_one_clear_mistake(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_AWS_ACCOUNTS", wrong)
    with pytest.raises(SettingsError, match="WATCHKEEPER_AWS_ACCOUNTS"):
        Settings.read()


def test_a_comma_within_a_webhook_secret_is_a_mistake_that_is_named_without_the_secret() -> None:
    with pytest.raises(SettingsError, match=r"WEBHOOK_SECRETS: write source=secret,.* with no comma") as told:
        Settings.read(webhook_secrets="datadog=first-half,second-half")
    assert "half" not in str(told.value)

    settings = Settings.read(webhook_secrets=" datadog=a=b , ,pagerduty=c,")
    given = [settings.webhook_secret_of(source) for source in ("datadog", "pagerduty", "grafana")]
    assert [secret.get_secret_value() if secret else None for secret in given] == ["a=b", "c", None]
