"""Both checkpointers: LangGraph's own conformance suite, and what Watchkeeper needs besides."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.types import Command

from tests.contracts.checkpointers import CHECKPOINTERS, opened, resume, run, start, waiting_graph
from tests.contracts.parameters import parameters, usable

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=parameters(CHECKPOINTERS))
def checkpointer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")  # so that what a test sets is undone
    return usable(request.param)


@pytest.mark.slow
async def test_it_conforms(checkpointer: str, tmp_path: Path) -> None:
    @checkpointer_test(name=checkpointer)
    async def subject() -> AsyncIterator[BaseCheckpointSaver[str]]:
        async with opened(checkpointer, tmp_path) as saver:
            yield saver

    report = await validate(subject)
    assert [result.failures for result in report.results.values() if result.failures] == []
    assert report.passed_all_base()


@pytest.mark.slow
async def test_a_run_that_waits_is_resumed_after_a_restart(checkpointer: str, tmp_path: Path) -> None:
    async with opened(checkpointer, tmp_path) as saver:
        await waiting_graph(saver).ainvoke(start(), run("run_1"), durability="exit")
    async with opened(checkpointer, tmp_path) as saver:
        state = await waiting_graph(saver).aget_state(run("run_1"))
        assert [waiting.value for waiting in state.interrupts] == [{"question": "restart it?"}]
    resumed = await resume(checkpointer, tmp_path, "run_1", "yes")
    assert (resumed["answer"], resumed["steps"]) == ("yes", ["proposed", "decided"])


@pytest.mark.slow
@pytest.mark.parametrize("strict", ["true", "false"])
async def test_another_process_resumes_it_also_with_strict_deserialisation(
    checkpointer: str, tmp_path: Path, strict: str
) -> None:
    """Strict msgpack makes dicts of unknown types without a word; messages and plain values it leaves alone."""
    async with opened(checkpointer, tmp_path) as saver:
        await waiting_graph(saver).ainvoke(start(1000), run("run_1"), durability="exit")
    command = [sys.executable, "-m", "tests.contracts.checkpointers", checkpointer, str(tmp_path), "run_1", "yes"]
    environment = {**os.environ, "LANGGRAPH_STRICT_MSGPACK": strict}
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "yes ['proposed', 'decided'] 1000 AIMessage\n", done.stderr


async def test_who_writes_into_the_store_runs_nothing(checkpointer: str, tmp_path: Path) -> None:
    """LangGraph's serializer would call whatever stands there by module and name."""
    mark = tmp_path / "owned"
    call = ormsgpack.Ext(0, ormsgpack.packb(("os", "system", f"touch '{mark}'")))
    async with opened(checkpointer, tmp_path) as saver:
        begin = start() | {"evidence": [{"id": "ev_1", "summary": call}]}
        await waiting_graph(saver).ainvoke(begin, run("run_1"), durability="sync")
    async with opened(checkpointer, tmp_path) as saver:
        kept = await saver.aget_tuple(run("run_1"))
        assert kept is not None
        assert kept.checkpoint["channel_values"]["evidence"][0]["summary"] != 0
        assert await listed(saver, "run_1")
        await waiting_graph(saver).aget_state(run("run_1"))
    assert not mark.exists()


async def test_a_state_of_450_kb_is_kept(checkpointer: str, tmp_path: Path) -> None:
    """Random, so that it does not shrink below what an item may hold."""
    begin = start()
    begin["evidence"] = [{"id": "ev_1", "summary": os.urandom(225_000).hex() * 2}]
    async with opened(checkpointer, tmp_path) as saver:
        graph = waiting_graph(saver)
        await graph.ainvoke(begin, run("run_1"), durability="sync")
    async with opened(checkpointer, tmp_path) as saver:
        state = await waiting_graph(saver).ainvoke(Command(resume="yes"), run("run_1"))
    assert state["evidence"] == begin["evidence"]


async def test_checkpoints_are_listed_newest_first_and_by_run(checkpointer: str, tmp_path: Path) -> None:
    async with opened(checkpointer, tmp_path) as saver:
        for thread in ("run_1", "run_2"):
            await waiting_graph(saver).ainvoke(start(), run(thread), durability="sync")
        found = [item async for item in saver.alist(run("run_1"))]
        ids = [item.checkpoint["id"] for item in found]
        assert len(ids) >= 2
        assert ids == sorted(ids, reverse=True)
        assert {item.config["configurable"]["thread_id"] for item in found} == {"run_1"}
        assert await listed(saver, "run_1", limit=1) == found[:1]


async def test_a_deleted_run_leaves_nothing_and_no_other_run_is_touched(checkpointer: str, tmp_path: Path) -> None:
    async with opened(checkpointer, tmp_path) as saver:
        for thread in ("run_1", "run_2"):
            await waiting_graph(saver).ainvoke(start(), run(thread), durability="sync")
        await saver.adelete_thread("run_1")
        assert await saver.aget_tuple(run("run_1")) is None
        assert await listed(saver, "run_1") == []
    resumed = await resume(checkpointer, tmp_path, "run_2", "yes")
    assert resumed["answer"] == "yes"


async def test_a_secret_in_the_metadata_of_a_run_is_not_kept(checkpointer: str, tmp_path: Path) -> None:
    secret = "xoxb-" + "123456789012-123456789012-" + "a1B2c3D4" * 3
    config = {
        "configurable": {"thread_id": "run_1", "slack_token": secret},
        "metadata": {"run_id": "run_1", "note": f"asked with {secret}", "password": secret},
    }
    async with opened(checkpointer, tmp_path) as saver:
        await waiting_graph(saver).ainvoke(start(), config, durability="sync")
        kept = await listed(saver, "run_1")
    assert kept
    assert all(secret not in str(item.metadata) for item in kept)
    assert all((item.metadata or {}).get("run_id") == "run_1" for item in kept)


@pytest.mark.slow
async def test_many_runs_at_once_do_not_mix(checkpointer: str, tmp_path: Path) -> None:
    async with opened(checkpointer, tmp_path) as saver:
        graph = waiting_graph(saver)
        threads = [f"run_{n}" for n in range(20)]
        await asyncio.gather(*(graph.ainvoke(start(n), run(thread)) for n, thread in enumerate(threads)))
        answers = await asyncio.gather(*(graph.ainvoke(Command(resume=thread), run(thread)) for thread in threads))
    assert [(state["answer"], len(state["evidence"][0]["summary"])) for state in answers] == [
        (thread, n) for n, thread in enumerate(threads)
    ]


async def listed(saver: BaseCheckpointSaver[str], thread: str, limit: int | None = None) -> list[CheckpointTuple]:
    return [item async for item in saver.alist(run(thread), limit=limit)]
