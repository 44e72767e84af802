"""An intake of alerts over the embedded stores, and a clock that a test turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.errors import StoreUnavailable
from agent.models import Alert, AlertStatus, Incident, IncidentStatus, Mark, Severity, SlackPlace
from agent.ports import Deps, Tally
from agent.settings import Settings
from graphs.alert_intake import AlertIntake, Taken
from slack_app.bootstrap import build_deps
from tests.agent.examples import NOW

RESOLVED = AlertStatus.resolved


@dataclass
class Desk:
    """An intake over real stores, and a clock that a test turns."""

    home: Path
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    now: datetime = NOW
    number: int = 0

    def __post_init__(self) -> None:
        held = build_deps(Settings.read(home=self.home, **self.settings), clock=lambda: self.now, aws="nobody asks it")
        self.deps: Deps = held.deps
        self.close = held.close
        self.intake = AlertIntake(self.deps)

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)

    def alert(self, name: str = "errors of checkout", **more: Any) -> Alert:
        given: dict[str, Any] = {"source": "datadog", "severity": Severity.error, "system": "shop", "title": name}
        return Alert(**(given | {"started_at": self.now, "fingerprint": name} | more))

    async def takes(self, alert: Alert, event: str = "", place: SlackPlace | None = None, **more: Any) -> Taken:
        self.number += 1
        return await self.intake.take_in(alert, event or f"event-{self.number}", place, "", **more)

    async def incidents(self) -> list[Incident]:
        return await self.deps.incidents.recent(self.now - timedelta(days=30))

    async def incident(self) -> Incident:
        (only,) = await self.incidents()
        return only

    async def tally(self) -> Tally:
        return await self.deps.ledger.tally((await self.incident()).id)

    async def closes(self, by: str = "U1") -> None:
        """A person resolves the incident."""
        own = (await self.incident()).ownership.model_copy(update={"resolved": Mark(by=by, at=self.now)})
        changes = {"status": IncidentStatus.resolved, "ownership": own}
        await self.deps.incidents.change((await self.incident()).id, lambda found: found.model_copy(update=changes))


class Failing:
    """A store that is down for a while."""

    def __init__(self, store: Any, method: str) -> None:
        self._store, self._method = store, method
        self.down = True

    def __getattr__(self, name: str) -> Any:
        if name == self._method and self.down:
            raise StoreUnavailable("The store is down.")
        return getattr(self._store, name)
