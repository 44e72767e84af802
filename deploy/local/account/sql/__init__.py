"""SQL that is executed for real: Redshift and PostgreSQL statements over an in-memory SQLite database."""

from __future__ import annotations

from deploy.local.account.sql.engine import Parameter, Result, ResultColumn, SqlDatabase
from deploy.local.account.sql.errors import SqlError

__all__ = ["Parameter", "Result", "ResultColumn", "SqlDatabase", "SqlError"]
