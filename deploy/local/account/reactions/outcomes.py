"""Whether something that failed would succeed by now, as the reactions that happened have it."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.local.account.state import Loaded

_BY_THE_CALL_ITSELF = timedelta(seconds=5)
"""A reaction to the very call that starts something anew is a moment later than its start."""


def task_succeeds(loaded: Loaded, dag_id: str, task_id: str, at: datetime) -> bool | None:
    """Of an Airflow task that is run at a moment; None when no reaction says anything of it."""
    said = [
        part.succeeds
        for each in sorted(loaded.happened, key=lambda each: each.effect)
        if loaded.at(each.effect) <= at + _BY_THE_CALL_ITSELF
        for part in each.reaction.tasks
        if (part.dag_id, part.task_id) == (dag_id, task_id)
    ]
    return said[-1] if said else None


def machine_succeeds(loaded: Loaded, machine: str, at: datetime) -> bool | None:
    """Of a state machine whose execution ends at a moment; None when no reaction says anything of it."""
    said = [
        part.succeeds
        for each in sorted(loaded.happened, key=lambda each: each.effect)
        if loaded.at(each.effect) <= at + _BY_THE_CALL_ITSELF
        for part in each.reaction.machines
        if part.name == machine
    ]
    return said[-1] if said else None
