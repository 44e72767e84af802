"""Which SQL statements the evidence tools may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.select_only import only_reads

READING = [
    "SELECT 1",
    "select * from pg_stat_activity where state <> 'idle' limit 5;",
    "WITH late AS (SELECT id FROM jobs) SELECT count(*) FROM late",
    "(SELECT 1) UNION (SELECT 2)",
    "SELECT 'delete from orders, drop table orders, it''s fine' AS said",
    "SELECT updated_at, last_insert FROM loads",
    "SELECT replace(message, 'a', 'b') FROM logs WHERE level IN ('ERROR') AND (x OR y)",
    'SELECT "update" FROM "public"."logs"',
    "SELECT CAST(`id` AS CHAR), sum(CASE WHEN a THEN 1 ELSE 0 END) FROM `logs` GROUP BY (a)",
]
WRITING = [
    "",
    "   ;",
    "DELETE FROM orders",
    "SELECT 1; DROP TABLE orders",
    "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
    "SELECT * INTO copy_of_orders FROM orders",
    "SELECT * FROM orders FOR UPDATE",
    "SELECT * FROM orders FOR KEY SHARE",
    "SELECT pg_terminate_backend(42)",
    "SELECT pg_sleep(1000)",
    "select nextval('orders_id')",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "COPY orders TO '/tmp/x'",
    "UNLOAD ('select 1') TO 's3://elsewhere/'",
    "CALL refund_everyone()",
    "SET search_path = elsewhere",
    "SELECT aws_s3.query_export_to_s3('select 1', 'bucket', 'key')",
    "SELECT cron.schedule('x', '* * * * *', 'select 1')",
    "SELECT query_to_xml('select pg_terminate_backend(1)', true, true, '')",
    "SELECT refund_everyone()",
    "SELECT \"setval\"('orders_id', 42)",
    "SELECT `setval` (1)",
    "SELECT pg_catalog.setval('s', 1)",
]
DISAGREED = [
    r"WITH a AS (SELECT '\'), b AS (DELETE FROM t RETURNING 1) SELECT 1 --'",
    "WITH a AS (SELECT 1 /* /* */ ' */), b AS (DELETE FROM t RETURNING 1) SELECT 1 --'",
    "WITH a$x$ AS (SELECT 1), b AS (DELETE FROM t RETURNING 1) SELECT 1 AS a$x$",
    "SELECT setval/**/('s', 43)",
    "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */",
    "SELECT 5 --1 INTO OUTFILE S3 's3://b/x'",
    "SELECT 1 # '\n INTO OUTFILE '/tmp/x' # '",
    "SELECT \"\\\" ' \", 1 INTO OUTFILE '/tmp/x'",
    "SELECT ` ' `, x FROM t WHERE y = ' ` ' INTO OUTFILE '/tmp/x'",
    'SELECT "a \' b", 1',
    "SELECT U&'d!0061t' UESCAPE '!'",
    "SELECT $$harmless$$",
]
"""What databases read in different ways, and so hide code in."""


@pytest.mark.parametrize("sql", READING)
def test_a_statement_that_only_reads_is_let_through(sql: str) -> None:
    assert only_reads(sql)


@pytest.mark.parametrize("sql", WRITING)
def test_a_statement_that_writes_or_acts_is_refused(sql: str) -> None:
    assert not only_reads(sql)


@pytest.mark.parametrize("sql", DISAGREED)
def test_a_statement_that_databases_would_read_differently_is_refused(sql: str) -> None:
    assert not only_reads(sql)


@given(st.text(alphabet="'\"` ()-/*$#;aA1,\n", max_size=30))
def test_no_decoration_hides_a_write(noise: str) -> None:
    assert not only_reads(f"WITH a AS (SELECT {noise} 1), b AS (DELETE FROM t RETURNING 1) SELECT 1 FROM b")
