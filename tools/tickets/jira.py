"""Jira Cloud issues by REST API v3. A label holds our incident's id, by which an issue is found again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, cast

from agent.errors import InputError, SettingsError
from agent.models import Incident, TicketRef
from agent.settings import Settings
from agent.ticket_text import body_of, title_of
from tools.json_api import JsonApi
from tools.secrets.http_auth import SecretAuth, basic

TITLE_CHARS, TEXT_CHARS = 255, 30_000
"""Of a summary, and (somewhat below Jira's 32,767) of a description or a comment."""
LABEL = "watchkeeper"
DONE, NEW = "done", "new"
"""Keys of status categories, which no project can rename; the third is `indeterminate`."""
COMMENTS_READ = 20
SETTINGS = "WATCHKEEPER_JIRA_USER, WATCHKEEPER_JIRA_TOKEN and that account's rights in the project"
_URL = re.compile(r"https?://\S+")


class Jira:
    name: Literal["jira"] = "jira"

    def __init__(self, api: JsonApi, project: str, issue_type: str = "Task") -> None:
        self._api, self._project, self._type = api, project, issue_type

    @classmethod
    def of(cls, settings: Settings) -> Jira:
        user, token, project = settings.jira_user, settings.jira_token, settings.jira_project
        if not user or token is None or not project:
            raise SettingsError(
                "WATCHKEEPER_JIRA_URL needs WATCHKEEPER_JIRA_USER, _TOKEN and _PROJECT; set all of them."
            )
        auth = SecretAuth(basic(user), token)
        return cls(JsonApi("Jira", settings.jira_url, SETTINGS, auth=auth), project, settings.jira_issue_type)

    async def open(self, incident: Incident, link: str) -> TicketRef:
        """The incident's newest issue, opened again if it is done; a new one where there is none to open."""
        found = await self._find(incident.id)
        if found is None or (_is_done(found) and not await self._reopen(found["key"])):
            found = await self._create(incident, link)
        return TicketRef(system=self.name, id=found["key"], url=f"{self._api.url}/browse/{found['key']}")

    async def comment(self, ticket: TicketRef, text: str) -> None:
        """Unless one of the newest comments is the same."""
        path, body = f"{_issue(ticket.id)}/comment", adf(text[:TEXT_CHARS])
        params = {"orderBy": "-created", "maxResults": str(COMMENTS_READ)}
        known: dict[str, Any] = await self._api.call("GET", path, params=params) or {}
        if plain(body) not in [plain(comment.get("body")) for comment in known.get("comments") or []]:
            await self._api.call("POST", path, body={"body": body}, repeatable=False)

    async def acknowledge(self, ticket: TicketRef) -> None:
        """Into work, if it has not begun and the workflow has such a step."""
        issue = await self._api.call("GET", _issue(ticket.id), params={"fields": "status"})
        if issue is not None and _category(issue["fields"]["status"]) == NEW:
            await self._move(ticket.id, lambda category: category not in (NEW, DONE))

    async def close(self, ticket: TicketRef, text: str) -> None:
        """InputError when the workflow has no step to a status that counts as done."""
        issue = await self._api.call("GET", _issue(ticket.id), params={"fields": "status"})
        if issue is None:
            raise InputError(f"Jira has no issue {ticket.id} any more.")
        if _is_done(issue):
            return
        await self.comment(ticket, text)
        if not await self._move(ticket.id, lambda category: category == DONE):
            raise InputError(f"Jira's workflow has no step from here that completes {ticket.id}; close it by hand.")

    async def check(self) -> str:
        """A harmless look; what is wrong is raised as a WatchkeeperError."""
        await self._api.call("GET", "/rest/api/3/myself")
        project = await self._api.call("GET", f"/rest/api/3/project/{self._project}")
        if project is None:
            raise SettingsError(f"Jira shows no project {self._project}; correct WATCHKEEPER_JIRA_PROJECT.")
        types = [kind.get("name") for kind in project.get("issueTypes") or []]
        if types and self._type not in types:
            known = ", ".join(types)
            raise SettingsError(
                f"{self._project} has no {self._type}; set WATCHKEEPER_JIRA_ISSUE_TYPE to one of {known}."
            )
        return f"project {self._project} at {self._api.url}"

    async def _find(self, incident_id: str) -> dict[str, Any] | None:
        jql = f'project = "{self._project}" AND labels = "{_label(incident_id)}" ORDER BY created DESC'
        asked = {"jql": jql, "fields": ["status"], "maxResults": 1}
        found: dict[str, Any] = await self._api.call("POST", "/rest/api/3/search/jql", body=asked) or {}
        return next(iter(found.get("issues") or []), None)

    async def _create(self, incident: Incident, link: str) -> dict[str, Any]:
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._type},
            "summary": title_of(incident, TITLE_CHARS),
            "description": adf(body_of(incident, link, TEXT_CHARS)),
            "labels": [LABEL, _label(incident.id), f"severity-{incident.severity}"],
        }
        made = await self._api.call("POST", "/rest/api/3/issue", body={"fields": fields}, repeatable=False)
        if made is None:
            raise InputError("Jira has no REST API at this address; check WATCHKEEPER_JIRA_URL.")
        return cast("dict[str, Any]", made)

    async def _reopen(self, key: str) -> bool:
        if not await self._move(key, lambda category: category != DONE):
            return False
        await self._api.call(
            "POST", f"{_issue(key)}/comment", body={"body": adf("It fires again: reopened by Watchkeeper.")}
        )
        return True

    async def _move(self, key: str, wanted: Callable[[str], bool]) -> bool:
        """Take the first transition to a status of a wanted category; False where the workflow has none."""
        path, params = f"{_issue(key)}/transitions", {"expand": "transitions.fields"}
        offered: dict[str, Any] = await self._api.call("GET", path, params=params) or {}
        for step in offered.get("transitions") or []:
            if wanted(_category(step["to"])):
                body = {"transition": {"id": step["id"]}, **_required(step)}
                await self._api.call("POST", path, body=body)
                return True
        return False


