from __future__ import annotations

import pytest

from agent.models import Asker
from deploy.local.workspace.background import RunningWorkspace
from slack_app.messenger import web_client
from slack_app.people import People


@pytest.fixture
def people(ws: RunningWorkspace) -> People:
    return People(web_client(ws.bot_token, ws.api_url))


async def test_a_person_has_a_name_and_a_zone_and_is_looked_up_once(people: People, ws: RunningWorkspace) -> None:
    for _ in range(3):
        assert await people.asker("U0PRIYANAI") == Asker(user="U0PRIYANAI", name="Priya Nair", zone="Asia/Kolkata")
    assert len(ws.api_calls("users.info")) == 1


@pytest.mark.parametrize("error", ["missing_scope", "user_not_found"])
async def test_somebody_whom_slack_does_not_describe_is_an_id_in_utc(
    people: People, ws: RunningWorkspace, error: str
) -> None:
    ws.faults.fail("users.info", error, times=9)
    for _ in range(2):
        assert await people.asker("U0PRIYANAI") == Asker(user="U0PRIYANAI", zone="UTC")
    assert await people.name("U0PRIYANAI") == "somebody"
    assert len(ws.api_calls("users.info")) == 1


async def test_a_zone_that_nobody_knows_is_utc(people: People, ws: RunningWorkspace) -> None:
    ws.workspace.state.user("maya").tz = "Mars/Olympus"
    assert (await people.asker(ws.user_id("maya"))).zone == "UTC"


async def test_nobody_is_nobody(people: People, ws: RunningWorkspace) -> None:
    assert await people.asker("") == Asker()
    assert ws.api_calls("users.info") == []


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("S0ONCALL01", "<!subteam^S0ONCALL01>"),
        ("U0PRIYANAI", "<@U0PRIYANAI>"),
        ("@nobody", "@nobody"),
        ("@here <!channel>", "@\u200bhere &lt;!channel&gt;"),
    ],
)
async def test_only_what_slack_knows_is_called(people: People, name: str, called: str) -> None:
    assert await people.mention(name) == called


async def test_a_user_group_is_called_by_its_handle(people: People, ws: RunningWorkspace) -> None:
    group = next(iter(ws.workspace.state.groups.values()))
    assert await people.mention(f"@{group.handle}") == f"<!subteam^{group.id}>"
    ws.faults.fail("usergroups.list", "missing_scope")
    assert await people.mention(f"@{group.handle}") == f"@{group.handle}"
