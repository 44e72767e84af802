"""Fields that are stored encrypted: who can open them, and who cannot."""

from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import SettingsError
from agent.ports import Sealer
from agent.redaction.plain import redact_plain
from agent.settings import Settings
from tests.tools.secrets.vault import Vault
from tools.secrets import with_secrets
from tools.secrets.sealing import KEY_FILE, FieldSealer, field_sealer, key_in

FIRST, SECOND = "first-" + "k" * 40, "second-" + "k" * 40
LINK = "https://hooks.slack.com/commands/T0/42/" + "x" * 24
MINE, YOURS = "response_url:C1:U1", "response_url:C1:U2"


def sealer(*keys: str) -> FieldSealer:
    return FieldSealer(lambda: keys)


@given(st.text(), st.text())
def test_what_was_sealed_is_opened_for_the_same_record(text: str, record: str) -> None:
    assert sealer(FIRST).open(sealer(FIRST).seal(text, record), record) == text


def test_what_is_stored_shows_nothing_of_the_text_and_is_other_each_time() -> None:
    sealed = {sealer(FIRST).seal(LINK, MINE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any("hooks" in each or "xxx" in each for each in sealed)


def test_a_field_that_is_moved_to_another_record_cannot_be_opened() -> None:
    assert sealer(FIRST).open(sealer(FIRST).seal(LINK, MINE), YOURS) == ""


def test_a_field_of_another_key_cannot_be_opened() -> None:
    assert sealer(SECOND).open(sealer(FIRST).seal(LINK, MINE), MINE) == ""


def test_a_field_that_was_changed_anywhere_cannot_be_opened() -> None:
    sealed = sealer(FIRST).seal(LINK, MINE)
    changed = {sealed[:at] + other + sealed[at + 1 :] for at in range(len(sealed) - 4) for other in "AB."} - {sealed}
    assert {sealer(FIRST).open(each, MINE) for each in changed} == {""}


@pytest.mark.parametrize("text", ["", LINK, "wk1", "wk1..", "wk1.abc.%%%", "wk2.a.b", "wk1." + "0" * 12 + "."])
def test_what_was_never_sealed_is_nothing(text: str) -> None:
    assert sealer(FIRST).open(text, MINE) == ""


def test_after_a_rotation_the_new_key_seals_and_both_open() -> None:
    before, after = sealer(FIRST), sealer(SECOND, FIRST)
    old, new = before.seal(LINK, MINE), after.seal(LINK, MINE)
    assert after.open(old, MINE) == after.open(new, MINE) == LINK
    assert before.open(new, MINE) == ""
    assert sealer(SECOND).open(old, MINE) == ""


def test_redaction_leaves_what_is_sealed_as_it_is() -> None:
    """Queues redact what they store: a field that this changed could not be opened any more."""
    for _ in range(200):
        stored = {"response_url": sealer(FIRST).seal(LINK, MINE)}
        assert redact_plain(stored) == stored


def test_without_a_setting_a_key_is_made_for_its_owner_only_and_kept(tmp_path: Path) -> None:
    settings = Settings.read(home=tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    sealed = field_sealer(settings).seal(LINK, MINE)
    assert field_sealer(settings).open(sealed, MINE) == LINK
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    if sys.platform != "win32":
        assert stat.S_IMODE(os.stat(tmp_path / KEY_FILE).st_mode) == 0o600


def test_all_who_need_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: key_in(tmp_path / KEY_FILE), range(64)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(SettingsError, match="delete it, or set WATCHKEEPER_SEALING_KEYS"):
        field_sealer(Settings.read(home=tmp_path)).seal(LINK, MINE)


@pytest.mark.parametrize("keys", ["short", f"{FIRST},short", " , "])
def test_a_key_that_is_too_short_is_refused_and_not_told(keys: str) -> None:
    with pytest.raises(SettingsError, match="32 characters or more") as told:
        field_sealer(Settings.read(sealing_keys=keys))
    assert "short" not in str(told.value)


def test_keys_in_secrets_manager_may_be_rotated_while_it_runs(vault: Vault) -> None:
    vault.put("wk/keys", FIRST)
    reference = "secretsmanager:wk/keys"
    running: Sealer = field_sealer(
        with_secrets(Settings.read(sealing_keys=reference, secret_cache_seconds=0.001, secret_overlap_minutes=60))
    )
    old = running.seal(LINK, MINE)
    vault.put("wk/keys", SECOND)
    started_later = field_sealer(with_secrets(Settings.read(sealing_keys=reference)))
    assert started_later.open(old, MINE) == LINK
    assert FieldSealer(lambda: [SECOND]).open(started_later.seal(LINK, MINE), MINE) == LINK
