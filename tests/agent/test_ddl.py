"""Replaying DDL finds the columns whose type became another, whichever way it was done."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.ddl import Statement, TypeChange, plain_name, type_changes, type_family

START = datetime(2026, 11, 18, tzinfo=UTC)


def changes(*texts: str) -> list[TypeChange]:
    return type_changes(Statement(START + timedelta(hours=i), "loader", text) for i, text in enumerate(texts))


def short(*texts: str) -> list[tuple[str, str, str, str]]:
    return [(c.table, c.column, c.before, c.after) for c in changes(*texts)]


CREATED = (
    'create table if not exists "dev"."raw"."orders" '
    "(id bigint encode az64, amount numeric(12, 2) not null, primary key (id))"
)


def test_a_table_that_is_dropped_and_created_anew_with_another_type():
    found = changes(CREATED, "drop table raw.orders", "create table raw.orders (id bigint, amount varchar(32))")
    assert [(c.table, c.column, c.before, c.after) for c in found] == [
        ("raw.orders", "amount", "numeric(12,2)", "varchar(32)")
    ]
    assert (found[0].at, found[0].user) == (START + timedelta(hours=2), "loader")


def test_a_column_that_is_added_dropped_and_renamed():
    steps = (
        "alter table raw.orders add column amount_new character varying(64)",
        "alter table raw.orders drop column amount",
        "alter table raw.orders rename column amount_new to amount",
    )
    assert short(CREATED, *steps) == [("raw.orders", "amount", "numeric(12,2)", "varchar(64)")]
    assert short(*steps) == [("raw.orders", "amount", "", "varchar(64)")]


def test_a_column_that_is_altered():
    assert short("ALTER TABLE raw.pay ALTER COLUMN note TYPE varchar(256)") == [("raw.pay", "note", "", "varchar(256)")]


def test_a_table_that_is_swapped_in_by_renaming():
    steps = (
        "create table raw.orders_new (id bigint, amount text)",
        "alter table raw.orders rename to orders_old",
        "alter table raw.orders_new rename to orders",
    )
    assert short(CREATED, *steps) == [("raw.orders", "amount", "numeric(12,2)", "text")]


def test_several_statements_in_one_text_and_comments_are_understood():
    text = (
        "/* loader v2 */ drop table raw.orders; create table raw.orders (id bigint, amount double precision) -- wider"
    )
    assert short(CREATED, text) == [("raw.orders", "amount", "numeric(12,2)", "double precision")]


@pytest.mark.parametrize(
    "again",
    [
        "create table raw.orders (id int8, amount decimal(12,2))",
        "create table raw.returns (id varchar(9), amount varchar(9))",
        "create table raw.orders as select * from raw.x",
        "alter table raw.orders add column note varchar(9)",
        "select amount from raw.orders",
    ],
)
def test_what_leaves_the_types_as_they_are_is_no_change(again: str):
    assert short(CREATED, again) == []


def test_types_are_alike_when_they_compare_without_a_cast():
    assert type_family("numeric(12,2)") == type_family("bigint") == "number"
    assert type_family("character varying") == "text"
    assert type_family("timestamp with time zone") == "time"


def test_a_name_is_lower_case_without_quotes_and_database():
    assert plain_name('"dev"."Raw"."Orders"') == "raw.orders"
