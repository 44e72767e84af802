"""What a Redshift warehouse is busy with: queues and their slots, what waits and for what, what holds it up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from langchain_core.tools import BaseTool

from agent.models import Finding, TimeRange
from agent.sessions import LockRow, root_blockers, waits
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.databases.sql_client import Database, Row, databases, moment_of
from tools.evidence.databases.sql_history import table_names, user_names
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.partial import gather

A_SECOND = 1_000_000
"""Redshift's views count in microseconds."""
BEFORE = timedelta(days=2)
"""How far back the usual waits are taken from."""
LONG_WAIT_SECONDS = 30
LONG_RUN_SECONDS = 600
MAX_SQL_CHARS = 120

ACTIVE = """
    SELECT user_id, query_id, session_id, status, start_time, service_class_name, query_text FROM sys_query_history
    WHERE status IN ('planning', 'queued', 'running', 'returning') ORDER BY start_time LIMIT 2000
"""
WAITED = """
    SELECT service_class_name, COUNT(*) AS statements, SUM(queue_time) AS waited FROM sys_query_history
    WHERE start_time >= :since AND start_time < :until AND queue_time > 1000000 AND status <> 'queued'
    GROUP BY service_class_name
"""
SLOTS = """
    SELECT name, num_query_tasks FROM stv_wlm_service_class_config WHERE service_class > 5 ORDER BY service_class
"""
"""Service classes from 6 on are the queues of users; automatic WLM shows -1 slots."""
TRANSACTIONS = """
    SELECT txn_owner, pid, txn_start, lock_mode, relation, granted FROM svv_transactions
    WHERE lockable_object_type = 'relation' LIMIT 5000
"""


@dataclass
class Queue:
    """One queue: what runs and waits in it now, and how long statements waited in the range and before."""

    name: str
    slots: int = -1
    """-1 where Redshift decides by itself, or where it does not tell (Serverless)."""
    running: list[Row] = field(default_factory=list[Row])
    waiting: list[Row] = field(default_factory=list[Row])
    waits: int = 0
    """Statements of the range that waited more than a second."""
    waited_seconds: float = 0.0
    usual_seconds: float | None = None
    """The mean wait in the days before; None when nothing waited then."""

    @property
    def mean_seconds(self) -> float:
        return self.waited_seconds / self.waits if self.waits else 0.0

    @property
    def grew(self) -> bool:
        """Whether statements of the range waited long, and far longer than before."""
        return self.mean_seconds > LONG_WAIT_SECONDS and self.mean_seconds > 3 * (self.usual_seconds or 0.0)


@evidence_tool("Do statements wait in [warehouse {resource}|the warehouse], and for what?", hours=3)
def redshift_workload(look: Look, resource: str = "", database: str = "") -> Found:
    """Redshift's queues (WLM) with their slots and waits against the days before, statements that run or are queued
    now, and who blocks whom by a lock. Provisioned clusters and Serverless workgroups.

    Args:
        resource: a Redshift cluster or workgroup; all by default
        database: a database, when it is not the cluster's own
    """
    known = databases(look, resource, database, "redshift")
    if not known.found:
        return Found(f"No Redshift warehouse was found in this region.{known.caveat}", no_data=True)
    findings: list[Finding] = []
    shown: list[str] = []
    first: Exception | None = None
    for db in known.found:
        try:
            told, found = _warehouse(db, known.unread)
        except EXPECTED as error:
            first = first or error
            known.unread.append(f"{db.name} ({explain(error)})")
            continue
        shown.append(told)
        findings += found
    if first and not shown:
        raise first
    findings.sort(key=lambda f: -f.strength)
    link = console.redshift_query(look.aws, findings[0].resource if findings else known.found[0].name)
    top = f" {findings[0].statement}" if findings else ""
    return Found(f"{' '.join(shown)}{top}{known.caveat}", findings, link)


