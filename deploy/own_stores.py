"""Watchkeeper's own tables, queue and bucket in AWS: `watchkeeper tables` creates them, the doctor checks them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import InputError, StoreUnavailable
from agent.settings import Settings
from tools.archive_bucket import create_bucket, missing_settings
from tools.own_policy import own_policy
from tools.queues.sqs_definition import create_queues
from tools.secrets import references
from tools.stores.dynamodb.client import own_client
from tools.stores.dynamodb.errors import unavailable
from tools.stores.dynamodb.tables import TABLES, create_tables, missing_tables

_LOOKS = {
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
}
"""Operations that need an action of another name; HeadBucket needs ListBucket."""


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


def create_own_bucket(settings: Settings, bucket: str) -> bool:
    """Create the archive's bucket, or bring one that is there up to date; whether it is new."""
    try:
        return create_bucket(_client("s3", settings), bucket, settings.archive_days)
    except (ClientError, BotoCoreError) as error:
        action = f"s3:{_operation(error) or 'CreateBucket'}"
        raise unavailable(f"bucket {bucket}", action, error) from error


def policy_of_own_stores(settings: Settings, account: str, partition: str) -> dict[str, Any]:
    """For the tables, queues, bucket and secrets that are set. InputError when `account` is no account's id."""
    if not re.fullmatch(r"\d{12}", account):
        raise InputError(f"--own takes the twelve digits of an AWS account, not {account!r}.")
    queue, urgent = (url.rstrip("/").rpartition("/")[2] for url in (settings.queue_url, settings.urgent_queue_url))
    return own_policy(
        settings.table_prefix,
        settings.aws_region,
        account,
        partition,
        queue,
        settings.archive_bucket,
        urgent,
        references(settings, os.environ),
    )


def check_own_stores(settings: Settings) -> Iterator[dict[str, Any]]:
    """Fields of `deploy.doctor.Check`; nothing when all is kept in files."""
    if settings.store == "dynamodb":
        yield _check("Tables", lambda: _tables(settings))
    if settings.queue_url:
        yield _check("Queue", lambda: _queue(settings, settings.queue_url))
    if settings.urgent_queue_url:
        yield _check("Urgent queue", lambda: _queue(settings, settings.urgent_queue_url))
    if settings.archive_bucket:
        yield _check("Archive", lambda: _bucket(settings))
    elif settings.store == "dynamodb":
        fix = "run `watchkeeper tables --bucket NAME` and set WATCHKEEPER_ARCHIVE_BUCKET"
        message = "there is no bucket: old threads are remembered on this machine only, and very large runs fail"
        yield {"name": "Archive", "status": "warn", "message": message, "fix": fix}


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


def _queue(settings: Settings, url: str) -> dict[str, Any]:
    try:
        reply = _client("sqs", settings).get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    except (ClientError, BotoCoreError) as error:
        raise unavailable(f"queue {url}", "sqs:GetQueueAttributes", error) from error
    if "RedrivePolicy" not in reply.get("Attributes", {}):
        fix = "give it a redrive policy, so that a job which always fails is set aside"
        return {"status": "fail", "message": f"{url} has no dead-letter queue", "fix": fix}
    return {"status": "ok", "message": f"{url}, with dead letters"}


def _bucket(settings: Settings) -> dict[str, Any]:
    bucket = settings.archive_bucket
    try:
        missing = missing_settings(_client("s3", settings), bucket)
    except (ClientError, BotoCoreError) as error:
        raise unavailable(f"bucket {bucket}", f"s3:{_LOOKS.get(_operation(error), 'ListBucket')}", error) from error
    if missing:
        fix = f"run `watchkeeper tables --bucket {bucket}`"
        return {"status": "warn", "message": f"{bucket} lacks {' and '.join(missing)}", "fix": fix}
    return {"status": "ok", "message": f"{bucket}, private, with its lifecycle"}


def _operation(error: ClientError | BotoCoreError) -> str:
    return str(getattr(error, "operation_name", ""))


def _client(service: Any, settings: Settings) -> Any:
    return own_client(service, settings.aws_region, settings.aws_profile, settings.aws_timeout_seconds)
