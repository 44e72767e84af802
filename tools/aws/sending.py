"""When a write may leave the process, and when it may leave it again.

A call is sent once. One that AWS refused because of its haste has had no effect, so that it is sent again, after a
pause that grows; nothing else is, be it an error of AWS's own or no answer at all. And nothing is sent once so much
time has passed that somebody else may have taken over: a process can be stopped at any line, and wake up much later.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.errors import WriteRefused

CALLS_SECONDS = 43.0
"""From when the credentials are there until every call has its answer or none; less than an attempt's deadline."""
ANSWER_SECONDS = 30.0
"""The longest that an answer is waited for, whatever the settings say."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 8.0
OK, TOO_MANY, SERVER_ERROR = 200, 429, 500
THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"}
    | {"TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown"}
    | {"ProvisionedThroughputExceededException"}
)
"""Codes with which AWS refuses a call before it does anything. LimitExceededException is none: often it is a quota."""
RATE_EXCEEDED = "rate exceeded"
"""What some services say under a code of their own."""
TOO_LATE = "It was not sent: it is too late for it, somebody else may have taken over."


@dataclass(frozen=True)
class Sending:
    """For the clients of one session, all of whose calls end by the same time, by its own clock."""

    until: float
    ticks: Callable[[], float]

    def watch(self, client: Any) -> None:
        """Hold a client to it."""
        client.meta.events.register("before-send", self._in_time)
        client.meta.events.register("needs-retry", self._pause)

    def _in_time(self, **_: Any) -> None:
        if self.ticks() >= self.until:
            raise WriteRefused(TOO_LATE)

    def _pause(self, response: tuple[Any, Any] | None, attempts: int, **_: Any) -> float | None:
        """Seconds until botocore sends it again; None: it does not."""
        if response is None or not is_throttled(response[0].status_code, response[1]):
            return None
        pause = pause_after(attempts)
        return pause if self.ticks() + pause < self.until else None


def pause_after(attempts: int) -> float:
    """Seconds, twice as many each time up to a limit, and not the same for all who wait."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
    return random.uniform(longest / 2, longest)


def is_throttled(status: int, reply: Mapping[str, Any]) -> bool:
    """Whether AWS did nothing of it, for it was asked too often. Of several events none may have been taken."""
    if status == OK:
        entries = reply.get("Entries") or [{}] if reply.get("FailedEntryCount") else [{}]
        return all(each.get("ErrorCode") in THROTTLES for each in entries)
    if reply.get("RestApiStatusCode") == TOO_MANY:  # an Airflow, by Amazon MWAA
        return True
    error = reply.get("Error", {})
    hasty = status < SERVER_ERROR and RATE_EXCEEDED in str(error.get("Message", "")).lower()
    return hasty or error.get("Code") in THROTTLES
