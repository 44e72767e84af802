"""The local queue's statements: functions of the connection within one transaction, and single ones that need none."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from agent.models import Job, Urgency
from agent.ports import DeadLetter, Waiting
from agent.redaction.plain import redacted_json
from tools.stores.sqlite.database import Statement

log = logging.getLogger(__name__)

AGING_SECONDS = 600
"""A job that has waited so long counts as one step more urgent, so that none waits for ever."""
KEPT_SECONDS = 14 * 86_400
"""How long an idempotency key is known after its job is done: as long as SQS keeps a message at most."""
_PURGED = 3
"""Old keys that each finished job clears away: more than it adds."""

Row = tuple[str, str, int, float, float]

"""A job as it is added: key, body, urgency, visible at, since."""

_AHEAD_OF_THE_CLOCK = "SELECT 1 FROM jobs WHERE state = 'ready' AND since > ? LIMIT 1"
_SPENT = "SELECT 1 FROM jobs WHERE state = 'ready' AND attempt > 0 AND attempt >= ? AND visible_at <= ? LIMIT 1"
_GIVE_UP = (
    "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?,"
    " reason = CASE reason WHEN '' THEN 'its worker stopped or took too long, ' || attempt || ' times'"
    " ELSE reason END WHERE state = 'ready' AND attempt > 0 AND attempt >= ? AND visible_at <= ?"
)
# When the clock was put back, delays and leases begin again, instead of lasting for as long as it was put back by.
_FOLLOW_THE_CLOCK = (
    "UPDATE jobs SET visible_at = ? + (visible_at - since), since = ? WHERE state = 'ready' AND since > ?"
)


def prepared(job: Job, now: float, delay_seconds: float) -> Row:
    """Made before the transaction begins, since redaction takes longer than the write."""
    return (job.idempotency_key, redacted_json(job), int(job.urgency), now + delay_seconds, now)


def adding(job: Row) -> Statement:
    """Changes nothing when its key is known."""
    sql = (
        "INSERT INTO jobs (idempotency_key, body, urgency, visible_at, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (idempotency_key) DO NOTHING"
    )
    return sql, job


def add(connection: sqlite3.Connection, jobs: Sequence[Row]) -> int:
    """How many are new."""
    return sum(connection.execute(*adding(job)).rowcount for job in jobs)


@dataclass(frozen=True)
class Look:
    """What a receive finds without locking anything."""

    repairs: list[Statement]
    """To be done before anything is taken; look again afterwards."""
    jobs: list[sqlite3.Row]
    """The next ones, in order."""


def look(connection: sqlite3.Connection, max_jobs: int, max_receives: int, now: float) -> Look:
    repairs: list[Statement] = []
    if connection.execute(_AHEAD_OF_THE_CLOCK, (now,)).fetchone():
        repairs.append((_FOLLOW_THE_CLOCK, (now, now, now)))
    if connection.execute(_SPENT, (max_receives, now)).fetchone():
        repairs.append((_GIVE_UP, (now, max_receives, now)))
    return Look(repairs, [] if repairs else _next(connection, max_jobs, now))


def taking(row: sqlite3.Row, now: float, until: float) -> Statement:
    """Changes nothing when another worker was faster."""
    sql = (
        "UPDATE jobs SET leased = 1, attempt = attempt + 1, visible_at = ?, since = ?"
        " WHERE seq = ? AND attempt = ? AND state = 'ready' AND visible_at <= ?"
    )
    return sql, (until, now, row["seq"], row["attempt"], now)


def taken(row: sqlite3.Row) -> Job | None:
    """The job of a row that was taken; None when this version cannot read it."""
    job = _job(row)
    return job and job.model_copy(update={"attempt": row["attempt"] + 1})


def setting_aside(row: sqlite3.Row, now: float) -> Statement:
    """What was taken and cannot be read: one such row must not stop all the others."""
    reason = "it was written by another version and cannot be read"
    sql = "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?, reason = ? WHERE seq = ? AND attempt = ?"
    return sql, (now, reason, row["seq"], row["attempt"] + 1)


def extending(job: Job, now: float, until: float) -> Statement:
    sql = (
        "UPDATE jobs SET visible_at = ?, since = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    return sql, (until, now, job.idempotency_key, job.attempt, now)


def releasing(job: Job, now: float, visible_at: float, reason: str) -> Statement:
    sql = (
        "UPDATE jobs SET leased = 0, visible_at = ?, since = ?, reason = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    return sql, (visible_at, now, reason, job.idempotency_key, job.attempt, now)


def burying(job: Job, now: float, reason: str) -> Statement:
    sql = (
        "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?, reason = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    return sql, (now, reason, job.idempotency_key, job.attempt, now)


def put_back(connection: sqlite3.Connection, job: Job, again: Row, now: float) -> bool:
    ours = connection.execute(*finishing(job, now)).rowcount == 1
    if ours:
        add(connection, [again])
    return ours


def finishing(job: Job, now: float) -> Statement:
    """Changes nothing when another worker has received it since."""
    sql = (
        "UPDATE jobs SET state = 'done', body = '', reason = '', visible_at = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready'"
    )
    return sql, (now, job.idempotency_key, job.attempt)


def purging(now: float) -> Statement:
    """A few old keys, each time that a job is finished."""
    sql = "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs WHERE state = 'done' AND visible_at <= ? LIMIT ?)"
    return sql, (now - KEPT_SECONDS, _PURGED)


def dead_letters(connection: sqlite3.Connection, limit: int) -> list[DeadLetter]:
    sql = "SELECT * FROM jobs WHERE state = 'dead' ORDER BY visible_at DESC, seq DESC LIMIT ?"
    found = [(row, _job(row)) for row in connection.execute(sql, (limit,)).fetchall()]
    return [DeadLetter(job, row["reason"], datetime.fromtimestamp(row["visible_at"], UTC)) for row, job in found if job]


def revive(connection: sqlite3.Connection, job_id: str, now: float) -> bool:
    rows = connection.execute("SELECT * FROM jobs WHERE state = 'dead'").fetchall()
    found = [(row["seq"], job) for row in rows if (job := _job(row)) and job.id == job_id]
    sql = "UPDATE jobs SET state = 'ready', attempt = 0, reason = '', visible_at = ?, since = ?, body = ? WHERE seq = ?"
    for seq, job in found:
        retried = job.model_copy(update={"attempt": 0, "retried_at": datetime.fromtimestamp(now, UTC)})
        connection.execute(sql, (now, now, redacted_json(retried), seq))
    return bool(found)


def waiting(connection: sqlite3.Connection, now: float) -> Waiting:
    row = connection.execute(
        "SELECT coalesce(sum(visible_at <= :now), 0) AS ready,"
        " coalesce(sum(visible_at > :now AND NOT leased), 0) AS delayed,"
        " coalesce(sum(visible_at > :now AND leased), 0) AS leased, min(visible_at) AS oldest"
        " FROM jobs WHERE state = 'ready'",
        {"now": now},
    ).fetchone()
    dead = connection.execute("SELECT count(*) FROM jobs WHERE state = 'dead'").fetchone()[0]
    oldest = max(now - row["oldest"], 0.0) if row["ready"] else 0.0
    return Waiting(row["ready"], row["delayed"], row["leased"], int(dead), oldest)


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM jobs WHERE state = 'ready'").fetchone()[0])


def _next(connection: sqlite3.Connection, max_jobs: int, now: float) -> list[sqlite3.Row]:
    """The oldest of each urgency, in the order of what their urgency has grown to."""
    sql = (
        "SELECT * FROM jobs WHERE state = 'ready' AND urgency = ? AND visible_at <= ? ORDER BY visible_at, seq LIMIT ?"
    )
    found = [row for urgency in Urgency for row in connection.execute(sql, (int(urgency), now, max_jobs))]
    found.sort(key=lambda row: (_rank(row, now), row["visible_at"], row["seq"]))
    return found[:max_jobs]


def _rank(row: sqlite3.Row, now: float) -> int:
    return max(0, row["urgency"] - int((now - row["visible_at"]) // AGING_SECONDS))


def _job(row: sqlite3.Row) -> Job | None:
    """None for a job that this version cannot read."""
    try:
        return Job.model_validate_json(row["body"]).model_copy(update={"attempt": row["attempt"]})
    except ValidationError:
        log.warning("Job %s was written by another version and cannot be read.", row["idempotency_key"])
        return None
