"""What this project adds to LangGraph's savers, each for a defect or a want of theirs."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from agent.errors import StoreUnavailable
from agent.settings import Settings
from tests.contracts.checkpointers import resume, run, settings_for, start, waiting_graph
from tests.contracts.emulators import Emulator, emulator
from tools.checkpoints import KEPT, forget, open_checkpointer
from tools.checkpoints.local import LocalCheckpointer, first_id, open_local
from tools.checkpoints.on_aws import DynamoCheckpointer
from tools.stores.dynamodb.tables import WORKFLOWS


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalCheckpointer]:
    async with open_local(tmp_path / "checkpoints.db", KEPT) as saver:
        yield saver


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")  # so that what `settings_for` sets is undone
    return emulator("moto")


@pytest.fixture
def on_aws(moto: Emulator, tmp_path: Path) -> Iterator[DynamoCheckpointer]:
    saver = DynamoCheckpointer(settings_for("moto", tmp_path), KEPT)
    yield saver
    saver.close()


def requests(client: Any, service: str) -> list[tuple[str, dict[str, Any]]]:
    """What is asked from now on, as (operation, parameters)."""
    seen: list[tuple[str, dict[str, Any]]] = []
    client.meta.events.register(
        f"before-parameter-build.{service}", lambda params, model, **_: seen.append((model.name, params))
    )
    return seen


async def runs(saver: LocalCheckpointer) -> set[str]:
    return {row[0] for row in await saver.conn.execute_fetchall("SELECT thread_id FROM checkpoints")}


async def test_a_run_that_is_done_leaves_nothing_in_the_file(local: LocalCheckpointer) -> None:
    graph = waiting_graph(local)
    await graph.ainvoke(start(), run("run_1"), durability="exit")
    await forget(graph, "run_1")
    assert await runs(local) == {"run_1"}, "it waits for somebody"
    await resume_here(graph, "run_1")
    await forget(graph, "run_1")
    assert await runs(local) == set()
    assert list(await local.conn.execute_fetchall("SELECT * FROM writes")) == []


async def test_what_is_known_to_be_over_is_forgotten_without_being_read(local: LocalCheckpointer) -> None:
    graph = waiting_graph(local)
    await graph.ainvoke(start(), run("run_1"), durability="exit")
    await resume_here(graph, "run_1")
    read = list[str]()
    await local.conn.set_trace_callback(read.append)
    await forget(graph, "run_1", over=True)
    await local.conn.set_trace_callback(None)
    assert [sql for sql in read if sql.startswith("SELECT")] == []
    assert await runs(local) == set()


async def test_forgetting_a_run_that_never_was_is_fine(local: LocalCheckpointer) -> None:
    await forget(waiting_graph(local), "run_9")
    await forget(waiting_graph(InMemorySaver()), "run_9")


async def test_old_runs_go_and_young_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    async with open_local(path, timedelta(seconds=1)) as saver:
        graph = waiting_graph(saver)
        await graph.ainvoke(start(), run("old"), durability="sync")
        await asyncio.sleep(1.1)
        await graph.ainvoke(start(), run("young"), durability="sync")
        assert await saver.purge() == 1
        assert await runs(saver) == {"young"}
        assert await graph.aget_state(run("young"))
    await asyncio.sleep(1.1)
    async with open_local(path, timedelta(seconds=1)) as saver:
        assert await runs(saver) == set(), "opening it purges, too"


def test_ids_sort_by_their_time() -> None:
    now = time.time()
    assert first_id(now - 0.001) < str(uuid6(clock_seq=-1)) < first_id(now + 10)
    assert first_id(now) < first_id(now + 1e-3) < first_id(now + 1000) < first_id(now + 1e9)


async def test_the_file_is_its_owners_alone(local: LocalCheckpointer, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "checkpoints.db").stat().st_mode) == 0o600


async def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "checkpoints.db").write_text("this is a shopping list " * 100)
    with pytest.raises(StoreUnavailable, match=r"checkpoints\.db cannot be used .*move it away"):
        async with open_checkpointer(Settings.read(home=tmp_path)):
            pass


def test_the_table_of_workflows_says_how_long_they_are_kept() -> None:
    assert timedelta(days=WORKFLOWS.retention_days) == KEPT


async def test_on_aws_every_read_is_consistent(on_aws: DynamoCheckpointer) -> None:
    seen = requests(on_aws.client, "dynamodb")
    graph = waiting_graph(on_aws)
    await graph.ainvoke(start(), run("run_1"), durability="sync")
    await graph.aget_state(run("run_1"))
    [_ async for _ in on_aws.alist(run("run_1"))]
    await on_aws.adelete_thread("run_1")
    reads = [(name, parameters) for name, parameters in seen if name in ("GetItem", "Query", "BatchGetItem")]
    assert {name for name, _ in reads} == {"GetItem", "Query", "BatchGetItem"}
    for name, parameters in reads:
        asked = [*parameters["RequestItems"].values()] if name == "BatchGetItem" else [parameters]
        assert all(each["ConsistentRead"] for each in asked), name


async def test_on_aws_every_item_has_a_time_to_live_longer_than_any_approval(
    on_aws: DynamoCheckpointer, moto: Emulator
) -> None:
    await waiting_graph(on_aws).ainvoke(start(), run("run_1"), durability="sync")
    items = moto.client("dynamodb").scan(TableName=on_aws.table_name)["Items"]
    assert items
    for item in items:
        assert float(item[WORKFLOWS.ttl_attribute]["N"]) > time.time() + timedelta(days=29).total_seconds()


async def test_on_aws_the_buckets_lifecycle_is_left_alone_and_objects_are_sealed(
    on_aws: DynamoCheckpointer, moto: Emulator, tmp_path: Path
) -> None:
    bucket, client = str(on_aws.storage.s3_bucket), moto.client("s3")
    before = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    seen = requests(on_aws.storage.s3_client, "s3")
    begin = start()
    begin["answer"] = os.urandom(450_000).hex()
    await waiting_graph(on_aws).ainvoke(begin, run("run_1"), durability="exit")
    [found] = client.list_objects_v2(Bucket=bucket, Prefix="checkpoints/")["Contents"][:1]
    head = client.head_object(Bucket=bucket, Key=found["Key"])
    assert head["ServerSideEncryption"] == "AES256"
    assert all("Tagging" not in parameters for name, parameters in seen if name == "PutObject")
    assert {name for name, _ in seen} <= {"PutObject", "GetObject"}
    assert client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == before


async def test_on_aws_a_slow_model_does_not_hold_up_checkpoints(on_aws: DynamoCheckpointer) -> None:
    """Bedrock's client works in the loop's own threads: here all of them are busy."""
    loop, free = asyncio.get_running_loop(), threading.Event()
    busy = [loop.run_in_executor(None, free.wait) for _ in range(64)]
    try:
        graph = waiting_graph(on_aws)
        await asyncio.wait_for(graph.ainvoke(start(), run("run_1"), durability="sync"), timeout=20)
        assert await asyncio.wait_for(on_aws.aget_tuple(run("run_1")), timeout=20)
    finally:
        free.set()
        await asyncio.gather(*busy)


async def test_on_aws_nothing_is_logged_of_what_is_written(
    on_aws: DynamoCheckpointer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await waiting_graph(on_aws).ainvoke(start(), run("run_1"), durability="sync")
    assert [record for record in caplog.records if "langgraph_checkpoint_aws" in record.name] == []


async def test_on_aws_a_missing_table_is_one_sentence(moto: Emulator, tmp_path: Path) -> None:
    settings = settings_for("moto", tmp_path).model_copy(update={"table_prefix": "nowhere-"})
    async with open_checkpointer(settings) as saver:
        with pytest.raises(StoreUnavailable, match=r"nowhere-workflows cannot be used: it does not exist; .*tables"):
            await saver.aget_tuple(run("run_1"))


async def test_on_aws_a_large_state_without_a_bucket_is_one_sentence(moto: Emulator, tmp_path: Path) -> None:
    settings = settings_for("moto", tmp_path).model_copy(update={"archive_bucket": ""})
    begin = start()
    begin["answer"] = os.urandom(450_000).hex()
    async with open_checkpointer(settings) as saver:
        with pytest.raises(StoreUnavailable, match="set WATCHKEEPER_ARCHIVE_BUCKET"):
            await waiting_graph(saver).ainvoke(begin, run("run_1"), durability="exit")


async def test_on_aws_a_run_that_is_done_is_left_to_its_time_to_live(on_aws: DynamoCheckpointer) -> None:
    graph = waiting_graph(on_aws)
    await graph.ainvoke(start(), run("run_1"), durability="exit")
    await resume_here(graph, "run_1")
    seen = requests(on_aws.client, "dynamodb")
    await forget(graph, "run_1")
    assert seen == []


async def test_interrupted_runs_survive_a_restart_of_the_local_file(tmp_path: Path) -> None:
    async with open_checkpointer(Settings.read(home=tmp_path)) as saver:
        graph = waiting_graph(saver)
        await graph.ainvoke(start(), run("run_1"), durability="exit")
        await forget(graph, "run_1")
    assert (await resume("sqlite", tmp_path, "run_1", "yes"))["answer"] == "yes"


async def resume_here(graph: Any, thread: str) -> None:
    await graph.ainvoke(Command(resume="yes"), run(thread), durability="exit")
