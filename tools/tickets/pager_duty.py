"""PagerDuty incidents by the Events API v2, whose `dedup_key` is our incident's id; notes and links by the REST API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SecretStr

from agent.errors import InputError, SettingsError
from agent.models import Incident, TicketRef
from agent.ports import Page
from agent.redaction import redact
from agent.settings import Settings
from agent.ticket_text import body_of, diagnosis_text, title_of
from tools.json_api import JsonApi
from tools.secrets.http_auth import SecretAuth

SUMMARY_CHARS, DETAIL_CHARS, NOTE_CHARS = 1024, 20_000, 20_000
KEY_CHARS = 32
EVENTS_SETTINGS = "WATCHKEEPER_PAGERDUTY_ROUTING_KEY"
REST_SETTINGS = "WATCHKEEPER_PAGERDUTY_TOKEN and WATCHKEEPER_PAGERDUTY_FROM"
FIND_TRIES, FIND_SECONDS = 3, 1.0
"""An event is taken at once and becomes an incident a moment later."""
_KEY = re.compile(r"[A-Za-z0-9]{32}")


class PagerDuty:
    name: Literal["pagerduty"] = "pagerduty"

    def __init__(
        self, events: JsonApi, routing_key: SecretStr, rest: JsonApi | None, pause: float = FIND_SECONDS
    ) -> None:
        self._events, self._key, self._rest, self._pause = events, routing_key, rest, pause

    @classmethod
    def of(cls, settings: Settings) -> PagerDuty:
        if settings.pagerduty_routing_key is None:
            raise SettingsError("WATCHKEEPER_PAGERDUTY_ROUTING_KEY is not set; take it from the service's integration.")
        events = JsonApi("PagerDuty", settings.pagerduty_events_url, EVENTS_SETTINGS)
        return cls(events, settings.pagerduty_routing_key, rest_api(settings))

    async def open(self, incident: Incident, link: str) -> TicketRef:
        """Triggering what is open already changes nothing; what was resolved becomes a new incident of PagerDuty's."""
        details = body_of(incident, link, DETAIL_CHARS)
        event = self._event(incident, link, title_of(incident, SUMMARY_CHARS), details)
        await self._send("trigger", incident.id, event)
        return TicketRef(system=self.name, id=incident.id, url=await self._url(incident.id))

    async def comment(self, ticket: TicketRef, text: str) -> None:
        """A note, unless the same is there. Without a REST token PagerDuty takes none, and nothing is written."""
        if self._rest is None:
            return
        found: dict[str, Any] | None = None
        for key in _keys(ticket):
            found = found or await self._find(key)
        if found is None:
            return
        path, content = f"/incidents/{found['id']}/notes", text[:NOTE_CHARS]
        known: dict[str, Any] = await self._rest.call("GET", path) or {}
        if content not in [note.get("content") for note in known.get("notes") or []]:
            await self._rest.call("POST", path, body={"note": {"content": content}}, repeatable=False)

    async def acknowledge(self, ticket: TicketRef) -> None:
        """Nobody else is called for it from now on."""
        for key in _keys(ticket):
            await self._send("acknowledge", key)

    async def page(self, ticket: TicketRef, incident: Incident, link: str, page: Page) -> TicketRef:
        """An alert of its own: what was acknowledged rings no more. While it is open a repetition changes nothing."""
        key, summary = f"{ticket.id}:{page.key}", f"{page.title}: {title_of(incident, SUMMARY_CHARS)}"[:SUMMARY_CHARS]
        details = f"{redact(page.text)}\n\n{body_of(incident, link, DETAIL_CHARS)}"[:DETAIL_CHARS]
        await self._send("trigger", key, self._event(incident, link, summary, details))
        pages = tuple(dict.fromkeys((*ticket.pages, page.key)))
        return ticket.model_copy(update={"pages": pages, "url": ticket.url or await self._url(key)})

    async def close(self, ticket: TicketRef, text: str) -> None:
        await self.comment(ticket, text)
        for key in _keys(ticket):
            await self._send("resolve", key)

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError. To try a routing key would do something."""
        routing_key = self._key.get_secret_value()
        if not _KEY.fullmatch(routing_key):
            raise SettingsError(f"{EVENTS_SETTINGS}: it has {KEY_CHARS} letters and digits; copy it again.")
        if self._rest is None:
            return "events only; notes and links need WATCHKEEPER_PAGERDUTY_TOKEN and WATCHKEEPER_PAGERDUTY_FROM"
        await self._rest.call("GET", "/incidents", params={"limit": "1"})
        return "events, notes and links"

    def _event(self, incident: Incident, link: str, summary: str, details: str) -> dict[str, Any]:
        first = incident.alerts[0] if incident.alerts else None
        payload = {
            "summary": summary,
            "source": redact(_what(incident)),
            "severity": str(incident.severity),
            "component": first.resource.service if first else "",
            "group": redact(incident.system),
            "custom_details": {"watchkeeper": details},
        }
        event = {"payload": payload, "client": "Watchkeeper", "links": _links(incident, link)}
        return {**event, **({"client_url": link} if link else {})}

    async def _send(self, action: str, key: str, more: Mapping[str, Any] | None = None) -> None:
        event = {"routing_key": self._key.get_secret_value(), "event_action": action, "dedup_key": key, **(more or {})}
        if await self._events.call("POST", "/v2/enqueue", body=event) is None:
            raise InputError("PagerDuty takes no events at this address; check WATCHKEEPER_PAGERDUTY_EVENTS_URL.")

    async def _url(self, key: str) -> str:
        """Where people see it; "" without a REST token, or when it takes PagerDuty long."""
        for attempt in range(FIND_TRIES if self._rest else 0):
            if attempt:
                await asyncio.sleep(self._pause)
            if found := await self._find(key):
                return str(found.get("html_url") or "")
        return ""

    async def _find(self, key: str) -> dict[str, Any] | None:
        """The newest incident of this key."""
        assert self._rest is not None
        params = {"incident_key": key, "limit": "1", "sort_by": "created_at:desc", "date_range": "all"}
        found: dict[str, Any] = await self._rest.call("GET", "/incidents", params=params) or {}
        return next(iter(found.get("incidents") or []), None)


def rest_api(settings: Settings) -> JsonApi | None:
    """None without a token. Who writes has to be named: SettingsError where nobody is."""
    if settings.pagerduty_token is None:
        return None
    if not settings.pagerduty_from:
        raise SettingsError("WATCHKEEPER_PAGERDUTY_TOKEN needs WATCHKEEPER_PAGERDUTY_FROM, its user's e-mail; set it.")
    headers = {
        "Accept": "application/vnd.pagerduty+json;version=2",
        "From": settings.pagerduty_from,
    }
    auth = SecretAuth(_token, settings.pagerduty_token)
    return JsonApi("PagerDuty", settings.pagerduty_api_url, REST_SETTINGS, auth=auth, headers=headers)


def _token(token: str) -> dict[str, str]:
    return {"Authorization": f"Token token={token}"}


def _keys(ticket: TicketRef) -> tuple[str, ...]:
    """Of the incident's own alert, and of those by which people were paged besides."""
    return (ticket.id, *(f"{ticket.id}:{page}" for page in ticket.pages))


def _what(incident: Incident) -> str:
    """What is affected, as PagerDuty has to know of each event."""
    resources = [alert.resource.arn or alert.resource.id for alert in incident.alerts]
    return next(filter(None, [*resources, incident.system]), "watchkeeper")


def _links(incident: Incident, link: str) -> list[dict[str, str]]:
    """Slack, and the consoles of what the diagnosis cites."""
    found = [{"href": link, "text": "Slack"}] if link.startswith("https://") else []  # PagerDuty takes no other
    shown = diagnosis_text(incident)
    cited = [piece for piece in incident.evidence if piece.console_url and piece.console_url in shown]
    return found + [{"href": piece.console_url, "text": piece.tool.replace("_", " ")} for piece in cited[:10]]
