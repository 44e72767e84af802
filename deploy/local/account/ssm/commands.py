"""Commands sent, and how far each of their invocations has come. Kept in the account's memory."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.ssm.fleet import Instance, Output

_DELIVERED_AFTER = 0.03


@dataclass
class Invocation:
    """A command on one instance. Its output is known on arrival, and shows when the time it takes has passed."""

    instance: Instance
    output: Output
    requested: datetime
    submitted: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> str:
        age = time.monotonic() - self.submitted
        if age < _DELIVERED_AFTER or not self.instance.managed.online:
            return "Pending"
        if age < _DELIVERED_AFTER + self.output.seconds:
            return "InProgress"
        return "Failed" if self.output.exit_code else "Success"

    @property
    def has_ended(self) -> bool:
        return self.status in ("Success", "Failed")

    @property
    def started(self) -> datetime:
        return self.requested + timedelta(seconds=_DELIVERED_AFTER)

    @property
    def ended(self) -> datetime:
        return self.started + timedelta(seconds=self.output.seconds)


@dataclass
class Command:
    document: str
    parameters: dict[str, list[str]]
    comment: str
    targets: list[dict[str, Any]]
    timeout_s: int
    requested: datetime
    region: str
    invocations: list[Invocation]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def status(self) -> str:
        """Pending until one has started, InProgress until all have ended."""
        states = [each.status for each in self.invocations]
        if all(state in ("Success", "Failed") for state in states):
            return "Failed" if "Failed" in states else "Success"
        return "Pending" if set(states) == {"Pending"} else "InProgress"


class Commands:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Command] = []

    def add(self, command: Command) -> None:
        with self._lock:
            self._all.append(command)

    def newest_first(self, region: str) -> list[Command]:
        with self._lock:
            return [command for command in reversed(self._all) if command.region == region]
