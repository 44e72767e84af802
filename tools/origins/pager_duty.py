"""PagerDuty's incidents, where PagerDuty sent the alert: snoozed and resolved by its REST API."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.errors import SettingsError
from agent.models import Alert
from agent.settings import Settings
from tools.json_api import JsonApi
from tools.tickets.pager_duty import rest_api

LONGEST_SNOOZE_SECONDS = 604_800


class PagerDutyOrigin:
    source = "pagerduty"

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    @classmethod
    def of(cls, settings: Settings) -> PagerDutyOrigin:
        api = rest_api(settings)
        if api is None:
            raise SettingsError(
                "WATCHKEEPER_CLOSE_AT_SOURCE names pagerduty; set WATCHKEEPER_PAGERDUTY_TOKEN and _FROM, too."
            )
        return cls(api)

    async def silence(self, alert: Alert, until: datetime, by: str, reason: str) -> bool:
        """Snoozed: nobody is called until then."""
        seconds = int((until - datetime.now(UTC)).total_seconds())
        if not alert.external_id or seconds <= 0:
            return False
        body = {"duration": min(seconds, LONGEST_SNOOZE_SECONDS)}
        return await self._api.call("POST", f"/incidents/{alert.external_id}/snooze", body=body) is not None

    async def lift(self, alert: Alert) -> bool:
        """PagerDuty ends a snooze by itself only."""
        return False

    async def resolve(self, alert: Alert, by: str, reason: str) -> bool:
        if not alert.external_id:
            return False
        body = {"incident": {"type": "incident_reference", "status": "resolved"}}
        return await self._api.call("PUT", f"/incidents/{alert.external_id}", body=body) is not None

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError."""
        await self._api.call("GET", "/incidents", params={"limit": "1"})
        return "incidents can be read"
