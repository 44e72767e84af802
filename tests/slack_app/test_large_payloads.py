"""What a queue's message cannot hold is in the archive until its job is worked on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import InputError
from slack_app.large_payloads import LARGE_BYTES, lightened, whole
from tests.contracts.examples import job
from tools.archive import FolderArchive
from tools.queues.sqs_messages import MAX_BODY_BYTES, body_of

SECRET = "tr0ub4dor" + "-and-3"


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path)


async def test_a_large_payload_fits_into_a_message_and_comes_back_whole(archive: FolderArchive) -> None:
    sent = job(payload={"source": "grafana", "body": {"alerts": ["☃" * 300_000]}, "delivery": "d1"})
    light = await lightened(sent, archive)
    assert len(body_of(light)) < LARGE_BYTES < MAX_BODY_BYTES
    assert (light.payload["source"], light.payload["body"], light.payload["delivery"]) == ("grafana", None, "d1")
    assert await whole(light, archive) == sent


async def test_a_small_payload_stays_where_it_is(archive: FolderArchive, tmp_path: Path) -> None:
    sent = job(payload={"body": "x" * 1000})
    assert await lightened(sent, archive) is sent
    assert await whole(sent, archive) is sent
    assert list(tmp_path.iterdir()) == []


async def test_no_secret_gets_into_the_archive(archive: FolderArchive) -> None:
    sent = job(payload={"body": {"log": "x " * LARGE_BYTES, "password": SECRET}})
    opened = await whole(await lightened(sent, archive), archive)
    assert SECRET not in json.dumps(opened.payload)


async def test_a_payload_that_is_gone_is_named(archive: FolderArchive, tmp_path: Path) -> None:
    light = await lightened(job(payload={"body": "x" * 2 * LARGE_BYTES}), archive)
    for file in tmp_path.rglob("*.json"):
        file.unlink()
    with pytest.raises(InputError, match="is not in the archive any more: payloads/"):
        await whole(light, archive)
