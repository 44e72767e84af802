"""A failed statement says which model, tables and column it was about."""

import pytest

from agent.sql_text import dbt_model, error_details, source_tables, target_table

STATEMENT = """/* {"app": "dbt", "dbt_version": "1.9.1", "node_id": "model.analytics.fct_orders"} */
create table "dev"."marts"."fct_orders__dbt_tmp" as (
  with recent as (select * from raw.orders where at > dateadd(day, -1, getdate()))
  select * from recent join dim.customers using (customer_id))"""


def test_the_model_is_read_from_dbts_own_comment():
    assert dbt_model(STATEMENT) == "fct_orders"


def test_the_model_is_read_from_dbts_error_message():
    assert dbt_model("Database Error in model fct_orders (models/marts/fct_orders.sql)") == "fct_orders"


@pytest.mark.parametrize("text", ["select 1", "/* {broken */ select 1", '/* {"app": "looker"} */ select 1'])
def test_other_statements_have_no_model(text: str):
    assert dbt_model(text) == ""


def test_the_written_table_comes_without_dbts_suffix():
    assert target_table(STATEMENT) == "marts.fct_orders"
    assert target_table("COPY raw.orders FROM 's3://b/k' IAM_ROLE default") == "raw.orders"


def test_the_tables_read_are_those_with_a_schema():
    assert source_tables(STATEMENT) == ["raw.orders", "dim.customers"]


@pytest.mark.parametrize(
    ("message", "details"),
    [
        ('ERROR: column "amount" is of type numeric but expression is of type character varying', {"column": "amount"}),
        ('ERROR: relation "raw.orders" does not exist', {"table": "raw.orders"}),
        ("Invalid digit, Value 'N', Pos 0, Type: Decimal [error code: 1207]", {"code": "1207"}),
        ("column of relation is odd", {}),
        ("out of memory", {}),
    ],
)
def test_a_message_gives_column_table_and_code(message: str, details: dict[str, str]):
    assert error_details(message) == details
