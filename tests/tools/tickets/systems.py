"""ServiceNow, Jira and PagerDuty as far as tickets go: they keep what they are told, and refuse what those do."""

from __future__ import annotations

import base64
import re
from typing import Any

from aiohttp import web

from tests.outside import Seen, reply

SECRET = "s3cr" + "et-of-tests"
ROUTING_KEY = "R0UT1NGKEY" * 3 + "AB"


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{SECRET}".encode()).decode()


CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
"""Of Jira's statuses."""


class ServiceNowTable:
    """`/api/now/table/incident`, with journals that are read as display values only."""

    def __init__(self) -> None:
        self.incidents: dict[str, dict[str, str]] = {}

    async def __call__(self, seen: Seen) -> web.Response:
        if seen.headers.get("Authorization") not in (basic("bot"), f"Bearer {SECRET}"):
            said = {"error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}}
            return reply({**said, "status": "failure"}, 401)
        assert seen.path.startswith("/api/now/table/incident")
        if seen.method == "GET":
            return reply({"result": self._found(seen.query)})
        if seen.method == "POST":
            return reply({"result": self._made(seen.body)}, 201)
        assert seen.method == "PATCH"
        record = self.incidents[seen.path.rpartition("/")[2]]
        if seen.body.get("state") == "6" and not (seen.body.get("close_code") and seen.body.get("close_notes")):
            mandatory = "Data Policy Exception: Close code and notes are mandatory"
            return reply({"error": {"message": "Operation Failed", "detail": mandatory}}, 403)
        self._journal(record, seen.body)
        return reply({"result": record})

    def _made(self, body: dict[str, str]) -> dict[str, str]:
        assert len(body["short_description"]) <= 160
        assert len(body["description"]) <= 4000
        number = len(self.incidents) + 1
        record = {"sys_id": f"{number:032x}", "number": f"INC{number:07}", "state": "1", "work_notes": ""}
        self.incidents[record["sys_id"]] = record
        self._journal(record, body)
        return record

    def _journal(self, record: dict[str, str], body: dict[str, str]) -> None:
        notes = body.get("work_notes")
        record.update({name: value for name, value in body.items() if name != "work_notes"})
        if notes:
            stamp = "2026-11-20 14:02:11 - Watchkeeper (Work notes)"
            record["work_notes"] = f"{stamp}\n{notes}\n\n{record['work_notes']}"

    def _found(self, query: dict[str, str]) -> list[dict[str, str]]:
        name, _, value = query.get("sysparm_query", "").partition("^")[0].partition("=")
        found = [each for each in reversed(self.incidents.values()) if not name or each.get(name) == value]
        shown = query.get("sysparm_display_value") == "true"
        fields = query["sysparm_fields"].split(",")
        picked = [{f: each[f] if f != "work_notes" or shown else "" for f in fields} for each in found]
        return picked[: int(query["sysparm_limit"])]


class JiraProject:
    """A project OPS with a workflow; `steps` are the transitions that each status offers."""

    def __init__(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.steps = {
            "To Do": ["In Progress", "Done"],
            "In Progress": ["To Do", "Done"],
            "Done": ["In Progress"],
        }
        self.wants_resolution = False

    async def __call__(self, seen: Seen) -> web.Response:
        if seen.headers.get("Authorization") != basic("bot@example.com"):
            return reply({"errorMessages": ["Client must be authenticated to access this resource."]}, 401)
        path = seen.path.removeprefix("/rest/api/3")
        if path == "/myself":
            return reply({"accountId": "1"})
        if path.startswith("/project/"):
            known = path == "/project/OPS"
            return reply({"key": "OPS", "issueTypes": [{"name": "Task"}, {"name": "Bug"}]}) if known else _no_issue()
        if path == "/search/jql":
            return reply({"issues": self._search(seen.body), "isLast": True})
        if path == "/issue":
            return self._create(seen.body["fields"])
        match = re.fullmatch(r"/issue/([A-Z]+-\d+)(?:/(comment|transitions))?", path)
        assert match, path
        if match[1] not in self.issues:
            return _no_issue()
        return self._of_issue(match[1], match[2], seen)

    def _of_issue(self, key: str, what: str | None, seen: Seen) -> web.Response:
        if what is None:
            return reply(self.issues[key])
        if what == "comment" and seen.method == "GET":
            return reply({"comments": self.comments[key][::-1]})
        if what == "comment":
            _check_document(seen.body["body"])
            kept = {"id": str(len(self.comments[key])), "body": {**seen.body["body"], "localId": "x"}}
            self.comments[key].append(kept)
            return reply(kept, 201)
        status = self.issues[key]["fields"]["status"]["name"]
        if seen.method == "GET":
            return reply({"transitions": [self._step(name) for name in self.steps[status]]})
        (name,) = [name for name in self.steps[status] if self._step(name)["id"] == seen.body["transition"]["id"]]
        if name == "Done" and self.wants_resolution and "resolution" not in seen.body.get("fields", {}):
            return reply({"errorMessages": [], "errors": {"resolution": "Resolution is required."}}, 400)
        self.issues[key]["fields"]["status"] = self._status(name)
        return reply(status=204)

    def _step(self, name: str) -> dict[str, Any]:
        resolution = {"required": self.wants_resolution, "allowedValues": [{"id": "10000", "name": "Done"}]}
        fields = {"resolution": resolution} if name == "Done" and self.wants_resolution else {}
        return {"id": str(list(CATEGORIES).index(name)), "name": name, "to": self._status(name), "fields": fields}

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "statusCategory": {"key": CATEGORIES[name]}}

    def _search(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        match = re.fullmatch(r'project = "OPS" AND labels = "([^"]+)" ORDER BY created DESC', body["jql"])
        assert match, body["jql"]
        found = [issue for issue in self.issues.values() if match[1] in issue["fields"]["labels"]]
        return found[::-1][: body["maxResults"]]

    def _create(self, fields: dict[str, Any]) -> web.Response:
        if fields["project"] != {"key": "OPS"}:
            return reply({"errorMessages": [], "errors": {"project": "valid project is required"}}, 400)
        assert len(fields["summary"]) <= 255
        assert "\n" not in fields["summary"]
        assert all(" " not in label for label in fields["labels"])
        _check_document(fields["description"])
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key] = {"key": key, "fields": {**fields, "status": self._status("To Do")}}
        self.comments[key] = []
        return reply({"id": "1", "key": key, "self": f"https://jira.test/rest/api/3/issue/{key}"}, 201)


class PagerDutyAccount:
    """The Events API and the REST API at one address."""

    def __init__(self) -> None:
        self.incidents: list[dict[str, Any]] = []
        self.notes: list[str] = []

    async def __call__(self, seen: Seen) -> web.Response:
        return self._event(seen.body) if seen.path == "/v2/enqueue" else self._rest(seen)

    def _event(self, event: dict[str, Any]) -> web.Response:
        if event.get("routing_key") != ROUTING_KEY:
            errors = ["Invalid routing key"]
            return reply({"status": "invalid event", "message": "Event object is invalid", "errors": errors}, 400)
        key, action = event["dedup_key"], event["event_action"]
        unresolved = [i for i in self.incidents if i["incident_key"] == key and i["status"] != "resolved"]
        if action == "trigger":
            _check_event(event)
            if not unresolved:
                number = len(self.incidents) + 1
                url = f"https://acme.pagerduty.com/incidents/Q{number}"
                made = {"id": f"Q{number}", "incident_key": key, "status": "triggered", "html_url": url}
                self.incidents.append({**made, "event": event})
        for incident in unresolved:
            incident["status"] = {"acknowledge": "acknowledged", "resolve": "resolved"}.get(action, incident["status"])
        return reply({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    def _rest(self, seen: Seen) -> web.Response:
        if seen.headers.get("Authorization") != f"Token token={SECRET}":
            return reply({"error": {"message": "Unauthorized", "code": 2006}}, 401)
        assert seen.headers["Accept"] == "application/vnd.pagerduty+json;version=2"
        if seen.path == "/incidents":
            key = seen.query.get("incident_key")
            return reply({"incidents": [i for i in self.incidents[::-1] if key in (None, i["incident_key"])]})
        assert seen.headers["From"] == "bot@example.com"
        if seen.path.endswith("/notes") and seen.method == "GET":
            return reply({"notes": [{"content": note} for note in self.notes]})
        if seen.path.endswith("/notes"):
            self.notes.append(seen.body["note"]["content"])
            return reply({"note": {"id": "N1"}}, 201)
        return self._change(seen)

    def _change(self, seen: Seen) -> web.Response:
        identity = seen.path.split("/")[2]
        found = next((i for i in self.incidents if i["id"] == identity), None)
        if found is None:
            return reply({"error": {"message": "Not Found", "code": 2100}}, 404)
        if seen.path.endswith("/snooze"):
            assert 1 <= seen.body["duration"] <= 604_800
            found["snoozed"] = seen.body["duration"]
        else:
            assert seen.body["incident"]["type"] == "incident_reference"
            found["status"] = seen.body["incident"]["status"]
        return reply({"incident": found})


def _check_event(event: dict[str, Any]) -> None:
    payload = event["payload"]
    assert 0 < len(payload["summary"]) <= 1024
    assert payload["source"]
    assert payload["severity"] in ("critical", "error", "warning", "info")
    assert all(link["href"].startswith("https://") for link in event["links"])
    assert len(event["dedup_key"]) <= 255


def _check_document(document: dict[str, Any]) -> None:
    """Atlassian Document Format, of which Jira refuses empty text nodes."""
    assert (document["type"], document["version"]) == ("doc", 1)
    for paragraph in document["content"]:
        assert paragraph["type"] == "paragraph"
        for node in paragraph["content"]:
            assert node["type"] == "hardBreak" or node["text"]


def _no_issue() -> web.Response:
    return reply({"errorMessages": ["Issue does not exist or you do not have permission to see it."]}, 404)
