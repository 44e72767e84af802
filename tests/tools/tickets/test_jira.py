"""Jira's REST API v3 over real HTTP: issues, comments and a workflow that may lack the step one wants."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from agent.errors import InputError, RetryLater, SettingsError
from agent.settings import Settings
from tests.outside import Outside, served
from tests.tools.tickets.examples import CONSOLE, LINK, incident
from tests.tools.tickets.systems import SECRET, JiraProject
from tools.tickets.jira import Jira, adf, plain


@dataclass
class There:
    system: Jira
    project: JiraProject
    wire: Outside

    @property
    def only(self) -> dict[str, Any]:
        (issue,) = self.project.issues.values()
        return issue["fields"]


def _settings(url: str, **fields: Any) -> Settings:
    given = {"jira_url": url, "jira_user": "bot@example.com", "jira_token": SECRET, "jira_project": "OPS"}
    return Settings(**(given | fields))


@pytest.fixture
async def there() -> AsyncGenerator[There]:
    project = JiraProject()
    async with served(project) as wire:
        yield There(Jira.of(_settings(wire.url)), project, wire)


async def test_an_incident_gets_an_issue_whose_links_are_links(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)

    assert (ticket.id, ticket.url) == ("OPS-1", f"{there.wire.url}/browse/OPS-1")
    assert there.only["summary"] == "[error] checkout errors"
    assert there.only["labels"] == ["watchkeeper", "watchkeeper-inc_0123456789ab", "severity-error"]
    nodes = [node for paragraph in there.only["description"]["content"] for node in paragraph["content"]]
    assert [node["text"] for node in nodes if node.get("marks")] == [LINK, CONSOLE]
    assert "Version 42 broke it. [1]" in plain(there.only["description"])


async def test_a_second_open_finds_the_first_ones_issue(there: There) -> None:
    first = await there.system.open(incident(), LINK)
    assert await there.system.open(incident(), LINK) == first
    assert len(there.project.issues) == 1


async def test_an_answer_that_is_lost_makes_no_second_issue(there: There) -> None:
    there.wire.plan(200, {"issues": []}, done=True)
    there.wire.plan(504, done=True)
    with pytest.raises(RetryLater):
        await there.system.open(incident(), LINK)
    await there.system.open(incident(), LINK)
    assert len(there.project.issues) == 1


async def test_a_comment_is_written_once(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    for _ in range(2):
        await there.system.comment(ticket, f"Assigned to Priya.\n\nSee {LINK} for more.")
    assert [plain(comment["body"]) for comment in there.project.comments["OPS-1"]] == [
        f"Assigned to Priya.See {LINK} for more."
    ]


@pytest.mark.parametrize("resolution", [False, True])
async def test_it_is_completed_and_opened_again_by_whatever_its_statuses_are_called(
    there: There, resolution: bool
) -> None:
    there.project.wants_resolution = resolution
    ticket = await there.system.open(incident(), LINK)
    await there.system.acknowledge(ticket)
    assert there.only["status"]["name"] == "In Progress"
    for _ in range(2):
        await there.system.close(ticket, "Resolved after 29 minutes.")
    assert there.only["status"]["name"] == "Done"
    assert len(there.project.comments["OPS-1"]) == 1

    assert await there.system.open(incident(), LINK) == ticket
    assert there.only["status"]["name"] == "In Progress"


async def test_a_workflow_without_a_last_step_is_said_in_one_sentence(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    there.project.steps["To Do"] = ["In Progress"]
    with pytest.raises(InputError, match="no step from here that completes OPS-1; close it by hand"):
        await there.system.close(ticket, "Resolved.")


async def test_an_issue_that_cannot_be_opened_again_is_followed_by_a_new_one(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    await there.system.close(ticket, "Resolved.")
    there.project.steps["Done"] = []
    assert (await there.system.open(incident(), LINK)).id == "OPS-2"


async def test_an_issue_that_somebody_deleted_is_told(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    there.project.issues.clear()
    with pytest.raises(InputError, match="Jira has no issue OPS-1 any more"):
        await there.system.close(ticket, "Resolved.")


async def test_the_doctor_learns_what_is_wrong(there: There) -> None:
    assert await there.system.check() == f"project OPS at {there.wire.url}"
    with pytest.raises(SettingsError, match="Jira shows no project NONE"):
        await Jira.of(_settings(there.wire.url, jira_project="NONE")).check()
    with pytest.raises(SettingsError, match="set WATCHKEEPER_JIRA_ISSUE_TYPE to one of Task, Bug"):
        await Jira.of(_settings(there.wire.url, jira_issue_type="Incident")).check()
    with pytest.raises(SettingsError, match="Client must be authenticated"):
        await Jira.of(_settings(there.wire.url, jira_token="wr" + "ong")).check()
    with pytest.raises(SettingsError, match="set all of them"):
        Jira.of(_settings(there.wire.url, jira_project=""))


def test_text_becomes_paragraphs_without_empty_nodes() -> None:
    first, second = adf("One\n\n\n\nTwo\nhttps://a.example/b and more")["content"]
    assert [node["text"] for node in first["content"]] == ["One"]
    assert [node["type"] for node in second["content"]] == ["text", "hardBreak", "text", "text"]
