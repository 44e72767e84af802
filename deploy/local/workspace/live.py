"""Live updates: every change in the workspace, pushed to whoever has the page open."""

import asyncio
from collections.abc import Callable
from typing import Any

from deploy.local.workspace.state import JSON

MAX_BACKLOG = 1_000


class LiveFeed:
    """Fans small JSON events out to page connections and to listeners in the same process."""

    def __init__(self) -> None:
        self._subscribers: set[asyncio.Queue[JSON]] = set()
        self._listeners: list[Callable[[JSON], None]] = []

    def publish(self, event_type: str, **payload: Any) -> None:
        event = {"type": event_type, **payload}
        for queue in self._subscribers:
            if queue.full():  # a page that stopped reading is told to ask for everything again
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"type": "missed"})
            queue.put_nowait(event)
        for listener in self._listeners:
            listener(event)

    def subscribe(self) -> asyncio.Queue[JSON]:
        queue: asyncio.Queue[JSON] = asyncio.Queue(MAX_BACKLOG)
        self._subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[JSON]) -> None:
        self._subscribers.discard(queue)

    def listen(self, listener: Callable[[JSON], None]) -> None:
        self._listeners.append(listener)
