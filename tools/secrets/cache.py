"""Secrets as they were read last, for some minutes; read anew behind the scenes, and at once when one is refused.

Secrets Manager's caching client for Python has neither: it reads anew in the thread that asks, which may be an event
loop, only when its time is up, and it knows nothing of Systems Manager's parameters.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from agent.errors import SettingsError
from agent.secret_references import SecretReference
from tools.secrets.reading import Version

log = logging.getLogger(__name__)
SOON_SECONDS = 5.0
"""How often one secret is read at most, however many requests with a wrong signature come."""
AFTER_A_FAILURE_SECONDS = 30.0
PATIENCE_SECONDS = 1.0
"""How long a request waits for a read of somebody else's: strangers must not occupy all threads while AWS is slow."""

Key = tuple[str, str]


class Reader(Protocol):
    def current(self, reference: SecretReference) -> Version: ...
    def previous(self, reference: SecretReference, current: Version) -> str | None: ...


@dataclass
class _Known:
    """One secret. `previous` is None until it was asked for, and "" when there is none."""

    version: Version
    read_at: float
    asked_at: float
    """When somebody last began to read it, with success or without: an answer is as old as its question."""
    retry_at: float = 0.0
    previous: str | None = field(default=None, repr=False)
    chosen: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """By key: the value that is shown, since the other one was refused."""


class SecretCache:
    """A `SecretSource`. `seconds`: how old a value may be; `overlap`: how long the last one counts after a rotation."""

    def __init__(
        self,
        reader: Reader,
        seconds: float,
        overlap: timedelta,
        ticks: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader, self._seconds, self._overlap = reader, seconds, overlap
        self._ticks, self._clock = ticks, clock
        self._known: dict[Key, _Known] = {}
        self._reading: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def current(self, reference: SecretReference) -> str:
        known = self._loaded(reference)
        return known.chosen.get(reference.key) or _field(reference, known.version.text)

    def accepted(self, reference: SecretReference, *, anew: bool = False) -> tuple[str, ...]:
        """None where it cannot be read: nobody is let in by a secret that is not there."""
        try:
            known = self._soon(reference, PATIENCE_SECONDS) if anew else self._loaded(reference)
        except SettingsError as error:
            log.warning("a secret that somebody shows cannot be compared: %s", error)
            return ()
        values = (known.version.text, *self._previous(reference, known))
        return tuple(dict.fromkeys(filter(None, (_field_or_none(reference, value) for value in values))))

    def other_than(self, reference: SecretReference, refused: str) -> str | None:
        """None, too, where it cannot be read anew: then what was refused stays so."""
        try:
            known = self._soon(reference)
        except SettingsError as error:
            log.warning("a secret that was refused cannot be read anew: %s", error)
            return None
        other = next((value for value in self.accepted(reference) if value != refused), None)
        if other is not None:
            known.chosen[reference.key] = other
        return other

    def _loaded(self, reference: SecretReference) -> _Known:
        """Waits for the first read only: afterwards what is known counts until the next one is there."""
        known = self._known.get(_key(reference)) or self._read(reference, older_than=-math.inf)
        now = self._ticks()
        if now - known.read_at > self._seconds and now >= known.retry_at:
            self._read_behind(reference, known)
        return known

    def _soon(self, reference: SecretReference, patience: float = -1) -> _Known:
        """As it is now, or was a few seconds ago."""
        return self._read(reference, self._ticks() - min(SOON_SECONDS, self._seconds), patience)

    def _previous(self, reference: SecretReference, known: _Known) -> tuple[str, ...]:
        """Only for a while after the rotation: who stole the last secret must not have it for ever."""
        if self._clock() - known.version.since >= self._overlap:
            return ()
        if known.previous is None:
            try:
                known.previous = self._reader.previous(reference, known.version) or ""
            except SettingsError as error:
                log.warning("the last value of a secret does not count: %s", error)
                known.previous = ""
        return (known.previous,) if known.previous else ()

    def _read(self, reference: SecretReference, older_than: float, patience: float = -1) -> _Known:
        """Anew, unless somebody else has tried to since `older_than`.

        While somebody else is reading, whoever has lost patience (in seconds; -1: never) takes what is known.
        """
        key = _key(reference)
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        if not reading.acquire(timeout=patience if key in self._known else -1):
            return self._known[key]
        try:
            known = self._known.get(key)
            if known is not None and known.asked_at > older_than:
                return known
            return self._read_now(reference, key, known)
        finally:
            reading.release()

    def _read_now(self, reference: SecretReference, key: Key, known: _Known | None) -> _Known:
        asked_at = self._ticks()
        if known is not None:
            known.asked_at = asked_at
        version = self._reader.current(reference)
        if known is not None and known.version == version:
            known.read_at, known.retry_at, known.previous = asked_at, 0.0, known.previous or None
            return known
        if known is not None:
            log.info("%s:%s has changed and is used from now on", *key)
        self._known[key] = _Known(version, asked_at, asked_at)
        return self._known[key]

    def _read_behind(self, reference: SecretReference, known: _Known) -> None:
        known.retry_at = self._ticks() + AFTER_A_FAILURE_SECONDS

        def read() -> None:
            try:
                self._soon(reference)
            except SettingsError as error:
                log.warning("the last known value of a secret is used on: %s", error)

        threading.Thread(target=read, name="secrets", daemon=True).start()


def _key(reference: SecretReference) -> Key:
    """All fields of one JSON object are read together."""
    return reference.service, reference.name


def _field(reference: SecretReference, text: str) -> str:
    if not reference.key:
        return text
    try:
        document: Any = json.loads(text)
    except ValueError:
        document = None
    value = document.get(reference.key) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise SettingsError(f"{reference} is no text in a JSON object; correct the key, or the secret.")
    return value


def _field_or_none(reference: SecretReference, text: str) -> str | None:
    """A version from before its secret had this field has none."""
    try:
        return _field(reference, text)
    except SettingsError:
        return None
