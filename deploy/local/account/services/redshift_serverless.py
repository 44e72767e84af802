"""Redshift Serverless: the workgroups of the databases that a scenario declares, each with a namespace of its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.sql import Database
from deploy.local.account.state import Account, Loaded


def list_workgroups(account: Account, request: Request) -> dict[str, Any]:
    found = {str(each.workgroup): (loaded, each) for loaded, each in _databases(account, request)}
    groups = [_workgroup(request, *found[name]) for name in sorted(found)]
    params = request.params
    shown, token = page(groups, params, params.get("nextToken"), params.get("maxResults", 100), "ValidationException")
    return {"workgroups": shown, "nextToken": token} if token else {"workgroups": shown}


def get_namespace(account: Account, request: Request) -> dict[str, Any]:
    name = request.params["namespaceName"]
    for loaded, each in _databases(account, request):
        if each.workgroup == name:
            arn = _arn(request, loaded, "namespace", name)
            space = {"namespaceName": name, "namespaceArn": arn, "dbName": each.database, "status": "AVAILABLE"}
            return {"namespace": space}
    raise AwsError("ResourceNotFoundException", f"Namespace {name} was not found.", 404)


def _databases(account: Account, request: Request) -> Iterator[tuple[Loaded, Database]]:
    for loaded in account.loaded(request.region):
        for database in loaded.scenario.sql:
            if database.engine == "redshift" and database.workgroup:
                yield loaded, database


def _workgroup(request: Request, loaded: Loaded, database: Database) -> dict[str, Any]:
    name = str(database.workgroup)
    return {
        "workgroupName": name,
        "workgroupArn": _arn(request, loaded, "workgroup", name),
        "namespaceName": name,
        "status": "AVAILABLE",
        "baseCapacity": 32,
    }


def _arn(request: Request, loaded: Loaded, kind: str, name: str) -> str:
    return f"arn:aws:redshift-serverless:{request.region}:{loaded.scenario.account_id}:{kind}/{name}"


OPERATIONS: dict[str, Operation] = {"ListWorkgroups": list_workgroups, "GetNamespace": get_namespace}
