"""Faults for tests: the ways in which a real Slack disappoints."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.local.workspace.errors import RateLimited, SlackError

STREAM_LIFETIME_SECONDS = 300.0


@dataclass
class PlannedFailure:
    """The next `times` calls of `method` fail with what `make_error` returns."""

    method: str
    times: int
    make_error: Callable[[], SlackError]


@dataclass
class Faults:
    """Set attributes or call the methods at any time; everything starts switched off.

    stream_lifetime    seconds until a streaming message leaves its streaming state
    reply_delay        seconds each Web API answer is held back
    redeliveries       how many times each event arrives again, acknowledged or not
    refuse_blocks      every call that carries blocks answers `invalid_blocks`
    """

    stream_lifetime: float = STREAM_LIFETIME_SECONDS
    reply_delay: float = 0.0
    redeliveries: int = 0
    refuse_blocks: bool = False
    _planned: list[PlannedFailure] = field(default_factory=list[PlannedFailure])

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """The next `times` calls of `method` answer 429 with `Retry-After: retry_after`."""
        self._planned.append(PlannedFailure(method, times, lambda: RateLimited(retry_after)))

    def fail(self, method: str, error: str, times: int = 1) -> None:
        """The next `times` calls of `method` answer `{"ok": false, "error": error}`."""
        self._planned.append(PlannedFailure(method, times, lambda: SlackError(error)))

    def check(self, method: str) -> None:
        """Raise the failure that is due for this call, if any."""
        for planned in self._planned:
            if planned.method == method and planned.times > 0:
                planned.times -= 1
                raise planned.make_error()
