"""The Redshift Data API: statements that are submitted, watched and read."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.sql import Database
from deploy.local.account.services.rds_data import field_of
from deploy.local.account.sql import Parameter, ResultColumn, SqlEngine
from deploy.local.account.sql.databases import Databases
from deploy.local.account.sql.statements import ENDED, Outcome, Statement, Statements
from deploy.local.account.sql.types import TYPE_NAMES, length_of
from deploy.local.account.state import Account

_ROWS_IN_A_PAGE = 1000
_HIDDEN_SCHEMAS = ("pg_catalog", "information_schema")


def execute_statement(account: Account, request: Request) -> dict[str, Any]:
    return _submit(account, request, [request.params["Sql"]], is_batch=False)


def batch_execute_statement(account: Account, request: Request) -> dict[str, Any]:
    return _submit(account, request, request.params["Sqls"], is_batch=True)


def describe_statement(account: Account, request: Request) -> dict[str, Any]:
    statement, number = _find(account, request.params["Id"])
    statement.wait(request.params.get("WaitTimeSeconds", 0))
    if number is not None:
        return _sub_statement(statement, number)
    reply = {**_summary(statement), **_where(statement.database.database), "QueryString": statement.outcomes[0].sql}
    if statement.state in ENDED:
        reply |= {"Duration": int(statement.seconds * 1e9), **_sizes(statement.outcomes[-1])}
    if statement.state == "FAILED":
        reply["Error"] = statement.error
    if statement.is_batch:
        reply["SubStatements"] = [_sub_statement(statement, index) for index in range(len(statement.outcomes))]
        reply |= {"HasResultSet": False, "ResultRows": -1, "ResultSize": -1}
        reply.pop("QueryString")
    return reply


def get_statement_result(account: Account, request: Request) -> dict[str, Any]:
    statement, number = _find(account, request.params["Id"])
    statement.wait(request.params.get("WaitTimeSeconds", 0))
    result = statement.outcomes[number or 0].result
    if statement.state != "FINISHED" or result is None or not result.columns:
        message = "Query does not have result. Please check query status with DescribeStatement."
        raise AwsError("ResourceNotFoundException", message)
    token = request.params.get("NextToken")
    rows, following = page(result.rows, request.params, token, _ROWS_IN_A_PAGE, "ValidationException")
    records = [[field_of(value, column) for value, column in zip(row, result.columns, strict=True)] for row in rows]
    reply: dict[str, Any] = {
        "Records": records,
        "ColumnMetadata": [_column(column) for column in result.columns],
        "TotalNumRows": len(result.rows),
    }
    return {**reply, "NextToken": following} if following else reply


def cancel_statement(account: Account, request: Request) -> dict[str, Any]:
    statement, _ = _find(account, request.params["Id"])
    if statement.state in ENDED:
        message = f"Could not cancel a query that is already in {statement.state} state with ID: {statement.id}"
        raise AwsError("ValidationException", message)
    statement.aborted = account.now()
    return {"Status": True}


def list_statements(account: Account, request: Request) -> dict[str, Any]:
    wanted, params = request.params.get("Status", "ALL"), request.params
    found = [
        each
        for each in reversed(account.memory(Statements).all())
        if wanted in ("ALL", each.state)
        and each.name.startswith(params.get("StatementName", ""))
        and _is_target(each.database.database, params)
        and params.get("Database") in (None, each.database.database.database)
    ]
    shown, token = page(found, params, params.get("NextToken"), params.get("MaxResults", 100), "ValidationException")
    reply: dict[str, Any] = {"Statements": [_listed(each) for each in shown]}
    return {**reply, "NextToken": token} if token else reply


def list_databases(account: Account, request: Request) -> dict[str, Any]:
    return {"Databases": [_database(account, request).database.database]}


def list_schemas(account: Account, request: Request) -> dict[str, Any]:
    schemas = sorted({schema for schema, _ in _database(account, request).tables})
    pattern = request.params.get("SchemaPattern", "%")
    return _paged("Schemas", [schema for schema in schemas if _like(schema, pattern)], request)


def list_tables(account: Account, request: Request) -> dict[str, Any]:
    database, params = _database(account, request), request.params
    tables = [
        {"schema": schema, "name": name, "type": "SYSTEM TABLE" if schema in _HIDDEN_SCHEMAS else "TABLE"}
        for schema, name in sorted(database.tables)
        if _like(schema, params.get("SchemaPattern", "%")) and _like(name, params.get("TablePattern", "%"))
    ]
    return _paged("Tables", tables, request)


def describe_table(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    schema, table = params.get("Schema", "public"), params.get("Table", "")
    columns = _database(account, request).tables.get((schema, table), {})
    described = [
        {"schemaName": schema, "tableName": table, "name": name, "typeName": kind.partition("(")[0], "nullable": 1,
         "length": length_of(kind) or 0}
        for name, kind in columns.items()
    ]  # fmt: skip
    return {"TableName": table, **_paged("ColumnList", described, request)}


def _submit(account: Account, request: Request, texts: list[str], is_batch: bool) -> dict[str, Any]:
    params = request.params
    if params.get("ResultFormat", "JSON") != "JSON":
        raise AwsError("ValidationException", "The simulated cluster returns results as JSON only.")
    given = [Parameter(each["name"], each["value"]) for each in params.get("Parameters", [])]
    statement = account.memory(Statements).submit(
        _database(account, request),
        texts,
        given,
        account.now,
        name=params.get("StatementName", ""),
        is_batch=is_batch,
        token=params.get("ClientToken"),
    )
    statement.wait(params.get("WaitTimeSeconds", 0))
    return {**_where(statement.database.database), "Id": statement.id, "CreatedAt": statement.created}


def _database(account: Account, request: Request) -> SqlEngine:
    params = request.params
    if not params.get("ClusterIdentifier") and not params.get("WorkgroupName"):
        raise AwsError("ValidationException", "Either ClusterIdentifier or WorkgroupName must be given.")
    databases = account.memory(Databases)
    if databases.find(account, request.region, lambda each: _is_target(each, params)) is None:
        raise AwsError("ValidationException", "Redshift endpoint doesn't exist in this region.")
    name = params.get("ConnectedDatabase") or params.get("Database")
    found = databases.find(account, request.region, lambda each: _is_target(each, params) and each.database == name)
    if found is None:
        raise AwsError("ValidationException", f'FATAL: database "{name}" does not exist')
    return found


def _is_target(database: Database, params: Mapping[str, Any]) -> bool:
    cluster, workgroup = params.get("ClusterIdentifier"), params.get("WorkgroupName")
    return (
        database.engine == "redshift"
        and cluster in (None, database.cluster)
        and workgroup in (None, database.workgroup)
    )


def _find(account: Account, name: str) -> tuple[Statement, int | None]:
    """A statement, and for `<id>:2` the index of the statement in its batch."""
    base, _, number = name.partition(":")
    statement = account.memory(Statements).get(base)
    if statement is None or (number and not (number.isdigit() and 1 <= int(number) <= len(statement.outcomes))):
        raise AwsError("ResourceNotFoundException", "Query does not exist.")
    return statement, int(number) - 1 if number else None


def _where(database: Database) -> dict[str, Any]:
    target = {"ClusterIdentifier": database.cluster} if database.cluster else {"WorkgroupName": database.workgroup}
    return {**target, "Database": database.database}


def _summary(statement: Statement) -> dict[str, Any]:
    summary = {
        "Id": statement.id,
        "Status": statement.state,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
        "ResultFormat": "JSON",
    }
    given = [{"name": each.name, "value": str(each.value)} for each in statement.parameters]
    return {**summary, "QueryParameters": given} if given else summary


def _listed(statement: Statement) -> dict[str, Any]:
    texts = [outcome.sql for outcome in statement.outcomes]
    queries = {"QueryStrings": texts} if statement.is_batch else {"QueryString": texts[0]}
    return {
        **_summary(statement),
        **queries,
        "StatementName": statement.name,
        "IsBatchStatement": statement.is_batch,
    }


def _sub_statement(statement: Statement, index: int) -> dict[str, Any]:
    outcome = statement.outcomes[index]
    state = statement.state
    if state in ("FINISHED", "FAILED"):
        state = "FAILED" if outcome.error else "FINISHED"
    shown = {
        "Id": f"{statement.id}:{index + 1}",
        "Status": state,
        "QueryString": outcome.sql,
        "CreatedAt": statement.created,
        "UpdatedAt": statement.updated,
    }
    if state in ENDED:
        shown |= {"Duration": int(1e8), **_sizes(outcome)}
    return {**shown, "Error": outcome.error} if state == "FAILED" else shown


def _sizes(outcome: Outcome) -> dict[str, Any]:
    if outcome.result is None or not outcome.result.columns:
        updated = outcome.result.updated if outcome.result else -1
        return {"HasResultSet": False, "ResultRows": updated, "ResultSize": 0}
    size = sum(len(str(value)) for row in outcome.result.rows for value in row)
    return {"HasResultSet": True, "ResultRows": len(outcome.result.rows), "ResultSize": size}


def _column(column: ResultColumn) -> dict[str, Any]:
    kind = TYPE_NAMES[column.family]
    return {"name": column.name, "label": column.name, "tableName": column.table, "typeName": kind, "nullable": 1}


def _paged(name: str, items: list[Any], request: Request) -> dict[str, Any]:
    params = request.params
    shown, token = page(items, params, params.get("NextToken"), params.get("MaxResults", 1000), "ValidationException")
    return {name: shown, "NextToken": token} if token else {name: shown}


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text.lower(), pattern.lower().replace("%", "*").replace("_", "?"))


OPERATIONS: dict[str, Operation] = {
    "ExecuteStatement": execute_statement,
    "BatchExecuteStatement": batch_execute_statement,
    "DescribeStatement": describe_statement,
    "GetStatementResult": get_statement_result,
    "CancelStatement": cancel_statement,
    "ListStatements": list_statements,
    "ListDatabases": list_databases,
    "ListSchemas": list_schemas,
    "ListTables": list_tables,
    "DescribeTable": describe_table,
}
