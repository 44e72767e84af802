"""Datadog's monitors: muted for the alert's group until a time, and resolved."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from agent.errors import SettingsError
from agent.models import Alert
from agent.settings import Settings
from tools.json_api import JsonApi
from tools.secrets.http_auth import SecretAuth

SETTINGS = "WATCHKEEPER_DATADOG_API_KEY and WATCHKEEPER_DATADOG_APP_KEY (with monitors_write)"
EVERY_GROUP = "ALL_GROUPS"


class Datadog:
    source = "datadog"

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    @classmethod
    def of(cls, settings: Settings) -> Datadog:
        key, app_key = settings.datadog_api_key, settings.datadog_app_key
        if key is None or app_key is None:
            raise SettingsError(
                "WATCHKEEPER_CLOSE_AT_SOURCE names datadog; set WATCHKEEPER_DATADOG_API_KEY and _APP_KEY, too."
            )
        auth = SecretAuth(_keys, key, app_key)
        return cls(JsonApi("Datadog", settings.datadog_url, SETTINGS, auth=auth))

    async def silence(self, alert: Alert, until: datetime, by: str, reason: str) -> bool:
        return await self._monitor(alert, "mute", {"end": str(int(until.timestamp()))})

    async def lift(self, alert: Alert) -> bool:
        return await self._monitor(alert, "unmute", {})

    async def resolve(self, alert: Alert, by: str, reason: str) -> bool:
        """It stays so until the monitor finds something again."""
        group = await self._group(alert)
        if group is None:
            return False
        body = {"resolve": [{alert.external_id: group or EVERY_GROUP}]}
        await self._api.call("POST", "/monitor/bulk_resolve", body=body)
        return True

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError."""
        await self._api.call("GET", "/api/v1/validate")
        await self._api.call("GET", "/api/v1/monitor", params={"page": "0", "page_size": "1"})
        return f"monitors can be read at {self._api.url}"

    async def _monitor(self, alert: Alert, what: str, params: dict[str, str]) -> bool:
        group = await self._group(alert)
        if group is None:
            return False
        scope = {"scope": group} if group else {}
        await self._api.call("POST", f"/api/v1/monitor/{alert.external_id}/{what}", params={**params, **scope})
        return True

    async def _group(self, alert: Alert) -> str | None:
        """The monitor's group that this alert is of: `host:web-1,env:prod`, or "" for a monitor that has one only.

        None for a monitor that Datadog does not know, and where no group fits: others than this one go on alerting.
        """
        if not alert.external_id.isdigit():
            return None
        path, params = f"/api/v1/monitor/{alert.external_id}", {"group_states": "all"}
        monitor: dict[str, Any] | None = await self._api.call("GET", path, params=params)
        if monitor is None:
            return None
        groups = set(cast("dict[str, Any]", (monitor.get("state") or {}).get("groups") or {})) - {"*"}
        fitting = [group for group in groups if all(_is_tag(tag, alert) for tag in group.split(","))]
        return max(fitting, key=len, default=None) if groups else ""


def _keys(key: str, app_key: str) -> dict[str, str]:
    return {"DD-API-KEY": key, "DD-APPLICATION-KEY": app_key}


def _is_tag(tag: str, alert: Alert) -> bool:
    name, _, value = tag.strip().partition(":")
    return alert.labels.get(name) == value
