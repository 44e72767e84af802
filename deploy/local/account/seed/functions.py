"""Lambda functions with their versions and aliases, and event source mappings."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from functools import cache
from typing import Any

from deploy.local.account.schema.serverless import LambdaFunction
from deploy.local.account.seed.seeder import Seeder


def seed_functions(seeder: Seeder) -> None:
    for function in seeder.resources.lambda_functions:
        _function(seeder, function)
    for mapping in seeder.resources.event_source_mappings:
        source = seeder.id_of("queue", mapping.queue) if mapping.queue else seeder.id_of("table", mapping.table or "")
        more: dict[str, Any] = {}
        if mapping.table:
            more["StartingPosition"] = "LATEST"
        if mapping.maximum_concurrency:
            more["ScalingConfig"] = {"MaximumConcurrency": mapping.maximum_concurrency}
        if mapping.report_batch_item_failures:
            more["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
        seeder.client("lambda").create_event_source_mapping(
            EventSourceArn=source,
            FunctionName=mapping.function,
            BatchSize=mapping.batch_size,
            Enabled=mapping.enabled,
            **more,
        )


def _function(seeder: Seeder, function: LambdaFunction) -> None:
    more: dict[str, Any] = {}
    if function.dead_letter_queue:
        more["DeadLetterConfig"] = {"TargetArn": seeder.id_of("queue", function.dead_letter_queue)}
    if function.vpc_subnets:
        more["VpcConfig"] = {
            "SubnetIds": [seeder.id_of("subnet", subnet) for subnet in function.vpc_subnets],
            "SecurityGroupIds": [],
        }
    awslambda = seeder.client("lambda")
    made = awslambda.create_function(
        FunctionName=function.name,
        Runtime=function.runtime,
        Handler=function.handler,
        Description=function.description,
        Role=seeder.role(function.role, "lambda"),
        Code={"ZipFile": _code()},
        MemorySize=function.memory_mb,
        Timeout=function.timeout_s,
        Architectures=[function.architecture],
        Environment={"Variables": dict(function.environment)},
        Tags=dict(function.tags),
        **more,
    )
    seeder.ids["function", function.name] = made["FunctionArn"]
    _publish(seeder, function)
    if function.on_failure or function.maximum_retries is not None:
        _asynchronous(seeder, function)
    for alias, version in function.aliases.items():
        awslambda.create_alias(FunctionName=function.name, Name=alias, FunctionVersion=version)
    if function.reserved_concurrency is not None:
        awslambda.put_function_concurrency(
            FunctionName=function.name, ReservedConcurrentExecutions=function.reserved_concurrency
        )


def _asynchronous(seeder: Seeder, function: LambdaFunction) -> None:
    """How asynchronous invocations are retried, and where those go that failed."""
    more: dict[str, Any] = {}
    if function.on_failure:
        more["DestinationConfig"] = {"OnFailure": {"Destination": seeder.id_of("queue", function.on_failure)}}
    if function.maximum_retries is not None:
        more["MaximumRetryAttempts"] = function.maximum_retries
    seeder.client("lambda").put_function_event_invoke_config(FunctionName=function.name, **more)


def _publish(seeder: Seeder, function: LambdaFunction) -> None:
    """Publish the versions under their own numbers and times; moto alone would count from 1, today."""
    storage = seeder.backend("lambda")._lambdas
    latest = storage._functions[function.name]["latest"]
    for version in sorted(function.versions, key=lambda version: int(version.version)):
        latest.code_or_config_updated = True
        made = storage.publish_version(function.name, version.description)
        made.set_version(int(version.version))
        made.last_modified = _lambda_time(seeder.at(version.at))
        storage._arns[made.function_arn] = made
    changed = max([function.updated, *(version.at for version in function.versions)])
    latest.last_modified = _lambda_time(seeder.at(changed))
    latest.code_or_config_updated = False


def _lambda_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@cache
def _code() -> bytes:
    """A deployment package with nothing to run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n")
    return buffer.getvalue()
