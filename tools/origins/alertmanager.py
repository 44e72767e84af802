"""Alertmanager's API v2: silences. What fires is Prometheus's to say, so nothing can be resolved here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from agent.errors import SettingsError
from agent.models import Alert
from agent.redaction import redact
from agent.settings import Settings
from tools.json_api import JsonApi
from tools.secrets.http_auth import SecretAuth, bearer_or_basic

SETTINGS = "WATCHKEEPER_ALERTMANAGER_TOKEN"
MARK = "Watchkeeper"
TEXT_CHARS = 500


class Alertmanager:
    source = "alertmanager"

    def __init__(self, api: JsonApi) -> None:
        self._api = api

    @classmethod
    def of(cls, settings: Settings) -> Alertmanager:
        if not settings.alertmanager_url:
            raise SettingsError(
                "WATCHKEEPER_CLOSE_AT_SOURCE names alertmanager; WATCHKEEPER_ALERTMANAGER_URL is not set."
            )
        token = settings.alertmanager_token
        auth = SecretAuth(bearer_or_basic, token) if token else None
        return cls(JsonApi("Alertmanager", settings.alertmanager_url, SETTINGS, auth=auth))

    async def silence(self, alert: Alert, until: datetime, by: str, reason: str) -> bool:
        """The very alert, by all its labels. Asked for again, the silence that is there is made to end then."""
        labels = await self._labels(alert)
        if not labels:
            return False
        matchers = [{"name": k, "value": v, "isRegex": False, "isEqual": True} for k, v in sorted(labels.items())]
        known = await self._ours(alert)
        await self._api.call(
            "POST",
            "/api/v2/silences",
            body={
                **({"id": known["id"]} if known else {}),
                "matchers": matchers,
                "startsAt": known["startsAt"] if known else _time(datetime.now(UTC)),
                "endsAt": _time(until),
                "createdBy": f"{by} by {MARK}"[:TEXT_CHARS],
                "comment": f"{redact(reason)[:TEXT_CHARS]} ({_mark(alert)})",
            },
        )
        return True

    async def lift(self, alert: Alert) -> bool:
        known = await self._ours(alert)
        if known is None:
            return False
        await self._api.call("DELETE", f"/api/v2/silence/{known['id']}")
        return True

    async def resolve(self, alert: Alert, by: str, reason: str) -> bool:
        """An end that is posted here would be undone by the rule's next evaluation."""
        return False

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError."""
        status = await self._api.call("GET", "/api/v2/status")
        if status is None:
            raise SettingsError("There is no Alertmanager API v2 here; correct WATCHKEEPER_ALERTMANAGER_URL.")
        return f"Alertmanager {(status.get('versionInfo') or {}).get('version', '')} at {self._api.url}"

    async def _labels(self, alert: Alert) -> dict[str, str]:
        """As Alertmanager knows them: what the alert carries here has annotations among its labels."""
        if not alert.external_id:
            return {}
        for known in await self._list("/api/v2/alerts"):
            if known.get("fingerprint") == alert.external_id:
                return cast("dict[str, str]", known["labels"])
        return {}

    async def _ours(self, alert: Alert) -> dict[str, Any] | None:
        silences = await self._list("/api/v2/silences")
        return next((s for s in silences if s["status"]["state"] != "expired" and _mark(alert) in s["comment"]), None)

    async def _list(self, path: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", await self._api.call("GET", path) or [])


def _mark(alert: Alert) -> str:
    """By which our silence of this alert is found again."""
    return f"{MARK} {alert.fingerprint}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
