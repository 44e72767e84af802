"""Where conversations go when they leave the store: a folder, or an S3 bucket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import InputError, StoreUnavailable
from tools.stores.dynamodb.errors import unavailable

Result = TypeVar("Result")
_THREADS = 4


class FolderArchive:
    """Files under one folder; a reader never sees half a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")

    async def put(self, key: str, body: bytes) -> str:
        return await self._in_thread(lambda: _write(self._path(key), body))

    async def get(self, key: str) -> bytes | None:
        return await self._in_thread(lambda: _read(self._path(key)))

    async def keys(self, prefix: str, limit: int = 1000) -> list[str]:
        return await self._in_thread(lambda: self._keys(prefix)[:limit])

    def close(self) -> None:
        self._threads.shutdown(wait=True)

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts:
            raise InputError(f"{key!r} is no key of the archive; write it as in conversations/year=2026/….json.")
        return self._folder.joinpath(*parts)

    def _keys(self, prefix: str) -> list[str]:
        below = self._folder / prefix.rpartition("/")[0]
        files = (path for path in below.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(key for path in files if (key := path.relative_to(self._folder).as_posix()).startswith(prefix))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.wrap_future(self._threads.submit(work))
        except RuntimeError as error:
            raise StoreUnavailable(f"The archive {self._folder} cannot be used: it was closed.") from error
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise StoreUnavailable(
                f"The archive {self._folder} cannot be used: {reason}; check that folder."
            ) from error


def _write(path: Path, body: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:  # its owner's alone, as tempfile's are
        file.write(body)
    os.replace(file.name, path)
    return path.absolute().as_uri()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


class S3Archive:
    """Objects of one bucket. `client` is boto3's for S3, from `own_client`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="archive")

    async def put(self, key: str, body: bytes) -> str:
        sealed = {"Body": body, "ContentType": "application/json", "ServerSideEncryption": "AES256"}
        await self._call("put_object", Key=key, **sealed)
        return f"s3://{self._bucket}/{key}"

    async def get(self, key: str) -> bytes | None:
        try:
            return await self._call("get_object", Key=key)
        except StoreUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"].get("Code") == "NoSuchKey":
                return None
            raise

    async def keys(self, prefix: str, limit: int = 1000) -> list[str]:
        found: list[str] = []
        following: dict[str, str] = {}
        while len(found) < limit:
            wanted = min(1000, limit - len(found))
            reply = await self._call("list_objects_v2", Prefix=prefix, MaxKeys=wanted, **following)
            found += [entry["Key"] for entry in reply.get("Contents", [])]
            if not reply.get("IsTruncated"):
                break
            following = {"ContinuationToken": reply["NextContinuationToken"]}
        return found

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._client.close()

    async def _call(self, operation: str, **parameters: Any) -> Any:
        """The reply; of an object that is read, its bytes."""
        try:
            running = self._threads.submit(self._call_now, operation, parameters)
        except RuntimeError as error:
            raise StoreUnavailable(f"The bucket {self._bucket} cannot be used: it was closed.") from error
        return await asyncio.wrap_future(running)

    def _call_now(self, operation: str, parameters: dict[str, Any]) -> Any:
        try:
            reply = getattr(self._client, operation)(Bucket=self._bucket, **parameters)
            return reply["Body"].read() if operation == "get_object" else reply
        except (ClientError, BotoCoreError) as error:
            raise unavailable(f"bucket {self._bucket}", _ACTIONS[operation], error) from error


_ACTIONS = {"put_object": "s3:PutObject", "get_object": "s3:GetObject", "list_objects_v2": "s3:ListBucket"}
