"""The settings decide where things are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.models import Mute
from agent.settings import Settings
from tests.contracts.adapters import SettableClock, wall_clock
from tests.contracts.emulators import emulator
from tests.contracts.examples import PLACE, START, incident, job, message
from tools.archive_bucket import create_bucket
from tools.persistence import open_persistence
from tools.queues.local import LocalQueue
from tools.queues.sqs import SqsQueue
from tools.queues.sqs_definition import create_queues
from tools.stores.dynamodb.tables import create_tables
from tools.stores.places import archive_key
from tools.stores.sqlite.database import Database
from tools.stores.sqlite.schema import MIGRATIONS


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


async def test_an_old_thread_is_remembered_from_the_folder_of_the_archive(tmp_path: Path) -> None:
    clock = SettableClock()
    kept = open_persistence(Settings.read(home=tmp_path), clock)
    await kept.conversations.append(PLACE, message("because", role="assistant", ts="1.1"))
    clock.advance(8 * 86_400)
    elsewhere = PLACE.model_copy(update={"channel": "C2"})
    await kept.conversations.append(elsewhere, message("a turn that sweeps", ts="1.1"))
    kept.close()
    assert [path.name for path in (tmp_path / "archive").rglob("*.json")] == ["T1-C1-1772442000.000100.json"]
    kept = open_persistence(Settings.read(home=tmp_path), clock)
    found = await kept.conversations.get(PLACE)
    assert found is not None
    assert found.messages[0].text == "because"
    kept.close()


async def test_on_aws_an_answer_is_in_the_bucket_at_once(moto: str, tmp_path: Path) -> None:
    running = emulator("moto")
    create_tables(running.client("dynamodb"), "test-archived-")
    create_bucket(running.client("s3"), "test-archived", days=400)
    settings = Settings.read(
        home=tmp_path, store="dynamodb", table_prefix="test-archived-", archive_bucket="test-archived"
    )
    kept = open_persistence(settings, wall_clock)
    await kept.conversations.append(PLACE, message("because", role="assistant", ts="1.1"))
    assert await kept.archive.keys("conversations/") == [archive_key(PLACE)]
    kept.close()


async def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """Version 1 of the schema, with a conversation from before an answer had fields of its own."""
    body = '{"role":"user","text":"why?","author":"U1","ts":"1.1","message_ts":"","at":"2026-03-02T09:00:00Z"}'
    place = "T1/C1/1772442000.000100"
    older = Database(tmp_path / "watchkeeper.db", MIGRATIONS[:1])
    older.write(
        lambda connection: [
            connection.execute("INSERT INTO conversations (place, expires_at) VALUES (?, 1772450000)", (place,)),
            connection.execute("INSERT INTO turns (place, role, ts, body) VALUES (?, 'user', '1.1', ?)", (place, body)),
        ]
    )
    older.close()
    kept = open_persistence(Settings.read(home=tmp_path), SettableClock())
    found = await kept.conversations.get(PLACE)
    assert found is not None
    assert (found.messages[0].text, found.messages[0].author_name) == ("why?", "")
    await kept.mutes.mute(Mute(channel="C1", by="U1", at=START))
    assert len(await kept.mutes.all()) == 1
    kept.close()


@pytest.mark.parametrize("bucket", ["Upper", "a", "with space", "-begins"])
def test_a_bucket_that_s3_would_refuse_is_a_mistake(bucket: str) -> None:
    with pytest.raises(SettingsError, match="WATCHKEEPER_ARCHIVE_BUCKET"):
        Settings.read(archive_bucket=bucket)
