from __future__ import annotations

import shlex
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import Settings
from agent.sources import SOURCES
from deploy.local_home import fresh_home, with_latest_home
from deploy.running import run_everything, webhook_example, webhook_settings
from tools.persistence import open_persistence


def test_beside_the_local_workspace_webhooks_listen_for_this_machine_only() -> None:
    chosen = webhook_settings(Settings.read(), 8765)
    settings = Settings.read(**chosen)

    assert settings.webhook_host == "127.0.0.1"
    assert settings.webhook_port
    command = shlex.split(webhook_example(settings))
    secret = settings.webhook_secret_of("datadog")
    assert secret is not None
    assert command[0] == "curl"
    assert f"Authorization: Bearer {secret.get_secret_value()}" in command
    assert command[-1] == f"http://127.0.0.1:{settings.webhook_port}/webhooks/datadog"


def test_each_start_has_a_secret_of_its_own() -> None:
    first, second = (webhook_settings(Settings.read(), 8765)["webhook_secrets"] for _ in range(2))
    assert first != second


def test_what_is_set_stays() -> None:
    assert webhook_settings(Settings.read(webhook_port=9000), 8765) == {}
    assert webhook_settings(Settings.read(webhook_secrets="pagerduty=x"), 8765) == {}
    assert webhook_example(Settings.read(webhook_port=9000, webhook_secrets="pagerduty=x")) == ""


def test_a_port_that_is_taken_is_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert webhook_settings(Settings.read(), port - 1)["webhook_port"] != port


def test_one_secret_is_good_for_every_tool_and_mapping(tmp_path: Path) -> None:
    mappings = tmp_path / "mappings.yaml"
    mappings.write_text("backups: {sender: token, fields: {title: name}}")
    settings = Settings.read(webhook_mappings=mappings)
    chosen = Settings.read(**webhook_settings(settings, 8765))

    names = [*(source.name for source in SOURCES if source.verify), "backups"]
    found = {chosen.webhook_secret_of(name) for name in names}
    assert len(names) > 5
    assert len(found) == 1
    assert None not in found


def test_a_secret_of_the_users_own_is_not_printed() -> None:
    settings = Settings.read(webhook_port=9000, webhook_secrets="datadog=" + "kept-quiet")
    command = webhook_example(settings, made_up=False)
    assert "kept-quiet" not in command
    assert '"Authorization: Bearer $SECRET"' in command


def test_each_run_with_a_local_workspace_begins_with_nothing(tmp_path: Path) -> None:
    """Its channels have the ids that they had before, and the messages of the run before are gone."""
    first = fresh_home(tmp_path, 8765)
    (first / "watchkeeper.db").write_text("what the run before was told")
    other = fresh_home(tmp_path, 8766)
    (tmp_path / "watchkeeper.db").write_text("what real Slack was told")

    assert fresh_home(tmp_path, 8765) == first
    assert list(first.iterdir()) == []
    assert other.is_dir()
    assert (tmp_path / "watchkeeper.db").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("no folder")
    with pytest.raises(SettingsError, match=r"WATCHKEEPER_HOME: .* cannot be made anew"):
        fresh_home(tmp_path, 8765)


def test_commands_beside_a_run_look_at_what_it_keeps(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    assert with_latest_home(settings).home == tmp_path

    running = settings.model_copy(update={"home": fresh_home(tmp_path, 8765)})
    open_persistence(running, lambda: datetime.now(UTC)).close()
    assert with_latest_home(settings).home == running.home
    in_slack = Settings.read(home=tmp_path, slack_bot_token="xoxb-" + "test", slack_app_token="xapp-" + "test")
    assert with_latest_home(in_slack).home == tmp_path


@pytest.mark.parametrize(
    ("setting", "text", "said"),
    [
        ("ALERT_RULES", "rulez: []", "rulez is not known here; did you mean rules?"),
        ("WATCH_LIST", "metrics: [{}]", "WATCHKEEPER_WATCH_LIST: .*give namespace and metric"),
        ("WEBHOOK_MAPPINGS", "text", "WATCHKEEPER_WEBHOOK_MAPPINGS: .* must hold a mapping of names"),
        ("LLM_PRICES", "models: none", "WATCHKEEPER_LLM_PRICES: .* is no price table"),
    ],
)
async def test_a_wrong_file_is_told_before_anything_starts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: str,
    text: str,
    said: str,
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    monkeypatch.setenv(f"WATCHKEEPER_{setting}", str(file))

    with pytest.raises(SettingsError, match=said):
        await run_everything(0, "simulated", "")
    assert capsys.readouterr().out == ""
