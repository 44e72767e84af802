"""Answers kept for a few minutes, so that neither a second specialist nor a second question pays for them again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
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
        self._loading: dict[str, threading.Lock] = {}

    def fetch(self, key: str, seconds: float, load: Callable[[], T], keep: Callable[[T], bool] = bool) -> T:
        """What is kept under the key, else what `load` gives, kept when `keep` says so.

        Of several that ask at once one loads, and the others wait for it. What `load` raises is not kept.
        """
        with self._lock:
            mine = self._loading.setdefault(key, threading.Lock())
        try:
            with mine:
                with self._lock:
                    known = self._entries.get(key)
                if known is not None:
                    return cast("T", known[0])
                value = load()
                if keep(value):
                    with self._lock:
                        self._entries[key] = (value, seconds)
                return value
        finally:
            with self._lock:
                if not mine.locked():
                    self._loading.pop(key, None)

    def forget(self, prefix: str) -> None:
        """Drop every entry whose key begins so: something happened that makes them old."""
        with self._lock:
            for key in [key for key in self._entries if key.startswith(prefix)]:
                self._entries.pop(key, None)
