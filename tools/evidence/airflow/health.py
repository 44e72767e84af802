"""What is wrong with an Airflow environment itself, as findings: its parts, its DAG files, its pools."""

from __future__ import annotations

from collections.abc import Iterator

from agent.models import Finding
from agent.times import clock_time
from tools.evidence.airflow.api import Airflow, Json, moment

PARTS = ("scheduler", "triggerer", "dag_processor", "metadatabase")
MAX_IMPORT_ERRORS = 4
MAX_POOLS = 3
_BROKEN = ("UPDATE_FAILED", "CREATE_FAILED", "UNAVAILABLE", "DELETED", "DELETING")


def parts(airflow: Airflow) -> Iterator[Finding]:
    """A scheduler, triggerer, DAG processor or database that is down or whose heartbeat is old."""
    state: Json = airflow.find("/monitor/health") or airflow.find("/health") or {}
    for part in PARTS:
        told: Json = state.get(part) or {}
        if told.get("status") != "unhealthy":  # a part that is not deployed has no status
            continue
        beat = moment(told.get(f"latest_{part}_heartbeat"))
        name = part.replace("_", " ")
        last = f"; its last heartbeat was at {clock_time(beat, airflow.look.now)}" if beat else ""
        yield unhealthy(airflow, part, f"The {name} of {airflow.environment} is unhealthy{last}.", 0.9, beat)


def managed_state(airflow: Airflow) -> Iterator[Finding]:
    """An MWAA environment that is not available, or whose last update failed."""
    if not airflow.managed:
        return
    told = airflow.look.call("mwaa", "get_environment", Name=airflow.environment)["Environment"]
    status, update = str(told.get("Status", "")), told.get("LastUpdate") or {}
    at = moment(update.get("CreatedAt"))
    when = f" at {clock_time(at, airflow.look.now)}" if at else ""
    if update.get("Status") == "FAILED":
        error: Json = update.get("Error") or {}
        why = f": {error.get('ErrorCode', '')} {error.get('ErrorMessage', '')}".rstrip()
        text = f"The last update of {airflow.environment} failed{when}{why[:250]}"
        yield unhealthy(airflow, "environment", text, 0.85, at)
    if status and status != "AVAILABLE":
        text = f"MWAA environment {airflow.environment} is {status}."
        yield unhealthy(airflow, "environment", text, 0.9 if status in _BROKEN else 0.6, at)


def unhealthy(airflow: Airflow, part: str, text: str, strength: float, at: object = None) -> Finding:
    return Finding(
        kind="airflow_unhealthy",
        statement=text,
        strength=strength,
        at=moment(at),
        resource=airflow.environment,
        attributes={"environment": airflow.environment, "part": part},
    )


def import_errors(airflow: Airflow) -> Iterator[Finding]:
    """DAG files that do not import, the latest first, with the last line of the traceback."""
    problems = airflow.items("/importErrors", "import_errors", 200)
    problems.sort(key=lambda problem: str(problem.get("timestamp")), reverse=True)
    for index, problem in enumerate(problems[:MAX_IMPORT_ERRORS]):
        more = len(problems) - MAX_IMPORT_ERRORS
        others = f" {more} more files do not import either." if index == 0 and more > 0 else ""
        last = " ".join(str(problem["stack_trace"]).strip().splitlines()[-1:])
        at = moment(problem.get("timestamp"))
        since = f" since {clock_time(at, airflow.look.now)}" if at else ""
        yield Finding(
            kind="import_error",
            statement=f"{problem['filename']} does not import{since}: {last[:250]}{others}",
            # What has been broken for days explains nothing that began today.
            strength=0.8 if at is None or at >= airflow.look.window.start else 0.35,
            at=at,
            resource=airflow.environment,
            attributes={"file": str(problem["filename"]), "exception": last.partition(":")[0][:80]},
        )


def starved_pools(airflow: Airflow) -> Iterator[Finding]:
    """Pools with no open slot and tasks that wait for one. A pool of -1 slots has no limit."""
    starved = [(pool, _waiting(pool)) for pool in airflow.items("/pools", "pools", 500) if _full(pool)]
    for pool, waiting in sorted(starved, key=lambda each: -each[1])[:MAX_POOLS]:
        slots = int(pool["slots"])
        if not waiting:
            continue
        yield Finding(
            kind="pool_starved",
            statement=f"Pool {pool['name']} of {airflow.environment} is full: all {slots} slots are taken and "
            f"{waiting} tasks wait.",
            strength=min(0.6 + waiting / max(slots, 1) / 4, 0.92),
            resource=str(pool["name"]),
            attributes={
                "pool": str(pool["name"]),
                "slots": str(slots),
                "waiting": str(waiting),
                "environment": airflow.environment,
            },
        )


def _full(pool: Json) -> bool:
    return int(pool["slots"]) >= 0 and int(pool.get("open_slots") or 0) <= 0


def _waiting(pool: Json) -> int:
    return int(pool.get("queued_slots") or 0) + int(pool.get("scheduled_slots") or 0)
