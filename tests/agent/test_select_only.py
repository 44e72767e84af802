"""Which SQL statements the evidence tools may send."""

from __future__ import annotations

import pytest

from agent.select_only import only_reads

READING = [
    "SELECT 1",
    "select * from pg_stat_activity where state <> 'idle' limit 5;",
    "WITH late AS (SELECT id FROM jobs) SELECT count(*) FROM late",
    "(SELECT 1) UNION (SELECT 2)",
    "SHOW max_connections",
    "EXPLAIN SELECT 1",
    "SELECT 'delete from orders; drop table orders' AS said",
    "SELECT updated_at, last_insert FROM loads -- update me",
    "SELECT replace(message, 'a', 'b') FROM logs",
    'SELECT "update" FROM logs',
]
WRITING = [
    "",
    "   ;",
    "DELETE FROM orders",
    "SELECT 1; DROP TABLE orders",
    "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
    "SELECT * INTO copy_of_orders FROM orders",
    "SELECT * FROM orders FOR UPDATE",
    "SELECT pg_terminate_backend(42)",
    "SELECT pg_sleep(1000)",
    "select nextval('orders_id')",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "SELECT $$harmless$$; delete from orders",
    "COPY orders TO '/tmp/x'",
    "UNLOAD ('select 1') TO 's3://elsewhere/'",
    "CALL refund_everyone()",
    "SET search_path = elsewhere",
    "/* SELECT */ UPDATE orders SET paid = true",
    "SELECT aws_s3.query_export_to_s3('select 1', 'bucket', 'key')",
]


@pytest.mark.parametrize("sql", READING)
def test_a_statement_that_only_reads_is_let_through(sql: str) -> None:
    assert only_reads(sql)


@pytest.mark.parametrize("sql", WRITING)
def test_a_statement_that_writes_or_acts_is_refused(sql: str) -> None:
    assert not only_reads(sql)
