"""Where something may be shown: in the places of what the job at work is about, and nowhere else, whatever it does.

with only_in(JobPlaces(job, deps, messenger)):     # the worker, around each job
    await handler(job, desk)                        # a post elsewhere raises WrongPlace and is not sent
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from agent.errors import WrongPlace

IN_THREADS = ("chat.postMessage", "chat.startStream", "chat.scheduleMessage", "files.completeUploadExternal")
"""The methods that put a message into a thread, or into the channel where none is named."""


class Places(Protocol):
    @property
    def name(self) -> str:
        """Whose places these are, for people."""
        ...

    async def allow(self, channel: str, thread_ts: str | None) -> bool:
        """`thread_ts`: "" for a message that begins one, None where a message is only edited or one person sees it."""
        ...

    def allows_home(self, user: str) -> bool: ...


_ALLOWED: ContextVar[Places | None] = ContextVar("places", default=None)


@contextmanager
def only_in(places: Places) -> Generator[None]:
    """Whatever is shown inside, also by tasks that begin here, is shown in these places."""
    token = _ALLOWED.set(places)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


async def check_place(method: str, request: Mapping[str, Any], only_in_jobs: bool = False) -> None:
    """WrongPlace when the job at work has no business there; `only_in_jobs`: also when none is at work."""
    places = _ALLOWED.get()
    if places is None:
        if only_in_jobs:
            raise WrongPlace(f"{method} was called outside of any job, so it was not sent.")
        return
    channel = str(request.get("channel") or request.get("channel_id") or "")
    thread_ts = str(request.get("thread_ts") or "") if method in IN_THREADS else None
    if request.get("channels"):
        where = "several channels at once"
    elif channel:
        where = f"thread {thread_ts} of {channel}" if thread_ts else channel
        if await places.allow(channel, thread_ts):
            return
    elif method != "views.publish" or places.allows_home(str(request.get("user_id") or "")):
        return
    else:
        where = "this person's Home"
    raise WrongPlace(f"{places.name} may not show anything in {where}, so it was not sent.")
