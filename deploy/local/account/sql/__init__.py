"""SQL that is executed for real: Redshift and PostgreSQL statements over an in-memory SQLite database, or a server."""

from __future__ import annotations

from deploy.local.account.sql.engine import SqlDatabase
from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.ports import OpenEngine, Parameter, Result, ResultColumn, SqlEngine, Transaction

__all__ = ["OpenEngine", "Parameter", "Result", "ResultColumn", "SqlDatabase", "SqlEngine", "SqlError", "Transaction"]
