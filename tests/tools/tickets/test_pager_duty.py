"""PagerDuty's Events API v2 and REST API over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from agent.errors import InputError, SettingsError
from agent.settings import Settings
from tests.outside import Outside, served
from tests.tools.tickets.examples import CONSOLE, LINK, incident
from tests.tools.tickets.systems import ROUTING_KEY, SECRET, PagerDutyAccount
from tools.tickets.pager_duty import PagerDuty


@dataclass
class There:
    system: PagerDuty
    account: PagerDutyAccount
    wire: Outside


def _settings(url: str, **fields: Any) -> Settings:
    given = {
        "pagerduty_events_url": url,
        "pagerduty_api_url": url,
        "pagerduty_routing_key": ROUTING_KEY,
        "pagerduty_token": SECRET,
        "pagerduty_from": "bot@example.com",
    }
    return Settings(**(given | fields))


@pytest.fixture
async def there() -> AsyncGenerator[There]:
    account = PagerDutyAccount()
    async with served(account) as wire:
        yield There(PagerDuty.of(_settings(wire.url)), account, wire)


async def test_an_incident_is_triggered_once_with_links_both_ways(there: There) -> None:
    tickets = [await there.system.open(incident(), LINK) for _ in range(2)]

    assert tickets[0] == tickets[1]
    assert tickets[0].id == incident().id
    assert tickets[0].url == "https://acme.pagerduty.com/incidents/Q1"
    (made,) = there.account.incidents
    assert made["event"]["client_url"] == LINK
    assert [link["href"] for link in made["event"]["links"]] == [LINK, CONSOLE]
    assert "Version 42 broke it. [1]" in made["event"]["payload"]["custom_details"]["watchkeeper"]


async def test_it_is_acknowledged_annotated_once_and_resolved(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    await there.system.acknowledge(ticket)
    assert there.account.incidents[0]["status"] == "acknowledged"
    for _ in range(2):
        await there.system.comment(ticket, "Assigned to Priya.")
        await there.system.close(ticket, "Resolved after 29 minutes.")
    assert there.account.notes == ["Assigned to Priya.", "Resolved after 29 minutes."]
    assert there.account.incidents[0]["status"] == "resolved"


async def test_what_fires_again_is_a_new_incident_there(there: There) -> None:
    await there.system.close(await there.system.open(incident(), LINK), "Resolved.")
    assert (await there.system.open(incident(), LINK)).url.endswith("/Q2")


async def test_without_a_rest_token_there_are_events_only(there: There) -> None:
    system = PagerDuty.of(_settings(there.wire.url, pagerduty_token=None))
    ticket = await system.open(incident(), "")
    await system.comment(ticket, "Assigned to Priya.")
    await system.close(ticket, "Resolved.")
    assert ticket.url == ""
    assert there.account.incidents[0]["status"] == "resolved"
    assert "client_url" not in there.account.incidents[0]["event"]
    assert "events only" in await system.check()


async def test_a_wrong_key_is_one_sentence(there: There) -> None:
    with pytest.raises(InputError, match=r"PagerDuty does not take this \(400: Event object is invalid; Invalid rout"):
        await PagerDuty.of(_settings(there.wire.url, pagerduty_routing_key="0" * 32)).open(incident(), LINK)
    with pytest.raises(SettingsError, match="it has 32 letters and digits"):
        await PagerDuty.of(_settings(there.wire.url, pagerduty_routing_key="short")).check()
    with pytest.raises(SettingsError, match="denies access"):
        await PagerDuty.of(_settings(there.wire.url, pagerduty_token="wr" + "ong")).check()
    with pytest.raises(SettingsError, match="needs WATCHKEEPER_PAGERDUTY_FROM"):
        PagerDuty.of(_settings(there.wire.url, pagerduty_from=""))
