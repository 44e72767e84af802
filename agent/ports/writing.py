"""Changing AWS: only ever by the executor, with credentials of its own, for one approved action at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Permission:
    """One API operation on named resources: `Permission("lambda", "update_alias", "lambda:UpdateAlias", (arn,))`.

    `operation` is boto3's name, `iam` the name of the right. `resources` are ARNs; `*` only where IAM knows no other.
    `conditions` is an IAM condition block. `exactly` are parameters that the call must have, where IAM cannot tell
    one call from another: nothing else is sent.
    """

    service: str
    operation: str
    iam: str
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, str], ...] = ()
    """Each an operator, a key and a value, such as `("StringEquals", "events:source", "orders")`."""
    exactly: tuple[tuple[str, str], ...] = ()
    """Such as `(("Method", "PATCH"), ("Path", "/dags/orders"))`; `Entries.Source` is that of each entry."""


class WriteSession(Protocol):
    """Short-lived credentials that can do what was permitted, and nothing else."""

    def client(self, service: str) -> Any:
        """A boto3 client that refuses every operation that is not among the permissions. It sends each call once."""
        ...


class WriteAccess(Protocol):
    """Where write sessions come from."""

    def open(self, permissions: Sequence[Permission], name: str, account: str = "", region: str = "") -> WriteSession:
        """`name` is what CloudTrail shows as the caller's session: the action's id.

        SettingsError when no executor role is configured for the account; WriteRefused when it may not be assumed.
        """
        ...
