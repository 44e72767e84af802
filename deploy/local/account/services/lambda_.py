"""What moto's Lambda lacks: account settings, provisioned concurrency, how event source mappings fare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import Operation, Request
from deploy.local.account.services import lambda_changes, lambda_invoke
from deploy.local.account.services.forward import from_moto
from deploy.local.account.services.lambda_changes import revision_of
from deploy.local.account.services.service_quotas import applied_value
from deploy.local.account.state import Account

_CONCURRENCY_QUOTA = "L-B99A9384"


def get_account_settings(account: Account, request: Request) -> dict[str, Any]:
    client = account.moto.client("lambda", request.region)
    functions = client.get_paginator("list_functions").paginate().build_full_result()["Functions"]
    names = [each["FunctionName"] for each in functions]
    reserved = [client.get_function_concurrency(FunctionName=name) for name in names]
    concurrency = int(applied_value(account, request.region, "lambda", _CONCURRENCY_QUOTA))
    return {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": concurrency,
            "UnreservedConcurrentExecutions": concurrency
            - sum(each.get("ReservedConcurrentExecutions", 0) for each in reserved),
        },
        "AccountUsage": {"TotalCodeSize": sum(each["CodeSize"] for each in functions), "FunctionCount": len(names)},
    }


def list_provisioned_concurrency_configs(account: Account, request: Request) -> dict[str, Any]:
    name = request.params["FunctionName"].rsplit(":", 1)[-1]
    arn = from_moto(account, Request("lambda", "GetFunctionConfiguration", {"FunctionName": name}, request.region))
    configured = [
        {
            "FunctionArn": f"{arn['FunctionArn']}:{each.alias}",
            "RequestedProvisionedConcurrentExecutions": each.requested,
            "AvailableProvisionedConcurrentExecutions": each.requested if each.allocated is None else each.allocated,
            "AllocatedProvisionedConcurrentExecutions": each.requested if each.allocated is None else each.allocated,
            "Status": each.status,
            **({"StatusReason": each.reason} if each.reason else {}),
            "LastModified": (loaded.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        for loaded in account.loaded(request.region)
        for function in loaded.scenario.resources.lambda_functions
        if function.name == name
        for each in function.provisioned_concurrency
    ]
    size = request.params.get("MaxItems") or 50
    shown, marker = page(configured, request.params, request.params.get("Marker"), size)
    return {"ProvisionedConcurrencyConfigs": shown, **({"NextMarker": marker} if marker else {})}


def list_event_source_mappings(account: Account, request: Request) -> dict[str, Any]:
    """moto's mappings, with what a scenario says came of the last batch."""
    reply = from_moto(account, request)
    declared = {
        (each.function, each.queue or each.table): each
        for loaded in account.loaded(request.region)
        for each in loaded.scenario.resources.event_source_mappings
    }
    for mapping in reply["EventSourceMappings"]:
        source = mapping.get("EventSourceArn", "")
        function = mapping["FunctionArn"].split(":function:")[-1].split(":")[0]
        name = source.split(":table/")[-1].split("/")[0] if ":table/" in source else source.rsplit(":", 1)[-1]
        if known := declared.get((function, name)):
            mapping["LastProcessingResult"] = known.last_result
            mapping["StateTransitionReason"] = known.reason or "User action"
    return reply


def get_function_configuration(account: Account, request: Request) -> dict[str, Any]:
    configuration = from_moto(account, request)
    name = configuration["FunctionName"]
    declared = [loaded.scenario.resources.lambda_functions for loaded in account.loaded(request.region)]
    told = next((each.log_group for functions in declared for each in functions if each.name == name), None)
    group = told or f"/aws/lambda/{name}"
    logging = {"LogFormat": "Text", "LogGroup": group}
    return {**configuration, "RevisionId": revision_of(configuration), "LoggingConfig": logging}


def get_function(account: Account, request: Request) -> dict[str, Any]:
    reply = from_moto(account, request)
    configuration = reply["Configuration"]
    return {**reply, "Configuration": {**configuration, "RevisionId": revision_of(configuration)}}


OPERATIONS: dict[str, Operation] = {
    "GetFunctionConfiguration": get_function_configuration,
    "GetAccountSettings": get_account_settings,
    "GetFunction": get_function,
    "ListEventSourceMappings": list_event_source_mappings,
    "ListProvisionedConcurrencyConfigs": list_provisioned_concurrency_configs,
    **lambda_changes.OPERATIONS,
    **lambda_invoke.OPERATIONS,
}
