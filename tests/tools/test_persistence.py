"""The settings decide where things are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.settings import Settings
from tests.contracts.adapters import wall_clock
from tests.contracts.emulators import emulator
from tests.contracts.examples import incident, job
from tools.persistence import open_persistence
from tools.queues.local import LocalQueue
from tools.queues.sqs import SqsQueue
from tools.queues.sqs_definition import create_queues
from tools.stores.dynamodb.tables import create_tables


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> str:
    """boto3's own environment variables lead to an empty AWS."""
    running = emulator("moto")
    running.keep_time(wall_clock())
    for name, value in (
        ("AWS_ENDPOINT_URL", running.url),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):
        monkeypatch.setenv(name, value)
    return running.url


async def test_by_default_all_is_in_files(tmp_path: Path) -> None:
    kept = open_persistence(Settings.read(home=tmp_path), wall_clock)
    await kept.incidents.save(incident(id="inc_1"))
    kept.queue.send(job())
    kept.close()
    assert {"watchkeeper.db", "queue.db"} <= set(os.listdir(tmp_path))


async def test_on_aws_all_is_in_tables_and_a_queue(moto: str, tmp_path: Path) -> None:
    running = emulator("moto")
    create_tables(running.client("dynamodb"), "test-persistence-")
    url = create_queues(running.client("sqs"), "test-persistence")
    settings = Settings.read(home=tmp_path, store="dynamodb", table_prefix="test-persistence-", queue_url=url)
    for _ in range(2):
        kept = open_persistence(settings, wall_clock)
        await kept.incidents.save(incident(id="inc_1"))
        kept.queue.send(job())
        assert isinstance(kept.queue, SqsQueue)
        assert await kept.incidents.get("inc_1") is not None
        assert await kept.queue.depth() == 1
        kept.close()
    assert os.listdir(tmp_path) == []


def test_tables_without_a_queue_url_leave_the_queue_in_a_file(moto: str, tmp_path: Path) -> None:
    kept = open_persistence(Settings.read(home=tmp_path, store="dynamodb"), wall_clock)
    assert isinstance(kept.queue, LocalQueue)
    kept.close()


def test_an_sqs_queue_without_tables_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="WATCHKEEPER_QUEUE_URL needs WATCHKEEPER_STORE=dynamodb"):
        Settings.read(queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/jobs")


@pytest.mark.parametrize("prefix", ["with space", "a/b", "x" * 201])
def test_a_prefix_that_dynamodb_would_refuse_is_a_mistake(prefix: str) -> None:
    with pytest.raises(SettingsError, match="WATCHKEEPER_TABLE_PREFIX"):
        Settings.read(table_prefix=prefix)
