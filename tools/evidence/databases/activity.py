"""What a database is doing right now: connections by application, locks, long statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.sessions import LockRow, Session, holders, root_blockers, waits
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.databases.sql_client import Database, Row, databases, moment_of
from tools.evidence.databases.sql_history import table_names, user_names
from tools.evidence.partial import explain

LONG_SECONDS = 900
MAX_HOLDERS = 3
MAX_WAITS = 3


@dataclass(frozen=True)
class Activity:
    """`limit` is the most connections there may be, 0 when unknown."""

    sessions: Sequence[Session]
    locks: Sequence[LockRow]
    limit: int = 0


@evidence_tool("What is [database {resource}|the database] busy with?", hours=1)
def database_activity(look: Look, resource: str = "", database: str = "") -> Found:
    """Connections by application and user against the limit, sessions that wait for locks and who blocks them, and
    long-running statements, right now. Redshift, and PostgreSQL with the RDS Data API.

    Args:
        resource: a cluster, workgroup or instance; all by default
        database: a database, when it is not the cluster's own
    """
    known = databases(look, resource, database)
    if resource and not known.named:
        text = (
            f"{resource} does not answer SQL: it is no Redshift warehouse, and no PostgreSQL with the RDS Data API "
            "and a secret of its own name."
        )
        return Found(f"{text}{known.caveat}", console_url=console.rds_instance(look.aws, resource), no_data=True)
    findings: list[Finding] = []
    shown: list[str] = []
    errors: list[Exception] = []
    for db in known.found:
        try:
            activity = _redshift(db) if db.engine == "redshift" else _postgres(db)
        except (ClientError, ValueError, TimeoutError) as error:
            errors.append(error)
            reason = explain(error) if isinstance(error, ClientError) else str(error)
            known.unread.append(f"{db.name} ({reason[:150]})")
            continue
        shown.append(f"{db.name}: {len(activity.sessions)} sessions.")
        findings += [*_connections(db, activity), *_locks(db, activity), *_long(db, activity)]
    if errors and not shown:
        raise errors[0]
    if not shown:
        return Found(f"No database with a Data API was found in this region.{known.caveat}", no_data=True)
    findings.sort(key=lambda f: -f.strength)
    about = findings[0].resource if findings else ""
    first = next((db for db in known.found if db.name == about), known.found[0])
    link = (
        console.redshift_query(look.aws, first.name)
        if first.engine == "redshift"
        else console.rds_instance(look.aws, first.name)
    )
    top = f" {findings[0].statement}" if findings else ""
    return Found(f"{' '.join(shown)}{top}{known.caveat}", findings, link)


def _postgres(db: Database) -> Activity:
    rows = db.select(
        """
        SELECT pid, usename, application_name, CAST(client_addr AS text) AS client_addr, backend_start, query_start,
               state_change, state, query
        FROM pg_stat_activity WHERE backend_type = 'client backend' LIMIT 2000
        """
    )
    sessions = [
        Session(
            pid=str(row["pid"]),
            user=str(row["usename"] or ""),
            application=str(row["application_name"] or ""),
            client=str(row["client_addr"] or ""),
            state=str(row["state"] or ""),
            query=str(row["query"] or ""),
            connected=moment_of(row["backend_start"]),
            since=moment_of(row["query_start"] if row["state"] == "active" else row["state_change"]),
        )
        for row in rows
    ]
    locks = db.select(
        """
        SELECT l.pid, l.locktype, l.relation, l.page, l.tuple, CAST(l.transactionid AS text) AS transactionid, l.mode,
               l.granted, c.relname
        FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation LIMIT 5000
        """
    )
    setting = db.select("SELECT setting FROM pg_settings WHERE name = 'max_connections'")
    return Activity(sessions, _locks_of(locks), int(setting[0]["setting"]) if setting else 0)


def _redshift(db: Database) -> Activity:
    rows = db.select(
        """
        SELECT * FROM sys_query_history WHERE status = 'running' OR status = 'queued'
        ORDER BY start_time LIMIT 1000
        """
    )
    users = user_names(db) if rows else {}
    sessions = [
        Session(
            pid=str(row.get("session_id") or row["query_id"]),
            user=users.get(str(row["user_id"]), ""),
            application="",
            client="",
            state="active" if row["status"] == "running" else "queued",
            query=str(row["query_text"] or ""),
            since=moment_of(row["start_time"]),
        )
        for row in rows
    ]
    try:
        locks = db.select("SELECT pid, relation, lock_mode, granted FROM svv_transactions LIMIT 5000")
    except ValueError:
        locks = []  # the view shows a user's own transactions at least, unless it is revoked
    named = table_names(db) if locks else {}
    return Activity(sessions, [_redshift_lock(row, named) for row in locks])


def _connections(db: Database, activity: Activity) -> Iterator[Finding]:
    total, limit = len(activity.sessions), activity.limit
    if db.engine == "redshift":
        return
    full = total / limit if limit else 0.0
    if full >= 0.8:
        yield Finding(
            kind="metric_at_limit",
            statement=f"{db.name} has {total} connections of at most {limit} ({full:.0%}).",
            strength=0.95 if full >= 0.95 else 0.8,
            resource=db.name,
            attributes={"metric": "DatabaseConnections", "limit": str(limit), "value": str(total), "service": "rds"},
        )
    for holder in holders(activity.sessions)[:MAX_HOLDERS]:
        share = holder.count / max(total, 1)
        if holder.count < 5 or share < 0.3:
            continue
        since = (
            f", half of them connected since {clock_time(holder.connected, db.look.now)}" if holder.connected else ""
        )
        yield Finding(
            kind="connections_held",
            statement=f"{holder.count} of {total} connections to {db.name} are held by {holder.name or 'one user'} "
            f"(user {holder.user}), {holder.state or 'state unknown'}{since}.",
            strength=round(min(0.15 + 0.75 * max(full, 0.3) * share + (0.1 if "idle" in holder.state else 0), 0.95), 2),
            at=holder.connected,
            resource=db.name,
            attributes={
                "application": holder.name,
                "user": holder.user,
                "state": holder.state,
                "connections": str(holder.count),
                "service": "rds",
            },
        )
    if full < 0.8 and limit:
        yield Finding(
            kind="metric_steady",
            statement=f"{db.name} has {total} of at most {limit} connections ({full:.0%}).",
            strength=0.3,
            resource=db.name,
            attributes={"metric": "DatabaseConnections", "service": "rds"},
        )


def _locks(db: Database, activity: Activity) -> Iterator[Finding]:
    found = waits(activity.locks)
    by_pid = {session.pid: session for session in activity.sessions}
    behind = root_blockers(found)
    for wait in found[:MAX_WAITS]:
        blocker = by_pid.get(wait.blocker)
        who = f"session {wait.blocker}" if wait.blocker else "a session that is not shown"
        doing = f" ({blocker.user}, {blocker.state}: {_statement(blocker.query)})" if blocker else ""
        waiting = max(behind.get(wait.blocker, 1), 1)
        yield Finding(
            kind="sql_lock",
            statement=f"Session {wait.waiter} waits for {wait.mode or 'a lock'} on {wait.relation or 'a row'}, "
            f"held by {who}{doing}; {waiting} wait behind it.",
            strength=min(0.7 + 0.05 * waiting, 0.95),
            at=_since(by_pid.get(wait.waiter)),
            resource=db.name,
            attributes={
                "table": wait.relation,
                "blocker": wait.blocker,
                "waiter": wait.waiter,
                "user": blocker.user if blocker else "",
            },
        )


def _long(db: Database, activity: Activity) -> Iterator[Finding]:
    now = db.look.now
    running = [s for s in activity.sessions if s.since and s.state in ("active", "idle in transaction")]
    for session in sorted(running, key=lambda s: s.since or now)[:2]:
        seconds = (now - (session.since or now)).total_seconds()
        if seconds > LONG_SECONDS:
            verb = "runs" if session.state == "active" else "sits idle in a transaction"
            yield Finding(
                kind="long_statement",
                statement=f"Session {session.pid} ({session.application or session.user}) {verb} for "
                f"{seconds / 60:.0f} minutes on {db.name}: {_statement(session.query)}",
                strength=min(0.4 + seconds / 3600 / 10, 0.75),
                at=session.since,
                resource=db.name,
                attributes={"user": session.user, "application": session.application, "seconds": f"{seconds:.0f}"},
            )


def _locks_of(rows: Sequence[Row]) -> list[LockRow]:
    """Who waits for a row waits for the transaction that wrote it; which table it is in, its lock on the row tells."""
    tables = {row["pid"]: str(row["relname"] or "") for row in rows if row["locktype"] == "tuple"}
    return [_lock(row, tables.get(row["pid"], "")) for row in rows]


def _lock(row: Row, table: str) -> LockRow:
    what = "/".join(str(row[name]) for name in ("relation", "page", "tuple"))
    key = (str(row["locktype"]), what, str(row["transactionid"]))
    return LockRow(str(row["pid"]), key, _true(row["granted"]), str(row["relname"] or table), str(row["mode"]))


def _redshift_lock(row: Row, named: dict[str, str]) -> LockRow:
    relation = str(row["relation"])
    key = ("relation", relation, "")
    return LockRow(
        str(row["pid"]), key, _true(row["granted"]), named.get(relation, relation), str(row["lock_mode"] or "").strip()
    )


def _true(value: object) -> bool:
    return value in (True, 1, "t", "true", "True", "1")


def _statement(text: str) -> str:
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= 120 else flat[:119] + '…'}”"


def _since(session: Session | None) -> datetime | None:
    return session.since if session else None


TOOLS: tuple[BaseTool, ...] = (database_activity,)
