"""Lambda GetAccountSettings, which moto lacks. The rest of Lambda is moto's."""

from __future__ import annotations

from typing import Any

from deploy.local.account.request import Operation, Request
from deploy.local.account.state import Account

_CONCURRENCY = 1000
"""The default quota of concurrent executions in a region."""


def get_account_settings(account: Account, request: Request) -> dict[str, Any]:
    client = account.moto.client("lambda", request.region)
    functions = client.get_paginator("list_functions").paginate().build_full_result()["Functions"]
    names = [each["FunctionName"] for each in functions]
    reserved = [client.get_function_concurrency(FunctionName=name) for name in names]
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": _CONCURRENCY,
            "UnreservedConcurrentExecutions": _CONCURRENCY
            - sum(each.get("ReservedConcurrentExecutions", 0) for each in reserved),
        },
        "AccountUsage": {"TotalCodeSize": sum(each["CodeSize"] for each in functions), "FunctionCount": len(names)},
    }


OPERATIONS: dict[str, Operation] = {"GetAccountSettings": get_account_settings}
