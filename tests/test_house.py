"""The house itself: packages, entry points and the files that describe them."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path

import pytest
import yaml

from agent.settings import PROVIDERS as ALLOWED
from agent.settings import Settings
from tools.evidence.catalog import TOOLS
from tools.llm.providers import PROVIDERS

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "tools", "graphs", "slack_app", "prompts", "deploy")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_this_repository(room: str) -> None:
    """The names are generic; something else of the same name on the path would win silently."""
    module = importlib.import_module(room)
    assert Path(str(module.__file__)).is_relative_to(ROOT)


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_lock_names_no_index_and_pins_every_package_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--index" not in lock
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_each_provider_is_an_extra_of_its_own() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {"bedrock", "gemini", "openai", "local", "deploy", "dev"} <= set(extras)


def test_the_graphs_open_in_studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    for name, where in json.loads((ROOT / "langgraph.json").read_text())["graphs"].items():
        path, factory = where.split(":")
        module = importlib.import_module(path.removeprefix("./").removesuffix(".py").replace("/", "."))
        assert getattr(module, factory)().name == name


def test_the_manifest_subscribes_to_what_the_listeners_handle() -> None:
    manifest = yaml.safe_load((ROOT / "slack_app" / "manifest.yaml").read_text())
    events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    assert {"app_mention", "app_home_opened", "message.channels", "message.im"} <= events
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    assert {"app_mentions:read", "chat:write", "channels:history", "im:history", "assistant:write"} <= scopes
    assert "agent_view" in manifest["features"]
    assert manifest["features"]["slash_commands"][0]["command"] == "/watchkeeper"


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in Settings.model_fields if f"`WATCHKEEPER_{name.upper()}`" not in documented] == []


def test_settings_allow_every_provider() -> None:
    assert set(ALLOWED) == {*PROVIDERS, "offline"}, "name each provider in PROVIDERS of agent/settings.py, too"


def test_every_evidence_tool_is_documented() -> None:
    documented = (ROOT / "docs" / "evidence.md").read_text()
    unsaid = [name for name in TOOLS if f"| `{name}` |" not in documented]
    assert unsaid == [], "each evidence tool has a row in the table of docs/evidence.md"
