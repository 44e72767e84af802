"""Answers kept for a few minutes, so that neither a second specialist nor a second question pays for them again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from cachetools import TLRUCache

T = TypeVar("T")
MAX_ENTRIES = 2000


class MemoryCache:
    """The cache port in this process's memory. `timer` counts seconds from anywhere."""

    def __init__(self, timer: Callable[[], float] = time.monotonic, max_entries: int = MAX_ENTRIES) -> None:
        self._entries: TLRUCache[str, tuple[Any, float]] = TLRUCache(
            max_entries, ttu=lambda _key, value, now: now + value[1], timer=timer
        )
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._forgotten = 0

    def fetch(self, key: str, seconds: float, load: Callable[[], T], keep: Callable[[T], bool] = bool) -> T:
        """What is kept under the key, else what `load` gives, kept when `keep` says so.

        Of several that ask at once one loads, and the others wait for it. What `load` raises is not kept, nor what
        was loaded while something was forgotten.
        """
        with self._turn(key):
            with self._lock:
                known, forgotten = self._entries.get(key), self._forgotten
            if known is not None:
                return cast("T", known[0])
            value = load()
            if keep(value):
                with self._lock:
                    if forgotten == self._forgotten:
                        self._entries[key] = (value, seconds)
            return value

    def forget(self, prefix: str) -> None:
        """Drop every entry whose key begins so: something happened that makes them old."""
        with self._lock:
            self._forgotten += 1
            for key in [key for key in self._entries if key.startswith(prefix)]:
                self._entries.pop(key, None)

    @contextmanager
    def _turn(self, key: str) -> Generator[None]:
        """One at a time for each key."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
            turn.takers += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.takers -= 1
                if not turn.takers:
                    del self._turns[key]


@dataclass
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    takers: int = 0
