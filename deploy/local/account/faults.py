"""Faults that a test or a person puts into the account: refusals, throttling, and answers that take too long."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from deploy.local.account.request import AwsError, Request


@dataclass(frozen=True)
class Fault:
    """What happens to calls whose `service:Operation` fits the glob, at most so many times (0: always).

    Fault("rds:*", code="ThrottlingException", status=400)
    Fault("logs:FilterLogEvents", seconds=30)
    Fault("ecs:UpdateService", code="ServerException", status=500, after_effect=True, times=1)
    """

    calls: str
    code: str = ""
    message: str = "A fault of the simulated account."
    status: int = 400
    seconds: float = 0
    times: int = 0
    after_effect: bool = False
    """Whether the call has done its work by then, so that only its answer is lost."""
    owner: str = ""
    """The scenario that it came with, if it did."""


class Faults:
    """The account's faults, in the order they were put in; the first that fits a call happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[tuple[Fault, list[None]]] = []
        self._healed = threading.Event()

    def put(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append((fault, []))

    def replace(self, owner: str, faults: Iterable[Fault]) -> None:
        """Let a scenario's faults be these, all of them still to happen."""
        with self._lock:
            others = [(fault, happened) for fault, happened in self._faults if fault.owner != owner]
            self._faults = [*others, *((fault, list[None]()) for fault in faults)]

    def heal(self) -> None:
        """Drop all faults; calls that are being held are answered."""
        with self._lock:
            self._faults.clear()
            self._healed.set()
            self._healed = threading.Event()

    def happen(self, request: Request, after_effect: bool = False) -> None:
        """Wait or raise AwsError, as the first fault that fits says."""
        with self._lock:
            fault, healed = self._first(f"{request.service}:{request.operation}", after_effect), self._healed
        if fault is None:
            return
        if fault.seconds:
            healed.wait(fault.seconds)
        if fault.code:
            raise AwsError(fault.code, fault.message, fault.status)

    def _first(self, call: str, after_effect: bool) -> Fault | None:
        for fault, happened in self._faults:
            if fault.after_effect != after_effect or not fnmatchcase(call, fault.calls):
                continue
            if not 0 < fault.times <= len(happened):
                happened.append(None)
                return fault
        return None
