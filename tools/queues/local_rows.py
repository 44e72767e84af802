"""The local queue's statements, each a function of the connection within one transaction."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from agent.models import Job, Urgency
from agent.ports import DeadLetter, Waiting
from agent.redaction.plain import redacted_json

log = logging.getLogger(__name__)

AGING_SECONDS = 600
"""A job that has waited so long counts as one step more urgent, so that none waits for ever."""
KEPT_SECONDS = 14 * 86_400
"""How long an idempotency key is known after its job is done: as long as SQS keeps a message at most."""
_PURGED = 3
"""Old keys that each finished job clears away: more than it adds."""

Row = tuple[str, str, int, float, float]


def prepared(job: Job, now: float, delay_seconds: float) -> Row:
    """Made before the transaction begins, since redaction takes longer than the write."""
    return (job.idempotency_key, redacted_json(job), int(job.urgency), now + delay_seconds, now)


def add(connection: sqlite3.Connection, jobs: Sequence[Row]) -> int:
    """How many are new."""
    sql = (
        "INSERT INTO jobs (idempotency_key, body, urgency, visible_at, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (idempotency_key) DO NOTHING"
    )
    return sum(connection.execute(sql, job).rowcount for job in jobs)


def anything_to_take(connection: sqlite3.Connection, now: float) -> bool:
    """A job that is visible, or one that the clock's being put back may have hidden."""
    visible = "SELECT 1 FROM jobs WHERE state = 'ready' AND urgency IN (0, 1, 2) AND visible_at <= ? LIMIT 1"
    ahead = "SELECT 1 FROM jobs WHERE state = 'ready' AND since > ? LIMIT 1"
    return any(connection.execute(sql, (now,)).fetchone() is not None for sql in (visible, ahead))


def _follow_the_clock(connection: sqlite3.Connection, now: float) -> None:
    """When it was put back, delays and leases begin again, instead of lasting for as long as it was put back by."""
    connection.execute(
        "UPDATE jobs SET visible_at = ? + (visible_at - since), since = ? WHERE state = 'ready' AND since > ?",
        (now, now, now),
    )


def take(connection: sqlite3.Connection, max_jobs: int, max_receives: int, now: float, until: float) -> list[Job]:
    _follow_the_clock(connection, now)
    connection.execute(
        "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?,"
        " reason = CASE reason WHEN '' THEN 'its worker stopped or took too long, ' || attempt || ' times'"
        " ELSE reason END WHERE state = 'ready' AND attempt > 0 AND attempt >= ? AND visible_at <= ?",
        (now, max_receives, now),
    )
    sql = "UPDATE jobs SET leased = 1, attempt = attempt + 1, visible_at = ?, since = ? WHERE seq = ? RETURNING *"
    taken: list[Job] = []
    for seq in _next(connection, max_jobs, now):
        row = connection.execute(sql, (until, now, seq)).fetchone()
        if job := _job(row):
            taken.append(job)
        else:
            reason = "it was written by another version and cannot be read"
            connection.execute(
                "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?, reason = ? WHERE seq = ?",
                (now, reason, seq),
            )
    return taken


def extend(connection: sqlite3.Connection, job: Job, now: float, until: float) -> bool:
    sql = (
        "UPDATE jobs SET visible_at = ?, since = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    return connection.execute(sql, (until, now, job.idempotency_key, job.attempt, now)).rowcount == 1


def release(connection: sqlite3.Connection, job: Job, now: float, visible_at: float, reason: str) -> bool:
    sql = (
        "UPDATE jobs SET leased = 0, visible_at = ?, since = ?, reason = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    return connection.execute(sql, (visible_at, now, reason, job.idempotency_key, job.attempt, now)).rowcount == 1


def bury(connection: sqlite3.Connection, job: Job, now: float, reason: str) -> None:
    sql = (
        "UPDATE jobs SET state = 'dead', leased = 0, visible_at = ?, reason = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready' AND leased AND visible_at > ?"
    )
    connection.execute(sql, (now, reason, job.idempotency_key, job.attempt, now))


def put_back(connection: sqlite3.Connection, job: Job, again: Row, now: float) -> bool:
    ours = finish(connection, job, now)
    if ours:
        add(connection, [again])
    return ours


def finish(connection: sqlite3.Connection, job: Job, now: float) -> bool:
    """False when another worker has received it since."""
    finished = connection.execute(
        "UPDATE jobs SET state = 'done', body = '', reason = '', visible_at = ?"
        " WHERE idempotency_key = ? AND attempt = ? AND state = 'ready'",
        (now, job.idempotency_key, job.attempt),
    )
    connection.execute(
        "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs WHERE state = 'done' AND visible_at <= ? LIMIT ?)",
        (now - KEPT_SECONDS, _PURGED),
    )
    return finished.rowcount == 1


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


def _next(connection: sqlite3.Connection, max_jobs: int, now: float) -> list[int]:
    """The oldest of each urgency, in the order of what their urgency has grown to."""
    sql = (
        "SELECT urgency, visible_at, seq FROM jobs WHERE state = 'ready' AND urgency = ? AND visible_at <= ?"
        " ORDER BY visible_at, seq LIMIT ?"
    )
    found = [row for urgency in Urgency for row in connection.execute(sql, (int(urgency), now, max_jobs))]
    found.sort(key=lambda row: (_rank(row, now), row["visible_at"], row["seq"]))
    return [row["seq"] for row in found[:max_jobs]]


def _rank(row: sqlite3.Row, now: float) -> int:
    return max(0, row["urgency"] - int((now - row["visible_at"]) // AGING_SECONDS))


def _job(row: sqlite3.Row) -> Job | None:
    """None for a job that this version cannot read: one such row must not stop all the others."""
    try:
        return Job.model_validate_json(row["body"]).model_copy(update={"attempt": row["attempt"]})
    except ValidationError:
        log.warning("Job %s was written by another version and cannot be read.", row["idempotency_key"])
        return None
