"""The last lock on the read session: a botocore hook that lets through what `READS` lists, and nothing else.

It stands where every call passes, whoever makes it: tools, paginators, waiters, presigned addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore import xform_name

from agent.errors import ReadOnlyRefusal
from agent.select_only import only_reads
from tools.aws.reads import READS

Parameters = Mapping[str, Any]


def _airflow_only_gets(parameters: Parameters) -> bool:
    return parameters.get("Method") == "GET"


GUARDS: Mapping[tuple[str, str], Callable[[Parameters], bool]] = {
    ("mwaa", "invoke_rest_api"): _airflow_only_gets,
    ("rds-data", "execute_statement"): lambda parameters: only_reads(str(parameters.get("sql", ""))),
    ("redshift-data", "execute_statement"): lambda parameters: only_reads(str(parameters.get("Sql", ""))),
}
"""Operations that read or write depending on their parameters, and whether these read."""


def allows(service: str, operation: str, parameters: Parameters) -> bool:
    """Whether the read session may make this call; `operation` in boto3's snake case."""
    guard = GUARDS.get((service, operation))
    return operation in READS.get(service, ()) and (guard is None or guard(parameters))


def lock(client: Any, service: str) -> None:
    """Refuse, on this client, every call that does not read."""

    def refuse_writes(params: dict[str, Any], model: Any, **_: Any) -> None:
        operation = xform_name(model.name)
        if not allows(service, operation, params):
            raise ReadOnlyRefusal(
                f"{service}:{operation} is not among the reads that Watchkeeper's evidence tools may make."
            )

    client.meta.events.register_first("provide-client-params.*.*", refuse_writes)
