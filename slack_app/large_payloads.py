"""Large payloads stay in the archive, and their jobs say where: a message in SQS holds 256 KB.

    job = await lightened(job, archive)    before it is queued
    job = await whole(job, archive)        when it is worked on

What is small stays in the job, and the names of what is not.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agent.errors import InputError
from agent.models import Job
from agent.ports import Archive
from agent.redaction.plain import redact_plain

LARGE_BYTES = 64 * 1024
"""In JSON's ASCII form, as SQS's messages have it."""
SMALL_CHARS = 1024
KEPT_AT = "kept_at"
"""Where a job's payload says which key of the archive has the rest of it."""


def is_large(job: Job) -> bool:
    return _length(job.payload) > LARGE_BYTES


async def lightened(job: Job, archive: Archive) -> Job:
    """The job itself, if it is not large. StoreUnavailable when the archive is down."""
    if not is_large(job):
        return job
    small = {name: value for name, value in job.payload.items() if _length(value) <= SMALL_CHARS}
    rest = {name: value for name, value in job.payload.items() if name not in small}
    key = f"payloads/{job.created_at:year=%Y/month=%m/day=%d}/{job.id}.json"
    await archive.put(key, await asyncio.to_thread(_redacted, rest))
    return job.model_copy(update={"payload": {**dict.fromkeys(rest), **small, KEPT_AT: key}})


async def whole(job: Job, archive: Archive) -> Job:
    """As it was before `lightened`. InputError when the archive has no such key (any more)."""
    key = job.payload.get(KEPT_AT)
    if key is None:
        return job
    found = await archive.get(str(key))
    if found is None:
        raise InputError(f"What job {job.id} is about is not in the archive any more: {key}.")
    small = {name: value for name, value in job.payload.items() if name != KEPT_AT}
    return job.model_copy(update={"payload": {**small, **json.loads(found)}})


def _redacted(rest: dict[str, Any]) -> bytes:
    """Beside the event loop: a megabyte takes a while."""
    return json.dumps(redact_plain(rest)).encode()


def _length(value: Any) -> int:
    return len(json.dumps(value))
