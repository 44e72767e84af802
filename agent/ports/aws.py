"""Reading AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from agent.ports.core import T


class AwsSession(Protocol):
    """The AWS port: read-only boto3 clients of one account and region, made once and shared between threads."""

    region: str
    label: str
    """`home`, or the id of another account; unlike `account`, known without asking AWS."""

    @property
    def account(self) -> str: ...
    @property
    def partition(self) -> str: ...
    def client(self, service: str, region: str = "") -> Any: ...
    def at(self, account: str = "", region: str = "") -> AwsSession:
        """Another account, by id or name, and region; InputError when it is not configured."""
        ...


class EvidenceCache(Protocol):
    """Answers kept for a while. Of several that ask for the same at once, one loads and the others wait."""

    def fetch(self, key: str, seconds: float, load: Callable[[], T], keep: Callable[[T], bool] = ...) -> T:
        """What is kept under the key, else what `load` gives, kept for so long when `keep` says so."""
        ...

    def forget(self, prefix: str) -> None:
        """Drop every entry whose key begins so: something happened that makes them old."""
        ...
