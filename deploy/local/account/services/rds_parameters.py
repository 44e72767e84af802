"""The parameters of database engines: what they are by default, which values they take, and which wait for a reboot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deploy.local.account.schema.databases import RdsInstance


@dataclass(frozen=True)
class EngineParameter:
    """`allowed` as RDS writes it: `6-262143`, or `0,1`, or nothing for any text."""

    kind: Literal["integer", "boolean", "string"]
    default: str | None
    allowed: str = ""
    static: bool = False
    """Whether a change needs a reboot."""

    def takes(self, value: str) -> bool:
        """Whether a value is allowed; a formula over the instance's memory is one of a number."""
        if not self.allowed:
            return True
        if "{" in value and self.kind == "integer":
            return True
        low, _, high = self.allowed.rpartition("-")
        if self.kind == "integer" and low:
            return re.fullmatch(r"-?\d+", value) is not None and int(low) <= int(value) <= int(high)
        return value in self.allowed.split(",")


_POSTGRES: Mapping[str, EngineParameter] = {
    "autovacuum": EngineParameter("boolean", "1", "0,1"),
    "deadlock_timeout": EngineParameter("integer", None, "1-2147483647"),
    "effective_cache_size": EngineParameter("integer", "{DBInstanceClassMemory/16384}", "1-2147483647"),
    "idle_in_transaction_session_timeout": EngineParameter("integer", "86400000", "0-2147483647"),
    "idle_session_timeout": EngineParameter("integer", None, "0-2147483647"),
    "lock_timeout": EngineParameter("integer", None, "0-2147483647"),
    "log_min_duration_statement": EngineParameter("integer", None, "-1-2147483647"),
    "maintenance_work_mem": EngineParameter(
        "integer", "GREATEST({DBInstanceClassMemory*1024/63963136},65536)", "1024-2147483647"
    ),
    "max_connections": EngineParameter(
        "integer", "LEAST({DBInstanceClassMemory/9531392},5000)", "6-262143", static=True
    ),
    "max_worker_processes": EngineParameter("integer", "GREATEST(${DBInstanceVCPU*2},8)", "0-262143", static=True),
    "random_page_cost": EngineParameter("string", None),
    "shared_buffers": EngineParameter("integer", "{DBInstanceClassMemory/32768}", "16-1073741823", static=True),
    "shared_preload_libraries": EngineParameter("string", "pg_stat_statements", static=True),
    "statement_timeout": EngineParameter("integer", None, "0-2147483647"),
    "work_mem": EngineParameter("integer", None, "64-2147483647"),
}
_MYSQL: Mapping[str, EngineParameter] = {
    "innodb_buffer_pool_size": EngineParameter(
        "integer", "{DBInstanceClassMemory*3/4}", "5242880-18446744073709551615"
    ),
    "innodb_lock_wait_timeout": EngineParameter("integer", None, "1-1073741824"),
    "long_query_time": EngineParameter("string", None),
    "max_connections": EngineParameter("integer", "{DBInstanceClassMemory/12582880}", "1-100000"),
    "performance_schema": EngineParameter("boolean", "0", "0,1", static=True),
    "slow_query_log": EngineParameter("boolean", "0", "0,1"),
    "wait_timeout": EngineParameter("integer", None, "1-31536000"),
}


def parameters_of(instance: RdsInstance) -> Mapping[str, EngineParameter]:
    """The parameters of the instance's engine that the simulated account knows."""
    return _MYSQL if instance.engine.startswith(("mysql", "maria", "aurora-mysql")) else _POSTGRES
