"""Checkpoints in DynamoDB, those over 350 KB in the archive's bucket: LangGraph's own saver, made fit for this use.

What the saver does and this class undoes:
- it reads without consistency: a run resumed by another machine might begin from a state that is no longer true;
- given a time to live, it edits the bucket's lifecycle, which `watchkeeper tables --bucket` owns;
- it works in the event loop's shared threads, where it would wait for slow model calls;
- it logs each write at INFO, and lets botocore's errors through as they are;
- it stores the metadata of a run as it is;
- it runs what a stored value names (`tools.checkpoints.serde`).
The table is WORKFLOWS of `tools.stores.dynamodb.tables`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import run_in_executor
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph_checkpoint_aws import DynamoDBSaver

from agent.errors import StoreUnavailable
from agent.redaction.plain import redact_plain
from agent.settings import Settings
from tools.checkpoints.metadata import without_secrets
from tools.checkpoints.serde import plain_values
from tools.stores.dynamodb.client import own_config, own_session
from tools.stores.dynamodb.errors import unavailable
from tools.stores.dynamodb.tables import WORKFLOWS

Result = TypeVar("Result")
PREFIX = "checkpoints"
"""Where in the bucket they lie."""
_THREADS = 16


class DynamoCheckpointer(DynamoDBSaver):
    serde = plain_values()  # its constructor takes none

    def __init__(self, settings: Settings, kept: timedelta) -> None:
        logging.getLogger("langgraph_checkpoint_aws").setLevel(logging.ERROR)
        bucket = settings.archive_bucket
        super().__init__(
            table_name=settings.table_prefix + WORKFLOWS.name,
            session=own_session(settings.aws_region, settings.aws_profile),
            boto_config=own_config(settings.aws_timeout_seconds),
            enable_checkpoint_compression=True,
            s3_offload_config={"bucket_name": bucket, "key_prefix": PREFIX} if bucket else None,
        )
        # Not by the constructor, which would edit the bucket's lifecycle.
        self.storage.ttl_seconds = self.repo.ttl_seconds = int(kept.total_seconds())
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="checkpoints")
        _read_consistently(self.client)
        if self.storage.s3_client is not None:
            _seal(self.storage.s3_client)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self.client.close()
        if self.storage.s3_client is not None:
            self.storage.s3_client.close()

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        plain = cast("CheckpointMetadata", redact_plain(metadata))
        return super().put(without_secrets(config), checkpoint, plain, new_versions)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await self._run(self.get_tuple, config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return await self._run(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        await self._run(self.put_writes, config, writes, task_id, task_path)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the saver's own name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        found: Iterator[CheckpointTuple] = self.list(config, filter=filter, before=before, limit=limit)
        while (item := await self._run(lambda: next(found, None))) is not None:
            yield item

    async def adelete_thread(self, thread_id: str) -> None:
        await self._run(self.delete_thread, thread_id)

    async def _run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        try:
            return await run_in_executor(self._threads, work, *arguments)
        except (ClientError, BotoCoreError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: ClientError | BotoCoreError) -> StoreUnavailable:
        operation = str(getattr(error, "operation_name", "")) or "PutItem"
        if "Object" in operation:
            return unavailable(f"bucket {self._bucket}", f"s3:{operation.replace('Objects', 'Object')}", error)
        if isinstance(error, ClientError) and "size" in str(error) and not self._bucket:
            return StoreUnavailable(
                "A run's state is larger than an item of DynamoDB may be; set WATCHKEEPER_ARCHIVE_BUCKET, where large "
                "ones are kept (`watchkeeper tables --bucket NAME` creates it)."
            )
        return unavailable(f"table {self.table_name}", f"dynamodb:{operation}", error)


def _read_consistently(client: Any) -> None:
    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ConsistentRead"] = True

    def ask_each(params: dict[str, Any], **_: Any) -> None:
        for request in params["RequestItems"].values():
            request["ConsistentRead"] = True

    for operation in ("GetItem", "Query"):
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", ask)
    client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", ask_each)


def _seal(client: Any) -> None:
    """Encrypt objects. Their tag would steer the saver's own lifecycle rule, and takes a right of its own to write."""

    def seal(params: dict[str, Any], **_: Any) -> None:
        params.pop("Tagging", None)
        params["ServerSideEncryption"] = "AES256"

    client.meta.events.register("provide-client-params.s3.PutObject", seal)
