"""Settings that name a secret instead of holding it."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from agent.errors import SettingsError
from agent.secret_references import LiveSecret, SecretReference, accepted, named_secrets, other_than
from agent.settings import Settings

SLACK = "secretsmanager:watchkeeper/slack#bot_token"


class Drawer:
    """A source in memory. The first value of a name is the current one, the second the one before it."""

    def __init__(self, **values: list[str]) -> None:
        self.values = values

    def current(self, reference: SecretReference) -> str:
        return self.values[reference.name][0]

    def accepted(self, reference: SecretReference, *, anew: bool = False) -> tuple[str, ...]:
        return tuple(self.values[reference.name])

    def other_than(self, reference: SecretReference, refused: str) -> str | None:
        return next((value for value in self.values[reference.name] if value not in ("", refused)), None)


@pytest.mark.parametrize(
    ("text", "service", "name", "key"),
    [
        ("secretsmanager:watchkeeper/slack", "secretsmanager", "watchkeeper/slack", ""),
        (SLACK, "secretsmanager", "watchkeeper/slack", "bot_token"),
        ("ssm:/watchkeeper/datadog", "ssm", "/watchkeeper/datadog", ""),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:wk/slack-AbCdEf#app",
            "secretsmanager",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:wk/slack-AbCdEf",
            "app",
        ),
    ],
)
def test_a_reference_names_a_service_a_secret_and_perhaps_a_key(text: str, service: str, name: str, key: str) -> None:
    reference = SecretReference.parse(text)
    assert reference is not None
    assert (reference.service, reference.name, reference.key) == (service, name, key)
    assert str(reference) == text


@pytest.mark.parametrize("text", ["xoxb-" + "1-2", "", "my ssm:thing", "https://ssm:x"])
def test_other_text_is_no_reference(text: str) -> None:
    assert SecretReference.parse(text) is None


@pytest.mark.parametrize("text", ["secretsmanager:", "ssm:two words", "ssm:name#", "secretsmanager:a,b"])
def test_a_reference_that_is_written_wrongly_is_told_and_not_sent_as_a_secret(text: str) -> None:
    with pytest.raises(SettingsError, match="WATCHKEEPER_SLACK_BOT_TOKEN: write secretsmanager:NAME_OR_ARN"):
        Settings.read(slack_bot_token=text)


def test_a_setting_that_refers_to_a_secret_shows_neither_the_value_nor_gives_it_unread() -> None:
    secret = Settings.read(slack_bot_token=SLACK).slack_bot_token
    assert isinstance(secret, LiveSecret)
    assert "watchkeeper" not in repr(secret) + str(secret)
    with pytest.raises(SettingsError, match="nobody has looked it up"):
        secret.get_secret_value()


def test_what_was_read_is_in_no_repr_and_in_no_dump() -> None:
    settings = Settings.read(slack_bot_token="secretsmanager:token")
    assert isinstance(settings.slack_bot_token, LiveSecret)
    read = settings.slack_bot_token.read_by(Drawer(token=["xoxb-" + "now"]))
    settings = settings.model_copy(update={"slack_bot_token": read})
    assert read.get_secret_value() == "xoxb-" + "now"
    shown = repr(settings) + str(settings) + repr(read) + settings.model_dump_json()
    assert "xoxb-" not in shown


def test_a_process_that_is_started_is_handed_the_reference_and_not_the_secret() -> None:
    settings = Settings.read(slack_bot_token=SLACK, webhook_secrets="grafana=ssm:/wk/grafana,datadog=plain")
    environment = settings.as_environment()
    assert environment["WATCHKEEPER_SLACK_BOT_TOKEN"] == SLACK
    assert environment["WATCHKEEPER_WEBHOOK_SECRETS"] == "grafana=ssm:/wk/grafana,datadog=plain"


def test_each_part_of_a_list_may_be_a_reference() -> None:
    settings = Settings.read(webhook_secrets="grafana=ssm:grafana,datadog=plain")
    assert isinstance(settings.webhook_secrets, LiveSecret)
    secrets = settings.webhook_secrets.read_by(Drawer(grafana=["new", "old"]))
    settings = settings.model_copy(update={"webhook_secrets": secrets})
    assert settings.webhook_names == ("grafana", "datadog")
    grafana, datadog = settings.webhook_secret_of("grafana"), settings.webhook_secret_of("datadog")
    assert grafana is not None
    assert datadog is not None
    assert list(accepted(grafana)) == ["new", "old"]
    assert list(accepted(datadog)) == ["plain"]


def test_one_secret_may_hold_the_whole_list() -> None:
    secret = LiveSecret("secretsmanager:all", Drawer(all=[json.dumps({"grafana": "g", "data dog": "d", "n": 1})]))
    assert named_secrets(secret) == {"grafana": LiveSecret("secretsmanager:all#grafana")}
    assert named_secrets(LiveSecret("secretsmanager:all", Drawer(all=["plain"]))) == {}


@pytest.mark.parametrize("secret", [SecretStr(""), LiveSecret("ssm:gone", Drawer(gone=[]))])
def test_where_there_is_no_secret_nothing_that_is_shown_counts(secret: SecretStr) -> None:
    """A signature by an empty key can be made by anybody."""
    assert list(accepted(secret)) == []


def test_a_key_goes_to_its_own_provider_only_when_it_is_a_reference_too() -> None:
    both = Settings.read(llm="openai:gpt-4o", llm_api_key="openai=ssm:a,gemini=ssm:b")
    assert both.llm_api_key_of("openai") == LiveSecret("ssm:a")
    assert both.llm_api_key_of("gemini") == LiveSecret("ssm:b")
    one = Settings.read(llm="openai:gpt-4o", llm_api_key="ssm:a")
    assert one.llm_api_key_of("gemini") is None


def test_a_plain_secret_has_no_other_value() -> None:
    settings = Settings.read(slack_bot_token="xoxb-" + "plain")
    assert other_than(settings.slack_bot_token, "xoxb-" + "plain") is None
