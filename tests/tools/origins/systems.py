"""Monitoring tools as their APIs are served, and alerts of theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from agent.models import Alert
from tests.outside import Seen, reply
from tests.tools.tickets.systems import SECRET


def alert(source: str, **fields: Any) -> Alert:
    return Alert(source=source, title="checkout errors", started_at=datetime.now(UTC), fingerprint="f1", **fields)


class AlertmanagerApi:
    def __init__(self) -> None:
        labels = {"alertname": "HighErrorRate", "job": "checkout"}
        self.alerts = [{"fingerprint": "abc123", "labels": labels, "status": {"state": "active"}}]
        self.silences: dict[str, dict[str, Any]] = {}

    async def __call__(self, seen: Seen) -> web.Response:
        if seen.headers.get("Authorization") != f"Bearer {SECRET}":
            return reply("unauthorized", 401)
        if seen.path == "/api/v2/status":
            return reply({"versionInfo": {"version": "0.28.1"}})
        if seen.path == "/api/v2/alerts":
            return reply(self.alerts)
        if seen.method == "DELETE":
            self.silences[seen.path.rpartition("/")[2]]["status"] = {"state": "expired"}
            return reply()
        if seen.method == "POST":
            return reply(self._silenced(seen.body))
        return reply(list(self.silences.values()))

    def _silenced(self, body: dict[str, Any]) -> dict[str, str]:
        assert {"matchers", "startsAt", "endsAt", "createdBy", "comment"} <= body.keys()
        assert all({"name", "value", "isRegex"} <= matcher.keys() for matcher in body["matchers"])
        identity = body.get("id") or f"s{len(self.silences) + 1}"
        self.silences[identity] = {**body, "id": identity, "status": {"state": "active"}}
        return {"silenceID": identity}


class DatadogApi:
    def __init__(self, groups: dict[str, Any]) -> None:
        self.groups = groups
        self.muted: dict[str, str] = {}
        self.resolved: list[dict[str, str]] = []

    async def __call__(self, seen: Seen) -> web.Response:
        if (seen.headers.get("DD-API-KEY"), seen.headers.get("DD-APPLICATION-KEY")) != (SECRET, SECRET):
            return reply({"errors": ["Forbidden"]}, 403)
        if seen.path == "/monitor/bulk_resolve":
            self.resolved += seen.body["resolve"]
            return reply(seen.body)
        if seen.path in ("/api/v1/validate", "/api/v1/monitor"):
            return reply({"valid": True} if seen.path.endswith("validate") else [])
        if not seen.path.startswith("/api/v1/monitor/7"):
            return reply({"errors": ["Monitor not found"]}, 404)
        scope = seen.query.get("scope", "*")
        if seen.path.endswith("/mute"):
            self.muted[scope] = seen.query["end"]
        if seen.path.endswith("/unmute"):
            self.muted.pop(scope)
        return reply({"id": 7, "state": {"groups": self.groups}})
