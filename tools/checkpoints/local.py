"""Checkpoints in one SQLite file, which old ones leave."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.errors import StoreUnavailable
from agent.redaction.plain import redact_plain
from tools.checkpoints.metadata import without_secrets
from tools.checkpoints.serde import plain_values

_UUID_EPOCH_SECONDS = 12_219_292_800
"""From 15 October 1582, where UUIDs of version 6 begin to count, to 1970 (RFC 9562)."""
_PURGE_EVERY_SECONDS = 3600


class LocalCheckpointer(AsyncSqliteSaver):
    kept: timedelta
    _purged: float = 0

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        if time.monotonic() - self._purged > _PURGE_EVERY_SECONDS:
            await self.purge()
        plain = cast("CheckpointMetadata", redact_plain(metadata))
        return await super().aput(without_secrets(config), checkpoint, plain, new_versions)

    async def purge(self) -> int:
        """Delete the runs whose newest checkpoint is older than `kept`; returns how many."""
        await self.setup()
        self._purged = time.monotonic()
        oldest = first_id(time.time() - self.kept.total_seconds())
        old = "SELECT thread_id FROM checkpoints GROUP BY thread_id HAVING max(checkpoint_id) < ?"
        async with self.lock:
            rows = await self.conn.execute_fetchall(old, (oldest,))
            runs = [(row[0],) for row in rows]
            await self.conn.executemany("DELETE FROM writes WHERE thread_id = ?", runs)
            await self.conn.executemany("DELETE FROM checkpoints WHERE thread_id = ?", runs)
            await self.conn.commit()
        return len(runs)


@asynccontextmanager
async def open_local(path: Path, kept: timedelta) -> AsyncGenerator[LocalCheckpointer]:
    """StoreUnavailable when the file cannot be opened."""
    try:
        _touch(path)
        connection = await aiosqlite.connect(path)
    except (OSError, aiosqlite.Error) as error:
        raise StoreUnavailable(f"{path} cannot be used ({error}); check its folder.") from error
    try:
        saver = LocalCheckpointer(connection, serde=plain_values())
        saver.kept = kept
        await _begin(saver, path)
        yield saver
    finally:
        await connection.close()


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)  # what is being found out is nobody else's business


async def _begin(saver: LocalCheckpointer, path: Path) -> None:
    try:
        await saver.purge()
    except aiosqlite.Error as error:
        raise StoreUnavailable(f"{path} cannot be used ({error}); move it away and start again.") from error


def first_id(seconds: float) -> str:
    """What every checkpoint id of this moment (Unix seconds) or later sorts after: ids are UUIDs of version 6."""
    ticks = int((seconds + _UUID_EPOCH_SECONDS) * 1e7)
    return f"{ticks >> 28:08x}-{ticks >> 12 & 0xFFFF:04x}-6{ticks & 0xFFF:03x}"
