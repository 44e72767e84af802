"""How the workspace reaches the app: what Socket Mode and signed HTTP have in common."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from deploy.local.workspace.state import JSON

Kind = Literal["events_api", "interactive", "slash_commands"]

ACK_TIMEOUT_SECONDS = 3.0
RETRY_DELAYS_SECONDS = (0.0, 60.0, 300.0)
"""Slack tries an event again at once, after a minute and after five minutes, then gives up."""


@dataclass(frozen=True)
class Timing:
    """How long the app has to acknowledge, and when an event is sent again. Tests shorten both."""

    ack_timeout: float = ACK_TIMEOUT_SECONDS
    retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS


@dataclass(frozen=True)
class Ack:
    """The app's answer to an interaction. `ok` is false when nothing came in time or it was an error."""

    ok: bool
    payload: JSON | None = None


class Transport(Protocol):
    """The way to the app."""

    @property
    def connected(self) -> bool:
        """Whether the app can be reached now."""
        ...

    def send_event(self, payload: JSON, attempt: int = 0) -> None:
        """Deliver an Events API payload in the background, with retries. Never raises."""
        ...

    async def ask(self, kind: Kind, payload: JSON) -> Ack:
        """Deliver an interaction once and wait for its acknowledgement."""
        ...

    async def close(self) -> None: ...


class Background:
    """Keeps references to running tasks, so that none is collected or forgotten at shutdown."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
