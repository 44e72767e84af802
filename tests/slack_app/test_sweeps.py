"""Analyses whose worker died: what their messages say in the end. And remediations that nobody goes on with."""

from __future__ import annotations

from datetime import timedelta

from agent.models import IncidentStatus, JobKind, Remediation, RemediationStatus, TimelineEvent
from slack_app.handlers.sweeps import handle_sweep
from tests.slack_app.incident_desk import IncidentDesk

RUN_AND_LEASES = timedelta(seconds=240 + 2 * 60)


async def cut_off(desk: IncidentDesk, ago: timedelta) -> None:
    """An analysis began so long ago, and its worker died."""
    began = TimelineEvent(at=desk.deps.clock() - ago, kind="analysing", text="it is new")
    await desk.opened(place=desk.post())
    looked_into = {"status": IncidentStatus.investigating}
    await desk.deps.incidents.change(
        desk.id, lambda i: i.model_copy(update={**looked_into, "timeline": (*i.timeline, began)})
    )
    await desk.living()


async def sweep(desk: IncidentDesk) -> None:
    await handle_sweep(desk.job(JobKind.sweep), desk.desk)


async def test_its_message_says_that_it_failed_and_offers_another_try(desk: IncidentDesk) -> None:
    await cut_off(desk, RUN_AND_LEASES + timedelta(seconds=1))
    await sweep(desk)

    assert "the analysis failed" in desk.words()
    assert f"Reference {desk.id}." in desk.words()
    assert desk.buttons()[0] == "analyse_alert"
    assert (await desk.incident()).status is IncidentStatus.open

    await desk.analysis("asked")
    assert "What's going on" in desk.words()
    assert "analyse_alert" not in desk.buttons()


async def test_a_job_that_comes_back_after_all_is_done(desk: IncidentDesk) -> None:
    await cut_off(desk, RUN_AND_LEASES + timedelta(seconds=1))
    await sweep(desk)
    await desk.analysis("new")
    assert (await desk.incident()).diagnosis is not None


async def test_a_run_that_may_yet_be_going_on_is_left_alone(desk: IncidentDesk) -> None:
    await cut_off(desk, RUN_AND_LEASES - timedelta(seconds=5))
    await sweep(desk)
    assert (await desk.incident()).status is IncidentStatus.investigating


async def test_a_run_that_holds_the_incidents_lock_is_left_alone(desk: IncidentDesk) -> None:
    await cut_off(desk, timedelta(hours=1))
    await desk.deps.locks.acquire(f"incident:{desk.id}", "a worker", 60)
    await sweep(desk)
    assert (await desk.incident()).status is IncidentStatus.investigating


async def remediation(desk: IncidentDesk, silent: timedelta, status: RemediationStatus) -> None:
    """One that nothing was written of for so long."""
    at = desk.deps.clock() - silent
    made = Remediation(id="rem_1", incident_id=desk.id, status=status, created_at=at, updated_at=at)
    await desk.deps.remediations.create(made)


async def test_a_remediation_whose_job_was_lost_is_gone_on_with(desk: IncidentDesk) -> None:
    await remediation(desk, RUN_AND_LEASES + timedelta(seconds=1), RemediationStatus.executing)
    await sweep(desk)
    (job,) = await desk.queued(JobKind.verify)
    assert job.payload == {"remediation": "rem_1"}


async def test_a_remediation_that_is_at_work_is_left_alone(desk: IncidentDesk) -> None:
    await remediation(desk, RUN_AND_LEASES - timedelta(seconds=5), RemediationStatus.executing)
    await sweep(desk)
    assert await desk.queued(JobKind.verify) == []


async def test_a_remediation_that_is_over_is_left_alone(desk: IncidentDesk) -> None:
    await remediation(desk, timedelta(days=1), RemediationStatus.escalated)
    await sweep(desk)
    assert await desk.queued(JobKind.verify) == []
