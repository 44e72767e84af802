"""Changes of Lambda functions: their alias, configuration and concurrency, within the service's limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from deploy.local.account.amending import with_resource
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.serverless import LambdaFunction
from deploy.local.account.services.forward import backend_of, from_moto
from deploy.local.account.services.service_quotas import applied_value
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

_CONCURRENCY_QUOTA = "L-B99A9384"
_ALWAYS_UNRESERVED = 100
_LARGEST_ENVIRONMENT = 4096
_LIMITS = {"MemorySize": (128, 10_240), "Timeout": (1, 900)}


def update_alias(account: Account, request: Request) -> dict[str, Any]:
    """To a version that exists, and only if the alias is still at RevisionId, when one is given."""
    name, params = function_name(request), request.params
    client = account.moto.client("lambda", request.region)
    function = _existing(account, request, name)
    alias = _found(client.get_alias, FunctionName=name, Name=params["Name"])
    arn = function["FunctionArn"]
    if alias is None:
        raise AwsError("ResourceNotFoundException", f"Alias not found: {arn}:{params['Name']}", 404)
    _check_revision(params, alias["RevisionId"])
    for version in (
        params.get("FunctionVersion"),
        *params.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
    ):
        if version and _found(client.get_function_configuration, FunctionName=name, Qualifier=version) is None:
            raise AwsError("ResourceNotFoundException", f"Function not found: {arn}:{version}", 404)
    reply = from_moto(account, replace(request, params={**params, "FunctionName": name}))
    state = backend_of(account, "lambda", request.region).get_alias(params["Name"], name)
    state.revision_id = reply["RevisionId"] = _next_revision(alias["RevisionId"])
    if version := params.get("FunctionVersion"):
        _amend(account, request.region, name, alias=(params["Name"], version))
    return reply


def update_function_configuration(account: Account, request: Request) -> dict[str, Any]:
    """Of the unpublished version, $LATEST."""
    name, params = function_name(request), request.params
    for field, (low, high) in _LIMITS.items():
        if field in params and not low <= params[field] <= high:
            raise AwsError(
                "InvalidParameterValueException",
                f"Value '{params[field]}' at '{field[0].lower()}{field[1:]}' failed to satisfy constraint: Member must "
                f"have value between {low} and {high}",
            )
    variables = params.get("Environment", {}).get("Variables")
    if variables is not None and len(json.dumps(variables)) > _LARGEST_ENVIRONMENT:
        message = "Lambda was unable to configure your environment variables because they exceeded the 4KB limit."
        raise AwsError("InvalidParameterValueException", message)
    _check_revision(params, revision_of(_existing(account, request, name)))
    reply = from_moto(account, replace(request, params={**params, "FunctionName": name}))
    changed = f"{account.now():%Y-%m-%dT%H:%M:%S.000+0000}"
    state = backend_of(account, "lambda", request.region).get_function(name)
    state.last_modified = reply["LastModified"] = changed
    told = {"MemorySize": "memory_mb", "Timeout": "timeout_s", "Description": "description", "Handler": "handler"}
    changes = {told[field]: value for field, value in params.items() if field in told}
    if variables is not None:
        changes["environment"] = variables
    _amend(account, request.region, name, updated=True, **changes)
    return {**reply, "RevisionId": revision_of(reply)}


def put_function_concurrency(account: Account, request: Request) -> dict[str, Any]:
    name, wanted = function_name(request), request.params["ReservedConcurrentExecutions"]
    _existing(account, request, name)
    client = account.moto.client("lambda", request.region)
    limit = int(applied_value(account, request.region, "lambda", _CONCURRENCY_QUOTA))
    reserved = sum(
        client.get_function_concurrency(FunctionName=each["FunctionName"]).get("ReservedConcurrentExecutions", 0)
        for each in client.get_paginator("list_functions").paginate().build_full_result()["Functions"]
        if each["FunctionName"] != name
    )
    if limit - reserved - wanted < _ALWAYS_UNRESERVED:
        raise AwsError(
            "InvalidParameterValueException",
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{_ALWAYS_UNRESERVED}].",
        )
    reply = from_moto(account, replace(request, params={**request.params, "FunctionName": name}))
    _amend(account, request.region, name, reserved_concurrency=wanted)
    return reply


def delete_function_concurrency(account: Account, request: Request) -> dict[str, Any]:
    name = function_name(request)
    _existing(account, request, name)
    reply = from_moto(account, replace(request, params={"FunctionName": name}))
    _amend(account, request.region, name, reserved_concurrency=None)
    return reply


def revision_of(configuration: Mapping[str, Any]) -> str:
    """The id of a version's state, which moto lacks: another one whenever its code or configuration is another."""
    parts = ("FunctionArn", "Version", "CodeSha256", "LastModified", "MemorySize", "Timeout", "Handler", "Description")
    told = [str(configuration.get(part)).removesuffix(":$LATEST") for part in parts]
    return stable_id(*told, json.dumps(configuration.get("Environment", {}), sort_keys=True))


def function_name(request: Request) -> str:
    """The function's own name, from a name, a partial or a full ARN, with or without a qualifier."""
    name: str = request.params["FunctionName"]
    name = name.partition(":function:")[2] if ":function:" in name else name
    return name.partition(":")[0]


def declared(account: Account, region: str, name: str) -> tuple[Loaded, LambdaFunction] | None:
    """The function as a scenario describes it."""
    for loaded in account.loaded(region):
        for function in loaded.scenario.resources.lambda_functions:
            if function.name == name:
                return loaded, function
    return None


def _existing(account: Account, request: Request, name: str) -> dict[str, Any]:
    client = account.moto.client("lambda", request.region)
    found = _found(client.get_function_configuration, FunctionName=name)
    if found is None:
        known = account.loaded(request.region)
        account_id = known[0].scenario.account_id if known else "123456789012"
        arn = f"arn:aws:lambda:{request.region}:{account_id}:function:{name}"
        raise AwsError("ResourceNotFoundException", f"Function not found: {arn}", 404)
    return found


def _found(ask: Any, **params: Any) -> dict[str, Any] | None:
    """moto's reply, or None where it knows no such thing."""
    try:
        return ask(**params)
    except ask.__self__.exceptions.ResourceNotFoundException:
        return None


def _check_revision(params: Mapping[str, Any], present: str) -> None:
    if params.get("RevisionId") and params["RevisionId"] != present:
        message = (
            "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias API to "
            "retrieve the latest RevisionId"
        )
        raise AwsError("PreconditionFailedException", message, 412)


def _next_revision(revision: str) -> str:
    return stable_id("revision", revision)


def _amend(
    account: Account,
    region: str,
    name: str,
    alias: tuple[str, str] | None = None,
    updated: bool = False,
    **changes: Any,
) -> None:
    """Let the scenario that describes the function have it changed too; some functions are in no scenario."""
    found = declared(account, region, name)
    if found is None:
        return
    loaded, function = found
    if alias is not None:
        changes["aliases"] = {**function.aliases, alias[0]: alias[1]}
    if updated:
        changes["updated"] = account.now() - loaded.now
    account.amend(loaded.scenario.name, partial(with_resource, kind="lambda_functions", name=name, **changes))


OPERATIONS: dict[str, Operation] = {
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "PutFunctionConcurrency": put_function_concurrency,
    "UpdateAlias": update_alias,
    "UpdateFunctionConfiguration": update_function_configuration,
}
