"""Redshift's svv_, stv_, stl_ and sys_ views, filled from a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from deploy.local.account.schema.sql import Database, FinishedQuery
from deploy.local.account.sql.catalog import (
    At,
    Row,
    SystemTable,
    column_rows,
    full_name,
    row_count,
    sessions,
    system_table,
    table_id,
    table_ids,
    table_rows,
    user_ids,
    users_table,
)
from deploy.local.account.sql.types import format_timestamp

_DDL = {"ALTER", "CREATE", "DROP", "TRUNCATE"}


def redshift_tables(database: Database, at: At) -> list[SystemTable]:
    return [
        users_table(database),
        *_running(database, at),
        *_finished(database, at),
        *_locks(database, at),
        *([] if database.workgroup else _queues(database, at)),
        *_layout(database),
        *_load_errors(database, at),
    ]


def _running(database: Database, at: At) -> list[SystemTable]:
    inflight = "userid int, query int, label text, pid int, starttime timestamp, text text, suspended int"
    recents = (
        "userid int, status text, starttime timestamp, duration bigint, user_name text, db_name text, query text, "
        "pid int"
    )
    ids = user_ids(database)
    active = [
        (pid, each, format_timestamp(at(each.started))) for pid, each in sessions(database) if each.state == "active"
    ]
    flying: Iterator[Row] = ((ids[each.user], pid, "default", pid, begun, each.text, 0) for pid, each, begun in active)
    recent: Iterator[Row] = (
        (ids[each.user], "Running", begun, 0, each.user, database.database, each.text, pid)
        for pid, each, begun in active
    )
    return [system_table("stv_inflight", inflight, flying), system_table("stv_recents", recents, recent)]


def _finished(database: Database, at: At) -> list[SystemTable]:
    history = (
        "user_id int, query_id int, session_id int, database_name text, query_type text, status text, "
        "start_time timestamp, end_time timestamp, elapsed_time bigint, error_message text, query_text text, "
        "transaction_id int, queue_time bigint, execution_time bigint, lock_wait_time bigint, service_class_name text, "
        "query_priority text"
    )
    stl = "userid int, query int, database text, querytxt text, starttime timestamp, endtime timestamp, aborted int"
    ids = user_ids(database)
    old: Iterator[Row] = (
        (ids[each.user], each.query_id, database.database, each.text, *_span(each, at), int(each.status != "success"))
        for each in database.query_history
    )
    return [system_table("sys_query_history", history, _history(database, at)), system_table("stl_query", stl, old)]


def _history(database: Database, at: At) -> Iterator[Row]:
    ids = user_ids(database)
    for query in database.query_history:
        verb = query.text.split(maxsplit=1)[0].upper()
        kind = "DDL" if verb in _DDL else verb
        what: Row = (ids[query.user], query.query_id, query.query_id, database.database, kind)
        ran, queued = int(query.seconds * 1_000_000), int(query.queued_seconds * 1_000_000)
        spent: Row = (query.query_id, queued, ran, 0, query.queue, "Normal")
        yield (*what, query.status, *_span(query, at), ran + queued, query.error or "", query.text, *spent)
    for pid, query in sessions(database):
        status = {"active": "running", "queued": "queued"}.get(query.state)
        if status:
            begun = format_timestamp(at(query.started))
            age = int((at(timedelta(0)) - at(query.started)).total_seconds() * 1_000_000)
            what = (ids[query.user], pid, pid, database.database, "SELECT")
            spent = (pid, age if status == "queued" else 0, age if status == "running" else 0, 0, query.queue, "Normal")
            yield (*what, status, begun, None, age, "", query.text, *spent)


def _span(query: FinishedQuery, at: At) -> tuple[str, str]:
    begin = at(query.at)
    return format_timestamp(begin), format_timestamp(begin + timedelta(seconds=query.seconds))


def _locks(database: Database, at: At) -> list[SystemTable]:
    transactions = (
        "txn_owner text, txn_db text, xid int, pid int, txn_start timestamp, lock_mode text, "
        "lockable_object_type text, relation int, granted bool"
    )
    locks = "table_id int, last_update timestamp, lock_owner int, lock_owner_pid int, lock_status text"
    ids, owners = table_ids(database), dict(sessions(database))
    open_ones: list[Row] = []
    held: list[Row] = []
    for lock in database.locks:
        oid, owner = table_id(ids, lock.table), owners.get(lock.pid)
        since = format_timestamp(at(owner.started if owner else timedelta(0)))
        who: Row = (owner.user if owner else "", database.database, lock.pid, lock.pid, since)
        open_ones.append((*who, lock.mode, "relation", oid, int(lock.granted)))
        held.append((oid, since, lock.pid, lock.pid, "Holding write lock" if lock.granted else "Waiting"))
    return [system_table("svv_transactions", transactions, open_ones), system_table("stv_locks", locks, held)]


def _queues(database: Database, at: At) -> list[SystemTable]:
    """What only provisioned clusters show: queues with their slots, and what is in them."""
    config = "service_class int, num_query_tasks int, name text"
    state = (
        "task int, query int, service_class int, slot_count int, wlm_start_time timestamp, state text, "
        "queue_time bigint, exec_time bigint"
    )
    numbers = {queue.name: number for number, queue in enumerate(database.queues, start=6)}
    inside: list[Row] = []
    for pid, query in sessions(database):
        if query.state in ("active", "queued"):
            waits = query.state == "queued"
            age = int((at(timedelta(0)) - at(query.started)).total_seconds() * 1_000_000)
            times: Row = (age, 0) if waits else (0, age)
            begun, phase = format_timestamp(at(query.started)), "Queued" if waits else "Running"
            inside.append((pid, pid, numbers.get(query.queue, 5), 1, begun, phase, *times))
    queues: list[Row] = [(number, queue.slots, queue.name) for number, queue in enumerate(database.queues, start=6)]
    return [
        system_table("stv_wlm_service_class_config", config, queues),
        system_table("stv_wlm_query_state", state, inside),
    ]


def _layout(database: Database) -> list[SystemTable]:
    columns = (
        "table_catalog text, table_schema text, table_name text, column_name text, ordinal_position int, "
        "is_nullable text, data_type text, character_maximum_length int"
    )
    tables = "table_catalog text, table_schema text, table_name text, table_type text"
    sizes = "database text, schema text, table_id int, table text, tbl_rows int, size int, stats_off float"
    ids = table_ids(database)
    counted: Iterator[Row] = (
        (database.database, each.schema_name, ids[full_name(each)], each.name, row_count(each), 8, 0.0)
        for each in database.tables
    )
    return [
        system_table("svv_columns", columns, column_rows(database)),
        system_table("svv_tables", tables, table_rows(database)),
        system_table("svv_table_info", sizes, counted),
    ]


def _load_errors(database: Database, at: At) -> list[SystemTable]:
    stl = (
        "userid int, starttime timestamp, session int, query int, tbl int, filename text, line_number int, "
        "colname text, type text, raw_line text, raw_field_value text, err_code int, err_reason text"
    )
    detail = (
        "user_id int, query_id int, session_id int, database_name text, table_id int, start_time timestamp, "
        "file_name text, line_number int, column_name text, column_type text, error_code int, error_message text"
    )
    ids = table_ids(database)
    old: list[Row] = []
    new: list[Row] = []
    for query, each in enumerate(database.load_errors, start=700):
        begun, oid = format_timestamp(at(each.at)), table_id(ids, each.table)
        where: Row = (each.file, each.line, each.column, each.column_type)
        old.append((100, begun, query, query, oid, *where, each.value, each.value, each.code, each.reason))
        new.append((100, query, query, database.database, oid, begun, *where, each.code, each.reason))
    return [system_table("stl_load_errors", stl, old), system_table("sys_load_error_detail", detail, new)]