@dataclass(frozen=True)
class _Views:
    """Rows of the system views; empty where one may not be read."""

    active: Sequence[Row]
    slots: Sequence[Row]
    waits: Sequence[Row]
    usual_waits: Sequence[Row]
    transactions: Sequence[Row]
    users: Mapping[str, str]
    whole: bool
    """Whether all of them were read, so that finding nothing means that there is nothing."""


def _warehouse(db: Database, unread: list[str]) -> tuple[str, list[Finding]]:
    views = _read(db, unread)
    queues = _queues(views)
    findings = [f for queue in queues.values() if (f := _queue_waits(db, queue))]
    findings += _holding(db, [q for q in queues.values() if q.waiting], views.users)
    findings += _locks(db, views)
    running = sum(len(queue.running) for queue in queues.values())
    waiting = sum(len(queue.waiting) for queue in queues.values())
    told = f"{db.name}: {running} statements run, {waiting} are queued."
    if not views.whole:
        return told if views.active else f"{db.name}:", findings
    if not findings:
        findings = [
            Finding(
                kind="metric_steady",
                statement=f"No statement waits for a slot or a lock of {db.name}.",
                strength=0.3,
                resource=db.name,
                attributes={"metric": "queued statements", "service": "redshift"},
            )
        ]
    return told, findings


def _read(db: Database, unread: list[str]) -> _Views:
    """All views side by side. Raises when none could be read."""
    span = db.look.window
    before = TimeRange(start=span.start - BEFORE, end=span.start)
    reads: dict[str, Callable[[], list[Row]]] = {
        "statements": lambda: db.select(ACTIVE),
        "waits": lambda: db.select(WAITED, since=span.start, until=span.end),
        "earlier waits": lambda: db.select(WAITED, since=before.start, until=before.end),
        "locks": lambda: db.select(TRANSACTIONS),
    }
    if "ClusterIdentifier" in db.address:  # Serverless shows no queues of its own
        reads["WLM queues"] = lambda: db.select(SLOTS)
    gathered = gather(reads)
    unread += [f"{db.name}: {failure}" for failure in gathered.failures]
    rows = gathered.results
    return _Views(
        active=rows.get("statements", []),
        slots=rows.get("WLM queues", []),
        waits=rows.get("waits", []),
        usual_waits=rows.get("earlier waits", []),
        transactions=rows.get("locks", []),
        users=user_names(db) if rows.get("statements") else {},
        whole=not gathered.failures,
    )


def _queues(views: _Views) -> dict[str, Queue]:
    named = ((str(row["name"]).strip(), int(row["num_query_tasks"])) for row in views.slots)
    queues = {name: Queue(name, slots) for name, slots in named}
    for row in views.active:
        queue = queues.setdefault(_queue_name(row), Queue(_queue_name(row)))
        (queue.waiting if row["status"] == "queued" else queue.running).append(row)
    for row in views.waits:
        queue = queues.setdefault(_queue_name(row), Queue(_queue_name(row)))
        queue.waits, queue.waited_seconds = int(row["statements"]), float(row["waited"]) / A_SECOND
    for row in views.usual_waits:
        if queue := queues.get(_queue_name(row)):
            queue.usual_seconds = float(row["waited"]) / A_SECOND / int(row["statements"])
    return queues


def _queue_waits(db: Database, queue: Queue) -> Finding | None:
    now = db.look.now
    oldest = max((_age(row, now) for row in queue.waiting), default=0.0)
    if oldest < LONG_WAIT_SECONDS and not queue.grew:
        return None
    slots = f" behind {queue.slots} slots" if queue.slots > 0 else ""
    usual = f", usually {queue.usual_seconds:.0f} s" if queue.usual_seconds is not None else ""
    parts = [f"{len(queue.waiting)} statements wait{slots}, the oldest for {oldest:.0f} s" if queue.waiting else ""]
    parts.append(f"{queue.waits} waited {queue.mean_seconds:.0f} s on average{usual}" if queue.waits else "")
    share = len(queue.waiting) / max(queue.slots if queue.slots > 0 else len(queue.running), 1)
    return Finding(
        kind="wlm_queue",
        statement=f"Queue {queue.name} of {db.name}: {'; '.join(part for part in parts if part)}.",
        strength=round(min(0.55 + 0.15 * share + (0.2 if queue.grew or oldest > 300 else 0), 0.93), 2),
        at=min((at for row in queue.waiting if (at := moment_of(row["start_time"]))), default=None),
        resource=db.name,
        attributes={
            "queue": queue.name,
            "waiting": str(len(queue.waiting)),
            "slots": str(queue.slots),
            "seconds": f"{max(oldest, queue.mean_seconds):.0f}",
        },
    )


