"""What a queue's message cannot hold is in the archive until its job is worked on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import InputError
from agent.settings import Settings
from slack_app.bolt import lightened_by
from slack_app.bootstrap import build_deps
from slack_app.intake import Identity, Intake
from slack_app.large_payloads import LARGE_BYTES, lightened, whole
from tests.contracts.examples import job
from tools.archive import FolderArchive
from tools.queues.sqs_messages import MAX_BODY_BYTES, body_of

SECRET = "tr0ub4dor" + "-and-3"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[FolderArchive]:
    opened = FolderArchive(tmp_path)
    yield opened
    opened.close()


async def test_a_large_payload_fits_into_a_message_and_comes_back_whole(archive: FolderArchive) -> None:
    sent = job(payload={"source": "grafana", "body": {"alerts": ["☃" * 300_000]}, "delivery": "d1"})
    light = await lightened(sent, archive)
    assert len(body_of(light)) < LARGE_BYTES < MAX_BODY_BYTES
    assert (light.payload["source"], light.payload["body"], light.payload["delivery"]) == ("grafana", None, "d1")
    assert await whole(light, archive) == sent


async def test_a_small_payload_stays_where_it_is(archive: FolderArchive) -> None:
    sent = job(payload={"body": "x" * 1000})
    assert await lightened(sent, archive) is sent
    assert await whole(sent, archive) is sent
    assert await archive.keys("") == []


async def test_no_secret_gets_into_the_archive(archive: FolderArchive) -> None:
    sent = job(payload={"body": {"log": "x " * LARGE_BYTES, "password": SECRET}})
    opened = await whole(await lightened(sent, archive), archive)
    assert SECRET not in json.dumps(opened.payload)


async def test_a_payload_that_is_gone_is_named(archive: FolderArchive, tmp_path: Path) -> None:
    light = await lightened(job(payload={"body": "x" * 2 * LARGE_BYTES}), archive)
    elsewhere = FolderArchive(tmp_path / "another one")
    with pytest.raises(InputError, match="is not in the archive any more: payloads/"):
        await whole(light, elsewhere)
    elsewhere.close()


async def test_a_post_too_large_for_a_message_gets_into_the_queue(tmp_path: Path) -> None:
    held = build_deps(Settings.read(home=tmp_path), aws="nobody asks it")
    deps, us = held.deps, Identity("T1", "U0WATCHKPR", "B0OWN")
    intake = Intake(deps.queue, deps.clock, us, ("C1",), lambda _: "", lambda *_: None, lightened_by(deps))
    post = {"channel": "C1", "bot_id": "B0MON", "ts": "1.0", "text": "☃" * 100_000}
    assert await asyncio.to_thread(intake.message, post)
    (queued,) = await deps.queue.receive()
    assert len(body_of(queued)) < LARGE_BYTES
    assert (await whole(queued, deps.archive)).payload["event"] == post
    held.close()
