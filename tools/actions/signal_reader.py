"""Reads the signal of a check again, and what is near it.

watched = Watched(check, target, aws, now, settings)
before = read_baseline(watched)                                  # just before the change
reading = read_signal(replace(watched, baseline=before, result=result))   # one look, after it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from agent.verifying import Reading
from tools.actions.readers.airflow import dag_run, task
from tools.actions.readers.alarms import alarm, firing
from tools.actions.readers.metrics import metric
from tools.actions.readers.states import state
from tools.actions.readers.watched import LOOKED, VALUE, Watched
from tools.actions.readers.work import command, execution, queue
from tools.evidence.failures import EXPECTED, explain

FIRED = "alarm:"


def read_signal(watched: Watched) -> Reading:
    """One look. What cannot be read is neither good nor bad."""
    try:
        reading = READERS[watched.check.kind](watched)
        nearby = _newly_firing(watched)
    except EXPECTED as error:
        return Reading(None, f"It could not be read ({explain(error)}).")
    return replace(reading, nearby=nearby)


def read_baseline(watched: Watched) -> dict[str, float]:
    """The signal's value and what fires already, to be told apart later: `value`, and `alarm:NAME` for each."""
    try:
        fired = {f"{FIRED}{name}": 1.0 for name in firing(watched)}
        value = READERS[watched.check.kind](watched).value
    except EXPECTED:
        return {}
    return {LOOKED: 1.0} | fired | ({} if value is None else {VALUE: value})


def _newly_firing(watched: Watched) -> tuple[str, ...]:
    """Alarms that did not fire before; without a baseline all would count as new, so none does."""
    if LOOKED not in watched.baseline:
        return ()
    return tuple(name for name in firing(watched) if f"{FIRED}{name}" not in watched.baseline)


READERS: Mapping[str, Callable[[Watched], Reading]] = {
    "alarm": alarm,
    "metric": metric,
    "queue": queue,
    "dag_run": dag_run,
    "task": task,
    "execution": execution,
    "command": command,
    "state": state,
}
"""One for each kind of check."""
