"""Analyses that ended without a word: their worker died, and their job came back to nobody or was given up.

Without this their messages would say "Looking into this alert…" for ever, and their incidents would get no ticket.
Remediations whose job was lost are gone on with. What came during a mute that has ended is found here, too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.living import last_run
from agent.models import Incident, IncidentStatus, Job, JobKind, Urgency, new_id
from agent.ports import Deps
from slack_app.handlers.analyses import give_up_incident
from slack_app.handlers.desk import Desk
from slack_app.handlers.held import held
from slack_app.handlers.remediation_jobs import ask_to_go_on
from slack_app.handlers.unmuting import tell_what_was_muted

EVERY = timedelta(minutes=5)
AT_ONCE = 100
UNTOLD_FOR = timedelta(minutes=2)
"""Until then a message may still wait for its turn."""


def sweep_of(now: datetime) -> Job:
    """The sweep of the five minutes in which `now` lies."""
    slot = datetime.fromtimestamp(now.timestamp() // EVERY.total_seconds() * EVERY.total_seconds(), UTC)
    return Job(
        id=new_id("job"),
        kind=JobKind.sweep,
        idempotency_key=f"sweep:{slot.isoformat()}",
        payload={},
        urgency=Urgency.low,
        created_at=now,
    )


async def handle_sweep(job: Job, desk: Desk) -> None:
    """Each such incident says that it could not be analysed. Should its job come back yet, it is analysed after all."""
    deps = desk.app.deps
    await _go_on_with_remediations(deps)
    for incident in await deps.incidents.by_status(IncidentStatus.investigating, AT_ONCE):
        if _is_forgotten(incident, deps):
            await _give_up(incident.id, desk)
    await tell_what_was_muted(deps.clock() - UNTOLD_FOR, desk)


async def _go_on_with_remediations(deps: Deps) -> None:
    """Of which nothing was written for so long. Those that wait for people look once more, which changes nothing."""
    for given in await deps.remediations.open(AT_ONCE):
        if deps.clock() - given.updated_at > _allowed(deps):
            await ask_to_go_on(deps, given.id)


async def _give_up(incident_id: str, desk: Desk) -> None:
    """Unless somebody is at it: the lock is the one that a run holds."""
    deps = desk.app.deps
    async with held(deps, f"incident:{incident_id}") as lease:
        incident = await deps.incidents.get(incident_id) if lease else None
        if incident is not None and _is_forgotten(incident, deps):
            text = f"The analysis was cut off and did not begin again. Reference {incident_id}."
            await give_up_incident(incident, desk, text)


def _is_forgotten(incident: Incident, deps: Deps) -> bool:
    """Its last analysis began longer ago than a run may take, and than its job is hidden for when its worker dies.

    Its job has been delivered again by then; where so much waits that it was not begun, it is when its turn comes.
    """
    run = last_run(incident)
    began = run is not None and run.kind == "analysing" and incident.status is IncidentStatus.investigating
    return began and run is not None and deps.clock() - run.at > _allowed(deps)


def _allowed(deps: Deps) -> timedelta:
    return timedelta(seconds=deps.settings.run_timeout_seconds + 2 * deps.settings.job_lease_seconds)
