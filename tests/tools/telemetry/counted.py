"""The counting port as a list of what was counted."""

from __future__ import annotations

from typing import Any

from agent.telemetry import Outcome


class Counted:
    """Durations are left out: nobody knows them beforehand."""

    def __init__(self) -> None:
        self.all: list[tuple[str, tuple[Any, ...]]] = []

    def of(self, what: str) -> list[tuple[Any, ...]]:
        return [values for name, values in self.all if name == what]

    def run_ended(self, kind: str, outcome: Outcome, seconds: float) -> None:
        self.all.append(("run_ended", (kind, outcome)))

    def model_called(self, role: str, model: str, outcome: str, seconds: float) -> None:
        self.all.append(("model_called", (role, model, outcome)))

    def tokens_used(self, role: str, model: str, read: int, written: int, usd: float) -> None:
        self.all.append(("tokens_used", (role, model, read, written, usd)))

    def degraded(self, role: str) -> None:
        self.all.append(("degraded", (role,)))

    def tool_called(self, tool: str, status: str, seconds: float) -> None:
        self.all.append(("tool_called", (tool, status)))

    def request_refused(self, reason: str) -> None:
        self.all.append(("request_refused", (reason,)))

    def feedback_given(self, good: bool) -> None:
        self.all.append(("feedback_given", (good,)))
