"""Many requests at a time, or one change of the whole account."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Gate:
    """Requests go through together; a change waits for those under way, and keeps new ones waiting until it is done."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._requests = 0
        self._changing = False

    @contextmanager
    def request(self) -> Generator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._changing)
            self._requests += 1
        try:
            yield
        finally:
            with self._condition:
                self._requests -= 1
                self._condition.notify_all()

    @contextmanager
    def change(self) -> Generator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._changing)
            self._changing = True
            self._condition.wait_for(lambda: self._requests == 0)
        try:
            yield
        finally:
            with self._condition:
                self._changing = False
                self._condition.notify_all()
