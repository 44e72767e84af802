"""`watchkeeper tables`, and the doctor's look at what it made."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import StoreUnavailable
from agent.settings import Settings
from deploy.own_stores import check_own_stores, create_own_stores
from tests.contracts.adapters import wall_clock
from tests.contracts.emulators import Emulator, emulator
from tools.stores.dynamodb.tables import TABLES


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    running = emulator("moto")
    running.keep_time(wall_clock())
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return running


def checks(settings: Settings) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in check_own_stores(settings)}


def test_what_was_created_is_found_by_the_doctor(moto: Emulator) -> None:
    settings = Settings.read(store="dynamodb", table_prefix="test-own-")
    created, url = create_own_stores(settings, queue="test-own-jobs")
    assert created == [f"test-own-{table.name}" for table in TABLES]
    assert url.endswith("test-own-jobs")
    found = checks(Settings.read(store="dynamodb", table_prefix="test-own-", queue_url=url))
    assert {name: check["status"] for name, check in found.items()} == {"Tables": "ok", "Queue": "ok"}
    assert create_own_stores(settings) == ([], "")


def test_missing_tables_are_named_with_the_command_that_creates_them(moto: Emulator) -> None:
    found = checks(Settings.read(store="dynamodb", table_prefix="nowhere-"))
    assert found["Tables"]["status"] == "fail"
    assert "nowhere-incidents" in found["Tables"]["message"]
    assert "watchkeeper tables" in found["Tables"]["fix"]


def test_a_missing_queue_and_one_without_dead_letters_are_told(moto: Emulator) -> None:
    url = moto.client("sqs").create_queue(QueueName="test-own-plain")["QueueUrl"]
    found = checks(Settings.read(store="dynamodb", queue_url=url))
    assert (found["Queue"]["status"], "no dead-letter queue" in found["Queue"]["message"]) == ("fail", True)
    found = checks(Settings.read(store="dynamodb", queue_url=f"{url}-elsewhere"))
    assert "it does not exist" in found["Queue"]["message"]


def test_with_sqlite_there_is_nothing_to_check() -> None:
    assert checks(Settings.read()) == {}


def test_tables_that_cannot_be_created_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="The tables cannot be used: there are no AWS credentials"):
        create_own_stores(Settings.read(store="dynamodb"))
