"""The RDS Data API: SQL statements over HTTP, with parameters and transactions."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.sql import Parameter, Result, ResultColumn, SqlEngine, SqlError, Transaction
from deploy.local.account.sql.databases import Databases
from deploy.local.account.sql.errors import UnsupportedResult
from deploy.local.account.sql.types import TYPE_NAMES, Value
from deploy.local.account.state import Account

_HINTS = {
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "DECIMAL": "numeric",
    "TIME": "time",
    "UUID": "uuid",
    "JSON": "json",
}
_CANCELLED = "57014"
_MAX_RESPONSE = 1024 * 1024
_JDBC_TYPES = {"int8": -5, "float8": 8, "numeric": 2, "bool": -7, "timestamp": 93, "date": 91}
_VARCHAR = 12


class Transactions:
    """Those that are open, by their id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Transaction] = {}

    def begin(self, database: SqlEngine) -> str:
        name = uuid.uuid4().hex
        transaction = database.begin()
        with self._lock:
            self._open[name] = transaction
        return name

    def get(self, name: str) -> Transaction:
        with self._lock:
            found = self._open.get(name)
        if found is None:
            raise AwsError("TransactionNotFoundException", f"Transaction {name} is not found.")
        return found

    def end(self, name: str) -> Transaction:
        transaction = self.get(name)
        with self._lock:
            self._open.pop(name, None)
        return transaction


def execute_statement(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    result = _run(account, request, params["sql"], _parameters(params.get("parameters", [])))
    if not result.columns:
        return {"numberOfRecordsUpdated": result.updated, "generatedFields": []}
    reply: dict[str, Any] = {"numberOfRecordsUpdated": 0}
    if params.get("formatRecordsAs") == "JSON":
        names = [column.name for column in result.columns]
        reply["formattedRecords"] = json.dumps([_plain(names, row, result.columns) for row in result.rows])
    else:
        reply["records"] = _records(result, params.get("resultSetOptions", {}))
        if params.get("includeResultMetadata"):
            reply["columnMetadata"] = [_metadata(column) for column in result.columns]
    if len(json.dumps(reply)) > _MAX_RESPONSE:
        raise AwsError("BadRequestException", "Database returned more than the allowed response size limit")
    return reply


def batch_execute_statement(account: Account, request: Request) -> dict[str, Any]:
    sets = request.params.get("parameterSets") or [[]]
    for parameters in sets:
        _run(account, request, request.params["sql"], _parameters(parameters))
    return {"updateResults": [{"generatedFields": []} for _ in sets]}


def begin_transaction(account: Account, request: Request) -> dict[str, Any]:
    return {"transactionId": account.memory(Transactions).begin(_database(account, request))}


def commit_transaction(account: Account, request: Request) -> dict[str, Any]:
    account.memory(Transactions).end(request.params["transactionId"]).commit()
    return {"transactionStatus": "Transaction Committed"}


def rollback_transaction(account: Account, request: Request) -> dict[str, Any]:
    account.memory(Transactions).end(request.params["transactionId"]).rollback()
    return {"transactionStatus": "Rollback Complete"}


def _run(account: Account, request: Request, sql: str, parameters: list[Parameter]) -> Result:
    database = _database(account, request)
    name = request.params.get("transactionId")
    where = account.memory(Transactions).get(name) if name else database
    try:
        return where.execute(sql, parameters)
    except UnsupportedResult as error:
        raise AwsError("UnsupportedResultException", str(error).removeprefix("ERROR: ")) from None
    except SqlError as error:
        code = "StatementTimeoutException" if error.sqlstate == _CANCELLED else "DatabaseErrorException"
        raise AwsError(code, f"{error}; SQLState: {error.sqlstate}") from None


def _database(account: Account, request: Request) -> SqlEngine:
    arn, name = request.params["resourceArn"], request.params.get("database")
    found = account.memory(Databases).find(account, request.region, lambda database: database.resource_arn == arn)
    if found is None:
        raise AwsError("DatabaseNotFoundException", f"Database cluster {arn} is not found.")
    secret = found.database.secret_arn
    if secret is not None and request.params["secretArn"] != secret:
        raise AwsError("SecretsErrorException", "The secret is not one that this database accepts.")
    if name and name != found.database.database:
        raise AwsError("DatabaseErrorException", f'FATAL: database "{name}" does not exist; SQLState: 3D000')
    return found


def _parameters(given: list[dict[str, Any]]) -> list[Parameter]:
    return [Parameter(each["name"], _value(each), _HINTS.get(each.get("typeHint", ""))) for each in given]


def _value(parameter: dict[str, Any]) -> Value:
    value: dict[str, Any] = parameter.get("value") or {}
    if value.get("isNull"):
        return None
    for kind in ("stringValue", "longValue", "doubleValue", "blobValue"):
        if kind in value:
            return value[kind]
    if "booleanValue" in value:
        return bool(value["booleanValue"])
    raise AwsError(
        "BadRequestException", f"Parameter {parameter['name']} has no value, or an array, which is not supported"
    )


def _records(result: Result, options: dict[str, str]) -> list[list[dict[str, Any]]]:
    return [
        [field_of(value, column, options) for value, column in zip(row, result.columns, strict=True)]
        for row in result.rows
    ]


def field_of(value: Value, column: ResultColumn, options: dict[str, str] | None = None) -> dict[str, Any]:
    """One value as the Data APIs wrap it: {"longValue": 5}. Decimals are text unless asked for otherwise."""
    wanted = options or {}
    if value is None:
        return {"isNull": True}
    if isinstance(value, bytes):
        return {"blobValue": value}
    if column.family == "boolean":
        return {"booleanValue": bool(value)}
    if column.family == "decimal":
        as_number = wanted.get("decimalReturnType") == "DOUBLE_OR_LONG"
        return {"doubleValue": float(value)} if as_number else {"stringValue": str(value)}
    if isinstance(value, int):
        return {"stringValue": str(value)} if wanted.get("longReturnType") == "STRING" else {"longValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}


def _plain(names: list[str], row: tuple[Value, ...], columns: tuple[ResultColumn, ...]) -> dict[str, Any]:
    return {name: _json(value, column) for name, value, column in zip(names, row, columns, strict=True)}


def _json(value: Value, column: ResultColumn) -> Any:
    if value is None:
        return None
    return bool(value) if column.family == "boolean" else float(value) if column.family == "decimal" else value


def _metadata(column: ResultColumn) -> dict[str, Any]:
    kind = TYPE_NAMES[column.family]
    return {
        "name": column.name,
        "label": column.name,
        "tableName": column.table,
        "typeName": kind,
        "type": _JDBC_TYPES.get(kind, _VARCHAR),
        "nullable": 1,
        "isSigned": kind in {"int8", "float8", "numeric"},
    }


OPERATIONS: dict[str, Operation] = {
    "ExecuteStatement": execute_statement,
    "BatchExecuteStatement": batch_execute_statement,
    "BeginTransaction": begin_transaction,
    "CommitTransaction": commit_transaction,
    "RollbackTransaction": rollback_transaction,
}
