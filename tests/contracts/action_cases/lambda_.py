"""Lambda functions: rollback, restart, configuration, test calls."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NAME = "checkout"
FUNCTION = {
    "name": NAME,
    "environment": {"TABLE": "orders", "API_KEY": SECRET},
    "versions": [{"version": "41", "at": "-9d"}, {"version": "42", "at": "-2h"}],
    "aliases": {"live": "42"},
    "tags": {"env": "prod"},
    "outcomes": [{"payload": {"statusCode": 200, "token": SECRET}}],
}
PARTS = {"resources": {"lambda_functions": [FUNCTION]}}
TARGET = target("lambda", "function", NAME)


def _alias(client: Client) -> Any:
    alias = client("lambda").get_alias(FunctionName=NAME, Name="live")
    return alias["FunctionVersion"], (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


def _configuration(client: Client) -> Any:
    found = client("lambda").get_function_configuration(FunctionName=NAME)
    reserved = client("lambda").get_function_concurrency(FunctionName=NAME).get("ReservedConcurrentExecutions")
    return found["MemorySize"], found["Timeout"], reserved, found["Environment"]["Variables"]


def _split(client: Client) -> None:
    """A tenth of the calls goes to the new version already."""
    client("lambda").update_alias(
        FunctionName=NAME, Name="live", FunctionVersion="41", RoutingConfig={"AdditionalVersionWeights": {"42": 0.1}}
    )


CASES = (
    ActionCase(
        id="lambda_rollback",
        kind="lambda_rollback",
        target=TARGET,
        parameters={"alias": "live", "version": "41"},
        state=_alias,
        denied="lambda:GetAlias",
        parts=PARTS,
        wrong=({"alias": "live"}, {"alias": "live", "version": "$LATEST"}, {"alias": "li ve", "version": "41"}),
    ),
    ActionCase(
        id="lambda_rollback of a split alias",
        kind="lambda_rollback",
        target=TARGET,
        parameters={"alias": "live", "version": "41"},
        state=_alias,
        denied="lambda:ListTags",
        parts=PARTS,
        before=_split,
    ),
    ActionCase(
        id="lambda_restart",
        kind="lambda_restart",
        target=TARGET,
        parameters={},
        state=_configuration,
        denied="lambda:GetFunctionConfiguration",
        parts=PARTS,
    ),
    ActionCase(
        id="lambda_config memory",
        kind="lambda_config",
        target=TARGET,
        parameters={"memory_mb": 512},
        state=_configuration,
        denied="cloudwatch:GetMetricData",
        parts=PARTS,
        wrong=({}, {"memory_mb": 64}, {"memory_mb": 512, "timeout_s": 60}, {"timeout_s": 901}, {"unreserved": False}),
    ),
    ActionCase(
        id="lambda_config timeout",
        kind="lambda_config",
        target=TARGET,
        parameters={"timeout_s": 60},
        state=_configuration,
        denied="lambda:ListAliases",
        parts=PARTS,
        wrong=({"timeout_s": "soon"},),
    ),
    ActionCase(
        id="lambda_config concurrency",
        kind="lambda_config",
        target=TARGET,
        parameters={"reserved_concurrency": 20},
        state=_configuration,
        denied="lambda:GetAccountSettings",
        parts=PARTS,
    ),
    ActionCase(
        id="lambda_test sync",
        kind="lambda_test",
        target=TARGET,
        parameters={
            "mode": "sync",
            "events": [{"sample": "nothing"}, {"payload": {"order": 1}}],
            "qualifier": "live",
            "compare_with": "41",
        },
        state=_alias,
        denied="lambda:ListTags",
        parts=PARTS,
        wrong=(
            {},
            {"events": []},
            {"events": [{"sample": "unheard of"}]},
            {"events": [{"sample": "sqs", "payload": {}}]},
            {"events": [{"payload": {"long": "x" * 7000}}]},
            {"events": [{"sample": "sqs"}], "compare_with": "41"},
            {"mode": "sync", "events": [{"sample": "sqs"}] * 6, "compare_with": "41"},
        ),
        tells=False,
        once=True,
        changes=False,
    ),
    ActionCase(
        id="lambda_test async",
        kind="lambda_test",
        target=TARGET,
        parameters={"mode": "async", "events": [{"sample": "sqs"}]},
        state=_alias,
        denied="lambda:GetFunctionConfiguration",
        parts=PARTS,
        tells=False,
        once=True,
        changes=False,
    ),
    ActionCase(
        id="lambda_test dry run",
        kind="lambda_test",
        target=TARGET,
        parameters={"events": [{"sample": "schedule"}]},
        state=_alias,
        denied="lambda:GetFunctionConfiguration",
        parts=PARTS,
        harmless=True,
        changes=False,
    ),
)
