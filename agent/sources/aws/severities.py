"""How bad a name sounds, and what becomes of things that run: the words that AWS's services have for their ends."""

from __future__ import annotations

import re
from typing import NamedTuple

from agent.models import AlertStatus, Severity

_IN_NAMES = (
    (re.compile(r"(?<![a-z])(?:critical|crit|fatal|emergency|p1|sev-?1)(?![a-z\d])"), Severity.critical),
    (re.compile(r"(?<![a-z])(?:warning|warn|p3|sev-?3)(?![a-z\d])"), Severity.warning),
    (re.compile(r"(?<![a-z])(?:info|informational|p[45]|sev-?[45])(?![a-z\d])"), Severity.info),
)

_FAILED = frozenset(
    "failed failure error errored fail timeout timedout faulted unhealthy alarm critical down rejected expired"  # noqa: SIM905 -- words
    " unsuccessful undeliverable impaired".split()
)
_BROKEN_OFF = frozenset("aborted cancelled canceled stop stopped killed terminated partial interrupted".split())  # noqa: SIM905
_ENDED = frozenset(
    "ok success succeeded successful completed complete resolved recovered closed healthy passed normal ready done"  # noqa: SIM905
    " finished archived".split()
)


class Outcome(NamedTuple):
    """What a state means. `settled` is False while something still runs: it neither fails nor is over."""

    status: AlertStatus
    severity: Severity
    settled: bool

    @property
    def phase(self) -> tuple[str, ...]:
        """A part of the fingerprint, so that what merely runs does not count as the failure before it."""
        return () if self.settled else ("in progress",)


def outcome(state: str) -> Outcome:
    """`FAILED`, `TimedOut`, `COMPLETED WITH ISSUES`; what nobody knows is taken for something in progress."""
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", state[:80]).lower())
    said = {"".join(words), "".join(words[-2:]), *words[-1:]}
    if said & _FAILED:
        return Outcome(AlertStatus.firing, Severity.error, True)
    if said & _BROKEN_OFF or said & {"issues", "errors"}:
        return Outcome(AlertStatus.firing, Severity.warning, True)
    if said & _ENDED:
        return Outcome(AlertStatus.resolved, Severity.info, True)
    return Outcome(AlertStatus.firing, Severity.info, False)


def of_name(name: str, otherwise: Severity) -> Severity:
    """What `checkout-errors-critical`, `WarnHighCpu` or `[P1] checkout` say about themselves."""
    lower = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name[:2000]).lower()
    return next((severity for pattern, severity in _IN_NAMES if pattern.search(lower)), otherwise)
