"""Which incident a new alert belongs to, as one correlator says at a time, whatever process it runs in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from agent.errors import RetryLater, WatchkeeperError
from agent.incident_changes import Grouping
from agent.models import Alert, Decision, Incident
from agent.ports import Deps, Lease
from agent.triage import Correlator

LOCK = "triage"
LOCK_SECONDS, LOCK_WAIT_SECONDS, LOCK_POLL_SECONDS = 10.0, 20.0, 0.1
HORIZON = timedelta(hours=2)
"""How old an incident's last alert may be for another one to join."""
MEMORY_SECONDS = 15.0
"""How long a correlator is used again, when nobody else has correlated since."""
OPENED = "triage:opened"
"""The state in which processes tell each other what they opened: lists of incidents lag behind on some stores."""
LAG = timedelta(minutes=1)
MAX_OPENED = 48


class AlertGrouping:
    """Correlates under a lock that all processes share.

    async with grouping.alone() as lease:
        group = await grouping.of(alert, decision, lease)
        ...  # make or change the incident `group.id`
        await grouping.announce(group.id)  # when it was made
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._owner = f"intake-{uuid4().hex[:8]}"
        self._mine = asyncio.Lock()
        self._correlators = {kept_back: Correlator() for kept_back in (False, True)}
        self._token, self._restored = -1, datetime.min

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[Lease]:
        """While nobody else correlates, here or in another process. RetryLater after LOCK_WAIT_SECONDS."""
        locks = self._deps.locks
        async with self._mine:
            lease: Lease | None = None
            for _ in range(int(LOCK_WAIT_SECONDS / LOCK_POLL_SECONDS)):
                lease = await locks.acquire(LOCK, self._owner, LOCK_SECONDS)
                if lease is not None:
                    break
                await asyncio.sleep(LOCK_POLL_SECONDS)
            else:
                raise RetryLater("Other alerts are being grouped.", 1)
            try:
                yield lease
            finally:
                with suppress(WatchkeeperError):
                    await locks.release(lease)

    async def of(self, alert: Alert, decision: Decision, lease: Lease) -> Grouping:
        """What the correlator says of a new alert.

        What is kept for the digest is grouped apart: nothing that is told lives in the thread of a quiet post.
        """
        now = self._deps.clock()
        ours = lease.token == self._token + 1 and (now - self._restored).total_seconds() < MEMORY_SECONDS
        if not ours:
            recent = await self._recent(now)
            for kept_back in self._correlators:
                of_kind = [incident for incident in recent if _is_kept_back(incident.decision) is kept_back]
                self._correlators[kept_back] = Correlator.restored(of_kind)
            self._restored = now
        self._token = lease.token
        correlator = self._correlators[_is_kept_back(decision)]
        key = correlator.assign(alert)
        return Grouping(key, correlator.why(key), correlator.storming(key))

    async def announce(self, incident_id: str) -> None:
        """Tell the other processes of a new incident, which their lists may not show for a while."""
        entry = [incident_id, self._deps.clock().isoformat()]
        await self._deps.state.change(
            OPENED, lambda told: {"opened": [*told.get("opened", []), entry][-MAX_OPENED:]}, HORIZON.total_seconds()
        )

    async def _recent(self, now: datetime) -> list[Incident]:
        """Also those that another process opened a moment ago, and that no list shows yet."""
        recent = await self._deps.incidents.recent(now - HORIZON)
        listed = {incident.id for incident in recent}
        told = (await self._deps.state.get(OPENED) or {}).get("opened", [])
        missing = [key for key, at in told if key not in listed and abs(now - datetime.fromisoformat(at)) < LAG]
        found = await asyncio.gather(*(self._deps.incidents.get(key) for key in missing))
        return [*(incident for incident in found if incident is not None), *recent]


def _is_kept_back(decision: Decision | None) -> bool:
    return decision is not None and decision.treatment == "digest"
