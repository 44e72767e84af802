"""Watchkeeper's own tables and queue in AWS: `watchkeeper tables` creates them, the doctor checks them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import StoreUnavailable
from agent.settings import Settings
from tools.queues.sqs_definition import create_queues
from tools.stores.dynamodb.client import own_client
from tools.stores.dynamodb.errors import unavailable
from tools.stores.dynamodb.tables import TABLES, create_tables, missing_tables


def create_own_stores(settings: Settings, queue: str = "") -> tuple[list[str], str]:
    """The names of the tables that were missing, and the queue's URL; "" when no queue was asked for."""
    what, action = "tables", "dynamodb:CreateTable"
    try:
        created = create_tables(_client("dynamodb", settings), settings.table_prefix)
        if not queue:
            return created, ""
        what, action = f"queue {queue}", "sqs:CreateQueue"
        return created, create_queues(_client("sqs", settings), queue)
    except (ClientError, BotoCoreError) as error:
        raise unavailable(what, action, error) from error


def check_own_stores(settings: Settings) -> Iterator[dict[str, Any]]:
    """Fields of `deploy.doctor.Check`; nothing when all is kept in SQLite."""
    if settings.store != "dynamodb":
        return
    yield _check("Tables", lambda: _tables(settings))
    if settings.queue_url:
        yield _check("Queue", lambda: _queue(settings))


def _check(name: str, look: Any) -> dict[str, Any]:
    try:
        return {"name": name, **look()}
    except StoreUnavailable as error:
        return {"name": name, "status": "fail", "message": str(error), "fix": "nothing can be kept until then"}


def _tables(settings: Settings) -> dict[str, Any]:
    try:
        missing = missing_tables(_client("dynamodb", settings), settings.table_prefix)
    except (ClientError, BotoCoreError) as error:
        raise unavailable("tables", "dynamodb:DescribeTable", error) from error
    if missing:
        fix = "run `watchkeeper tables`, or correct WATCHKEEPER_TABLE_PREFIX and WATCHKEEPER_AWS_REGION"
        return {"status": "fail", "message": f"missing: {', '.join(missing)}", "fix": fix}
    return {"status": "ok", "message": f"all {len(TABLES)} in {settings.aws_region}, {settings.table_prefix}*"}


def _queue(settings: Settings) -> dict[str, Any]:
    try:
        reply = _client("sqs", settings).get_queue_attributes(
            QueueUrl=settings.queue_url, AttributeNames=["RedrivePolicy"]
        )
    except (ClientError, BotoCoreError) as error:
        raise unavailable(f"queue {settings.queue_url}", "sqs:GetQueueAttributes", error) from error
    if "RedrivePolicy" not in reply.get("Attributes", {}):
        fix = "give it a redrive policy, so that a job which always fails is set aside"
        return {"status": "fail", "message": f"{settings.queue_url} has no dead-letter queue", "fix": fix}
    return {"status": "ok", "message": f"{settings.queue_url}, with dead letters"}


def _client(service: Any, settings: Settings) -> Any:
    return own_client(service, settings.aws_region, settings.aws_profile, settings.aws_timeout_seconds)
