"""What every ticket system does with an incident, whatever its API calls it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from agent.errors import RetryLater, WatchkeeperError
from agent.ports import TicketSystem
from agent.settings import Settings
from tests.outside import Outside, Seen, served
from tests.tools.tickets.examples import LINK, incident
from tests.tools.tickets.systems import ROUTING_KEY, SECRET, JiraProject, PagerDutyAccount, ServiceNowTable
from tools.tickets.jira import Jira
from tools.tickets.pager_duty import PagerDuty
from tools.tickets.service_now import ServiceNow

System = Callable[[Seen], Awaitable[web.Response]]


@dataclass(frozen=True)
class Contender:
    """How to reach a ticket system, and how to look into it from its own side."""

    serve: Callable[[], Any]
    connect: Callable[[Settings], TicketSystem]
    settings: Callable[[str, str], dict[str, str]]
    tickets: Callable[[Any], list[str]]
    """The state of each ticket, as "open" or "closed"."""
    comments: Callable[[Any], list[str]]


def _pager_duty(url: str, secret: str) -> dict[str, str]:
    key = ROUTING_KEY if secret == SECRET else ROUTING_KEY[::-1]
    urls = {"pagerduty_events_url": url, "pagerduty_api_url": url}
    return {**urls, "pagerduty_routing_key": key, "pagerduty_token": secret, "pagerduty_from": "bot@example.com"}


def _state(closed: bool) -> str:
    return "closed" if closed else "open"


CONTENDERS = {
    "servicenow": Contender(
        ServiceNowTable,
        ServiceNow.of,
        lambda url, secret: {"servicenow_url": url, "servicenow_token": secret},
        lambda table: [_state(record["state"] in ("6", "7")) for record in table.incidents.values()],
        lambda table: [record["work_notes"] for record in table.incidents.values() if record["work_notes"]],
    ),
    "jira": Contender(
        JiraProject,
        Jira.of,
        lambda url, secret: {
            "jira_url": url,
            "jira_user": "bot@example.com",
            "jira_token": secret,
            "jira_project": "OPS",
        },
        lambda project: [_state(i["fields"]["status"]["name"] == "Done") for i in project.issues.values()],
        lambda project: [str(comment) for comments in project.comments.values() for comment in comments],
    ),
    "pagerduty": Contender(
        PagerDutyAccount,
        PagerDuty.of,
        _pager_duty,
        lambda account: [_state(i["status"] == "resolved") for i in account.incidents],
        lambda account: account.notes,
    ),
}


@dataclass
class There:
    contender: Contender
    inside: Any
    system: TicketSystem
    wire: Outside

    @property
    def tickets(self) -> list[str]:
        return self.contender.tickets(self.inside)

    @property
    def comments(self) -> list[str]:
        return self.contender.comments(self.inside)


@pytest.fixture(params=CONTENDERS)
async def there(request: pytest.FixtureRequest) -> AsyncGenerator[There]:
    contender = CONTENDERS[request.param]
    inside = contender.serve()
    async with served(inside) as wire:
        settings = Settings(**contender.settings(wire.url, SECRET))  # pyright: ignore[reportArgumentType] -- validated
        yield There(contender, inside, contender.connect(settings), wire)


async def test_an_incident_has_one_ticket_however_often_it_is_opened(there: There) -> None:
    first = await there.system.open(incident(), LINK)
    assert first.system == there.system.name
    assert await there.system.open(incident(), LINK) == first
    assert there.tickets == ["open"]


async def test_another_incident_has_another_ticket(there: There) -> None:
    first = await there.system.open(incident(), LINK)
    second = await there.system.open(incident(id="inc_ba9876543210"), LINK)
    assert first.id != second.id
    assert there.tickets == ["open", "open"]


async def test_it_leads_back_to_slack(there: There) -> None:
    await there.system.open(incident(), LINK)
    assert any(LINK in str(seen.body) for seen in there.wire.calls("POST"))


async def test_a_comment_stands_there_once(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    for _ in range(2):
        await there.system.comment(ticket, "Assigned to Priya.")
    assert len([text for text in there.comments if text.count("Assigned to Priya.") == 1]) == 1


async def test_it_closes_with_the_incident_and_closing_twice_is_no_error(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    await there.system.acknowledge(ticket)
    for _ in range(2):
        await there.system.close(ticket, "Resolved after 29 minutes.")
    assert there.tickets == ["closed"]


async def test_an_incident_that_comes_back_has_an_open_ticket_again(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    await there.system.close(ticket, "Resolved.")
    await there.system.open(incident(), LINK)
    assert there.tickets.count("open") == 1


async def test_being_told_to_slow_down_means_to_come_back_later(there: There) -> None:
    there.wire.plan(429, headers={"Retry-After": "30"}, times=5)
    with pytest.raises(RetryLater) as later:
        await there.system.open(incident(), LINK)
    assert later.value.seconds >= 30


async def test_a_short_trouble_is_tried_again_at_once(there: There) -> None:
    there.wire.plan(503)
    await there.system.open(incident(), LINK)
    assert there.tickets == ["open"]


async def test_a_wrong_secret_is_said_in_a_sentence_that_does_not_repeat_it(there: There) -> None:
    wrong = SECRET[::-1]
    fields = there.contender.settings(there.wire.url, wrong)
    system = there.contender.connect(Settings(**fields))  # pyright: ignore[reportArgumentType] -- validated
    with pytest.raises(WatchkeeperError) as refused:
        await system.open(incident(), LINK)
    assert "\n" not in str(refused.value)
    assert wrong not in str(refused.value)
    assert there.tickets == []
