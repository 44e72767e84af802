"""An incident has one fix at a time that asks and acts, however many were begun at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.models import RemediationStatus, StepStatus
from deploy.local.workspace.background import RunningWorkspace
from slack_app.handlers.remediations import go_on
from tests.slack_app.remediation_desk import RemediationDesk, remediation_desk


@pytest.fixture
def desk(ws: RunningWorkspace, tmp_path: Path) -> Iterator[RemediationDesk]:
    with remediation_desk(ws, tmp_path) as made:
        yield made


async def test_of_two_that_begin_at_once_for_one_incident_one_has_a_card(desk: RemediationDesk) -> None:
    """As where a store's list of an incident's remediations lags behind, so that neither finds the other."""
    first = await desk.asked()
    second = first.model_copy(update={"id": "rem_2", "card_ts": "", "shown": "", "created_at": desk.deps.clock()})
    await desk.deps.remediations.create(second)
    shown = len(desk.shown())

    for _ in range(2):  # its job may come again
        await go_on("rem_2", desk.desk)
        await desk.goes_on()

    kept = await desk.deps.remediations.get("rem_2")
    assert kept is not None
    assert (kept.status, kept.card_ts) == (RemediationStatus.rejected, "")
    assert (await desk.given()).status is RemediationStatus.awaiting_approval
    assert len(desk.shown()) == shown


async def test_the_next_one_has_a_card_when_the_one_before_is_over(desk: RemediationDesk) -> None:
    first = await desk.asked()
    await desk.ended(StepStatus.rejected, RemediationStatus.rejected)
    second = first.model_copy(update={"id": "rem_2", "card_ts": "", "shown": "", "created_at": desk.deps.clock()})
    await desk.deps.remediations.create(second)

    await go_on("rem_2", desk.desk)

    kept = await desk.deps.remediations.get("rem_2")
    assert kept is not None
    assert kept.card_ts not in ("", first.card_ts)
    assert (await desk.incident()).remediation == "rem_2"
