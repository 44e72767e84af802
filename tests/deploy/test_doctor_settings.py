"""The doctor on settings that nobody knows: a misspelt one would be ignored without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.doctor import Check, check_settings


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Of a user who has no settings yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_known_settings_are_well(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("WATCHKEEPER_LOG_FORMAT", "text")
    monkeypatch.setenv("WATCHKEEPER_CLI_USER", "U0ANNA")
    (folder / ".env").write_text("WATCHKEEPER_LLM=offline\nOTHER=1\n")
    assert check_settings() == Check("Settings", "ok", "all known and valid")


def test_a_misspelt_one_is_named_with_the_one_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_ALERT_CHANELS", "alerts")
    found = check_settings()
    assert (found.status, found.message) == ("warn", "WATCHKEEPER_ALERT_CHANELS is not a setting")
    assert found.fix == "did you mean WATCHKEEPER_ALERT_CHANNELS?"


def test_those_of_the_file_are_looked_at_too(folder: Path) -> None:
    (folder / ".env").write_text("WATCHKEEPER_LLMM=offline\nWATCHKEEPER_XYZZY=1\n")
    found = check_settings()
    assert found.message == "WATCHKEEPER_LLMM, WATCHKEEPER_XYZZY are not settings"
    assert found.fix == "did you mean WATCHKEEPER_LLM?"


def test_one_like_no_other_is_left_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_XYZZY", "1")
    assert "docs/settings.md" in check_settings().fix