def adf(text: str) -> dict[str, Any]:
    """Atlassian Document Format: a paragraph for each block of lines, with links where the text has addresses."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    content = [{"type": "paragraph", "content": _inline(block)} for block in blocks]
    return {"type": "doc", "version": 1, "content": content}


def plain(node: Any) -> str:
    """All text of a document: Jira gives it back with attributes of its own."""
    if isinstance(node, list):
        return "".join(plain(part) for part in cast("list[Any]", node))
    if not isinstance(node, dict):
        return ""
    known = cast("dict[str, Any]", node)
    return str(known.get("text", "")) + plain(known.get("content"))


def _inline(block: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = []
    for number, line in enumerate(block.split("\n")):
        nodes += [{"type": "hardBreak"}] if number else []
        nodes += _linked(line)
    return nodes


def _linked(line: str) -> list[dict[str, Any]]:
    """No text node may be empty."""
    nodes: list[dict[str, Any]] = []
    end = 0
    for match in _URL.finditer(line):
        nodes += _text(line[end : match.start()])
        nodes.append({**_text(match[0])[0], "marks": [{"type": "link", "attrs": {"href": match[0]}}]})
        end = match.end()
    return nodes + _text(line[end:])


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _required(step: dict[str, Any]) -> dict[str, Any]:
    """Many workflows want a resolution with their last step: the first that they allow."""
    wanted = (step.get("fields") or {}).get("resolution") or {}
    allowed = wanted.get("allowedValues") or []
    if not wanted.get("required") or not allowed:
        return {}
    return {"fields": {"resolution": {"id": allowed[0]["id"]}}}


def _is_done(issue: dict[str, Any]) -> bool:
    return _category(issue["fields"]["status"]) == DONE


def _category(status: dict[str, Any]) -> str:
    return str((status.get("statusCategory") or {}).get("key", ""))


def _issue(key: str) -> str:
    return f"/rest/api/3/issue/{key}"


def _label(incident_id: str) -> str:
    return f"{LABEL}-{incident_id}"
