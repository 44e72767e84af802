"""Another analysis of an incident of which a fix did not help, knowing what was tried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.runnables.config import var_child_runnable_config

from agent.errors import ModelUnavailable
from agent.living import MAX_RELATED, most_telling
from agent.models import Incident, Remediation
from slack_app.application import Application
from slack_app.handlers.analyses import keep_diagnosis, remember
from slack_app.handlers.sightings import look

if TYPE_CHECKING:
    from graphs.remediation import LookAgain

log = logging.getLogger(__name__)
T = TypeVar("T")
SHARE = 0.8
"""Of the time that a job has: what is known by then is gone on with."""


def looking_again(app: Application) -> LookAgain:
    """For a Remediator. An analysis that fails, or finds nothing, leaves the diagnosis as it was."""

    async def look_again(incident: Incident, given: Remediation) -> None:
        from graphs.remediation_plan import tried  # with it come all actions, and who only asks questions needs none

        deps, run_id = app.deps, f"{incident.id}:{given.id}:{given.round}"
        seen = await look(deps, incident)
        alert, *others = most_telling(incident, seen.sightings)
        run = app.analyse(alert, run_id, _nobody_follows, others[:MAX_RELATED], tried(given))
        try:
            async with asyncio.timeout(deps.settings.run_timeout_seconds * SHARE):
                diagnosis, evidence = await _by_itself(run)
        except (TimeoutError, ModelUnavailable) as error:
            log.warning("%s was not analysed again: %s", incident.id, error or "it took too long")
            return
        if diagnosis.claims:
            about = [sighting.alert for sighting in seen.sightings] or [alert]
            await remember(await keep_diagnosis(incident, diagnosis, evidence, about, deps), deps)

    return look_again


async def _by_itself(run: Coroutine[Any, Any, T]) -> T:
    """A graph that a node of another one runs would become a part of that one, and of its checkpoints."""
    alone = copy_context()
    alone.run(var_child_runnable_config.set, None)
    task = asyncio.get_running_loop().create_task(run, context=alone)
    try:
        return await task
    finally:
        task.cancel()


async def _nobody_follows(_: dict[str, Any]) -> None:
    return None
