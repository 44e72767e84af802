"""ServiceNow incidents by the Table API. `correlation_id` holds our incident's id, by which a ticket is found again."""

from __future__ import annotations

from typing import Any, Literal, cast

from agent.errors import InputError, SettingsError
from agent.models import Incident, Severity, TicketRef
from agent.settings import Settings
from agent.ticket_text import body_of, title_of
from tools.json_api import JsonApi
from tools.secrets.http_auth import SecretAuth, basic, bearer

TABLE = "/api/now/table/incident"
TITLE_CHARS, TEXT_CHARS = 160, 4000
"""Of `short_description`, and of `description` and journal entries."""
NEW, IN_PROGRESS, ON_HOLD, RESOLVED, CLOSED, CANCELLED = "1", "2", "3", "6", "7", "8"
FIELDS = "sys_id,number,state"
URGENCY_AND_IMPACT = {
    Severity.critical: ("1", "1"),
    Severity.error: ("2", "2"),
    Severity.warning: ("3", "2"),
    Severity.info: ("3", "3"),
}
"""1 high, 2 medium, 3 low; ServiceNow makes its priority of both."""
SETTINGS = "WATCHKEEPER_SERVICENOW_USER and _PASSWORD (or _TOKEN) and the user's role itil"


class ServiceNow:
    name: Literal["servicenow"] = "servicenow"

    def __init__(self, api: JsonApi, group: str = "", close_code: str = "Solution provided") -> None:
        self._api, self._group, self._close_code = api, group, close_code

    @classmethod
    def of(cls, settings: Settings) -> ServiceNow:
        user, password, token = settings.servicenow_user, settings.servicenow_password, settings.servicenow_token
        if token is not None:
            auth = SecretAuth(bearer, token)
        elif user and password is not None:
            auth = SecretAuth(basic(user), password)
        else:
            raise SettingsError(
                "WATCHKEEPER_SERVICENOW_URL needs WATCHKEEPER_SERVICENOW_TOKEN, or _USER and _PASSWORD; set them."
            )
        api = JsonApi("ServiceNow", settings.servicenow_url, SETTINGS, auth=auth)
        return cls(api, settings.servicenow_group, settings.servicenow_close_code)

    async def open(self, incident: Incident, link: str) -> TicketRef:
        """The newest ticket of the incident, opened again if it was resolved; a new one when there is none to open."""
        found = await self._first(f"correlation_id={incident.id}^ORDERBYDESCsys_created_on")
        if found is not None and found["state"] == RESOLVED:
            await self._change(found, {"state": IN_PROGRESS, "work_notes": "It fires again: reopened by Watchkeeper."})
        elif found is None or found["state"] in (CLOSED, CANCELLED):
            found = await self._create(incident, link)
        url = f"{self._api.url}/nav_to.do?uri=incident.do%3Fsys_id%3D{found['sys_id']}"
        return TicketRef(system=self.name, id=found["number"], url=url)

    async def comment(self, ticket: TicketRef, text: str) -> None:
        """A work note, unless the same is there already."""
        found = await self._read(ticket, "work_notes")
        note = text[:TEXT_CHARS]
        if note not in found.get("work_notes", "").replace("\r\n", "\n"):
            await self._change(found, {"work_notes": note})

    async def acknowledge(self, ticket: TicketRef) -> None:
        found = await self._read(ticket)
        if found["state"] == NEW:
            await self._change(found, {"state": IN_PROGRESS})

    async def close(self, ticket: TicketRef, text: str) -> None:
        found = await self._read(ticket)
        if found["state"] in (RESOLVED, CLOSED, CANCELLED):
            return
        end = {"state": RESOLVED, "close_code": self._close_code, "close_notes": text[:TEXT_CHARS]}
        await self._change(found, end)

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError."""
        await self._api.call("GET", TABLE, params={"sysparm_limit": "1", "sysparm_fields": "sys_id"})
        return f"incidents can be read at {self._api.url}"

    async def _create(self, incident: Incident, link: str) -> dict[str, str]:
        urgency, impact = URGENCY_AND_IMPACT[incident.severity]
        made = {
            "short_description": title_of(incident, TITLE_CHARS),
            "description": body_of(incident, link, TEXT_CHARS),
            "correlation_id": incident.id,
            "correlation_display": "Watchkeeper",
            "urgency": urgency,
            "impact": impact,
        }
        if self._group:
            made["assignment_group"] = self._group
        answer = await self._api.call("POST", TABLE, params={"sysparm_fields": FIELDS}, body=made, repeatable=False)
        if answer is None:
            raise InputError("ServiceNow has no incident table at this address; check WATCHKEEPER_SERVICENOW_URL.")
        return cast("dict[str, str]", answer["result"])

    async def _read(self, ticket: TicketRef, *more: str) -> dict[str, str]:
        found = await self._first(f"number={ticket.id}", *more)
        if found is None:
            raise InputError(f"ServiceNow has no incident {ticket.id} any more.")
        return found

    async def _first(self, query: str, *more: str) -> dict[str, str] | None:
        """`sysparm_display_value=all` would nest each field; journals come only as display values, states as values."""
        params = {"sysparm_query": query, "sysparm_limit": "1", "sysparm_fields": FIELDS}
        found = await self._records(params)
        if found and more:
            shown = await self._records({**params, "sysparm_fields": ",".join(more), "sysparm_display_value": "true"})
            found[0] |= shown[0] if shown else {}
        return found[0] if found else None

    async def _records(self, params: dict[str, str]) -> list[dict[str, str]]:
        answer: dict[str, Any] = await self._api.call("GET", TABLE, params=params) or {}
        return cast("list[dict[str, str]]", answer.get("result") or [])

    async def _change(self, found: dict[str, str], fields: dict[str, str]) -> None:
        """Of work notes it matters that they are written once; whoever repeats a comment looks for it first."""
        path, once = f"{TABLE}/{found['sys_id']}", "work_notes" in fields
        await self._api.call("PATCH", path, body=fields, repeatable=not once)
