"""Checkpoints of graph runs: what lets a run that waits for somebody be resumed, by this process or another.

They hold the graph's state, which is plain (dicts, lists, texts, messages) and redacted before the run begins. A run
that is done needs none: `forget` deletes them. What is left behind goes after `KEPT`, which is much longer than any
approval may take.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.settings import Settings

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)


@asynccontextmanager
async def open_checkpointer(settings: Settings) -> AsyncGenerator[BaseCheckpointSaver[Any]]:
    """A SQLite file in `settings.home`, or the table of workflows on DynamoDB, while the context is open."""
    if settings.store == "dynamodb":
        from tools.checkpoints.on_aws import DynamoCheckpointer

        saver = DynamoCheckpointer(settings, KEPT)
        try:
            yield saver
        finally:
            saver.close()
    else:
        from tools.checkpoints.local import open_local

        async with open_local(settings.home / "checkpoints.db", KEPT) as saver:
            yield saver


async def forget(graph: Any, run_id: str, *, over: bool = False) -> None:
    """Delete what SQLite holds of a run that is done; one that can still be resumed keeps its checkpoints.

    DynamoDB's time to live does so for nothing, and deleting is not. `graph` is compiled, with its checkpointer.
    `over`: it is known to have come to its end, so that nothing has to be read.
    """
    if not isinstance(graph.checkpointer, AsyncSqliteSaver):
        return
    try:
        if over or not (await graph.aget_state({"configurable": {"thread_id": run_id}})).next:
            await graph.checkpointer.adelete_thread(run_id)
    except sqlite3.Error as error:
        log.warning("The checkpoints of %s could not be deleted, and will be in %s: %s", run_id, KEPT, error)
