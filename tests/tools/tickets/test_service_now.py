"""ServiceNow's Table API over real HTTP: one incident for each of ours, whatever is repeated or fails."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from agent.errors import RetryLater, SettingsError
from agent.models import Severity
from agent.settings import Settings
from tests.outside import Outside, served
from tests.tools.tickets.examples import CONSOLE, LINK, incident
from tests.tools.tickets.systems import SECRET, ServiceNowTable
from tools.tickets.service_now import ServiceNow


@dataclass
class There:
    system: ServiceNow
    table: ServiceNowTable
    wire: Outside

    @property
    def only(self) -> dict[str, str]:
        (record,) = self.table.incidents.values()
        return record


@pytest.fixture
async def there() -> AsyncGenerator[There]:
    table = ServiceNowTable()
    async with served(table) as wire:
        yield There(ServiceNow.of(Settings(servicenow_url=wire.url, servicenow_token=SECRET)), table, wire)


async def test_an_incident_gets_a_ticket_with_its_diagnosis_and_a_link_to_slack(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)

    assert (ticket.system, ticket.id) == ("servicenow", "INC0000001")
    assert ticket.url == f"{there.wire.url}/nav_to.do?uri=incident.do%3Fsys_id%3D{1:032x}"
    assert there.only["short_description"] == "[error] checkout errors"
    assert there.only["correlation_id"] == incident().id
    assert (there.only["urgency"], there.only["impact"]) == ("2", "2")
    for part in (LINK, "Version 42 broke it. [1]", "1. Roll back to version 41.", CONSOLE, "CloudTrail denied it."):
        assert part in there.only["description"]


async def test_a_second_open_finds_the_first_ones_ticket(there: There) -> None:
    first = await there.system.open(incident(), LINK)
    assert await there.system.open(incident(), LINK) == first
    assert len(there.table.incidents) == 1


async def test_a_ticket_that_was_made_although_no_answer_came_is_found(there: There) -> None:
    there.wire.plan(200, {"result": []}, done=True)
    there.wire.plan(502, done=True)
    with pytest.raises(RetryLater):
        await there.system.open(incident(), LINK)
    await there.system.open(incident(), LINK)
    assert len(there.table.incidents) == 1


async def test_a_comment_is_written_once(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    for _ in range(2):
        await there.system.comment(ticket, "Acknowledged by Maya.\n\nAssigned to Priya.")
    assert there.only["work_notes"].count("Assigned to Priya.") == 1


async def test_it_is_closed_with_a_code_and_opened_again(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    await there.system.acknowledge(ticket)
    assert there.only["state"] == "2"
    await there.system.close(ticket, "Resolved after 29 minutes.")
    assert (there.only["state"], there.only["close_code"]) == ("6", "Solution provided")
    assert there.only["close_notes"] == "Resolved after 29 minutes."
    await there.system.close(ticket, "Resolved once more.")
    assert there.only["close_notes"] == "Resolved after 29 minutes."

    assert await there.system.open(incident(), LINK) == ticket
    assert there.only["state"] == "2"
    assert "It fires again" in there.only["work_notes"]


async def test_what_is_closed_for_good_stays_so_and_a_new_ticket_is_opened(there: There) -> None:
    ticket = await there.system.open(incident(), LINK)
    there.only["state"] = "7"
    assert (await there.system.open(incident(), LINK)).id != ticket.id


async def test_secrets_and_long_texts_do_not_get_into_a_ticket(there: There) -> None:
    secret = "postgres://app:" + "hunter2hunter2" + "@db/orders"
    await there.system.open(incident(title=f"{secret} fails " + "x" * 300, severity=Severity.critical), LINK)
    assert "hunter2" not in str(there.only)
    assert there.only["short_description"].startswith("[critical] postgres://app:[redacted")
    assert there.only["short_description"].endswith("…")


async def test_wrong_credentials_are_one_sentence_that_says_what_to_check(there: There) -> None:
    system = ServiceNow.of(
        Settings(servicenow_url=there.wire.url, servicenow_user="bot", servicenow_password="wr" + "ong")
    )
    with pytest.raises(SettingsError) as error:
        await system.check()
    assert str(error.value) == (
        "ServiceNow denies access (401: User Not Authenticated; Required to provide Auth information); check "
        "WATCHKEEPER_SERVICENOW_USER and _PASSWORD (or _TOKEN) and the user's role itil."
    )
    assert SECRET not in str(error.value)


async def test_a_user_and_a_password_do_too(there: There) -> None:
    system = ServiceNow.of(Settings(servicenow_url=there.wire.url, servicenow_user="bot", servicenow_password=SECRET))
    assert there.wire.url in await system.check()


def test_half_of_what_it_needs_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="_TOKEN"):
        ServiceNow.of(Settings(servicenow_url="https://acme.service-now.com", servicenow_user="bot"))