def _holding(db: Database, full: Sequence[Queue], users: Mapping[str, str]) -> Iterator[Finding]:
    """What occupies the queues that others wait for: its longest statement, and who runs most of them."""
    now = db.look.now
    for queue in full:
        if not queue.running:
            continue
        longest = max(queue.running, key=lambda row: _age(row, now))
        seconds = _age(longest, now)
        if seconds < LONG_RUN_SECONDS:
            continue
        user = users.get(str(longest["user_id"]), f"user {longest['user_id']}")
        busiest, count = Counter(str(row["user_id"]) for row in queue.running).most_common(1)[0]
        most = f"; {users.get(busiest, busiest)} runs {count} of its {len(queue.running)}" if count > 1 else ""
        yield Finding(
            kind="long_statement",
            statement=f"The longest statement in queue {queue.name} of {db.name} is of {user}, for {seconds / 60:.0f} "
            f"minutes{most}: {_quoted(longest)}",
            strength=round(min(0.55 + seconds / 36_000, 0.85), 2),
            at=moment_of(longest["start_time"]),
            resource=db.name,
            attributes={"user": user, "seconds": f"{seconds:.0f}", "query": str(longest["query_id"])},
        )


def _locks(db: Database, views: _Views) -> Iterator[Finding]:
    rows = views.transactions
    locks = [_lock(row) for row in rows]
    if all(lock.granted for lock in locks):
        return
    found, tables = waits(locks), table_names(db)
    owners = {str(row["pid"]): (str(row["txn_owner"] or ""), moment_of(row["txn_start"])) for row in rows}
    texts = {str(row["session_id"]): row for row in views.active}
    behind = root_blockers(found)
    for blocker, count in sorted(behind.items(), key=lambda pair: -pair[1])[:3]:
        wait = next((w for w in found if w.blocker == blocker), found[0])
        owner, since = owners.get(blocker, ("", None))
        doing = f", which runs {_quoted(texts[blocker])}" if blocker in texts else ", whose transaction sits open"
        table = tables.get(wait.relation, wait.relation)
        yield Finding(
            kind="sql_lock",
            statement=f"{count} sessions of {db.name} wait for a lock on {table}, held by session {blocker} of "
            f"{owner or 'an unknown user'}{f' since {clock_time(since, db.look.now)}' if since else ''}{doing}.",
            strength=min(0.75 + 0.05 * count, 0.95),
            at=since,
            resource=db.name,
            attributes={"table": table, "blocker": blocker, "waiter": wait.waiter, "user": owner},
        )


def _lock(row: Row) -> LockRow:
    relation = str(row["relation"])
    granted = str(row["granted"]).lower() in ("true", "t", "1")
    return LockRow(str(row["pid"]), ("relation", relation, ""), granted, relation, str(row["lock_mode"] or "").strip())


def _age(row: Row, now: datetime) -> float:
    began = moment_of(row["start_time"])
    return (now - began).total_seconds() if began else 0.0


def _queue_name(row: Row) -> str:
    return str(row["service_class_name"] or "").strip() or "without a name"


def _quoted(row: Row) -> str:
    flat = " ".join(str(row["query_text"]).split())
    return f"“{flat if len(flat) <= MAX_SQL_CHARS else flat[: MAX_SQL_CHARS - 1] + '…'}”"


TOOLS: tuple[BaseTool, ...] = (redshift_workload,)
