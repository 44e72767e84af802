"""Lambda, SQS, SNS, DynamoDB and S3 as a scenario describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from deploy.local.account.schema.base import Entry, Json, Length, Offset


class LambdaVersion(Entry):
    version: str
    """A whole number: versions are published in ascending order, from 1."""
    at: Offset
    description: str = ""


class ProvisionedConcurrency(Entry):
    alias: str
    requested: int
    allocated: int | None = None
    """As requested when absent."""
    status: Literal["IN_PROGRESS", "READY", "FAILED"] = "READY"
    reason: str = ""


class Outcome(Entry):
    """What an invocation comes to, for the first outcome of a function that fits its version and its payload."""

    versions: tuple[str, ...] = ()
    """Of any version when empty; $LATEST is one."""
    payload_has: tuple[str, ...] = ()
    """Keys that the payload must have."""
    payload_lacks: tuple[str, ...] = ()
    """Keys of which it must lack one."""
    minimum_memory_mb: int = 0
    """Only with so much memory or more."""
    minimum_timeout_s: int = 0
    payload: Json = None
    """What the function returns."""
    error_type: str = ""
    error_message: str = ""
    milliseconds: float = 40

    @property
    def fails(self) -> bool:
        return bool(self.error_type)


class LambdaFunction(Entry):
    name: str
    runtime: str = "python3.12"
    handler: str = "app.handler"
    description: str = ""
    memory_mb: int = 256
    timeout_s: int = 30
    architecture: str = "arm64"
    environment: Mapping[str, str] = {}
    versions: tuple[LambdaVersion, ...] = ()
    aliases: Mapping[str, str] = {}
    reserved_concurrency: int | None = None
    provisioned_concurrency: tuple[ProvisionedConcurrency, ...] = ()
    dead_letter_queue: str | None = None
    """Name of an SQS queue of the scenario."""
    on_failure: str | None = None
    """Name of an SQS queue of the scenario that gets failed asynchronous invocations."""
    maximum_retries: int | None = None
    """Of asynchronous invocations."""
    role: str | None = None
    log_group: str | None = None
    """Where it logs, when that is not /aws/lambda/ and its name."""
    vpc_subnets: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    """What invocations come to; the payload comes back when there is none that fits."""
    updated: Offset = timedelta(days=-40)
    """Last change of code or configuration; a newer version's time wins."""
    tags: Mapping[str, str] = {}


class EventSourceMapping(Entry):
    function: str
    queue: str | None = None
    """Name of an SQS queue; or `table` for a DynamoDB stream."""
    table: str | None = None
    batch_size: int = 10
    enabled: bool = True
    maximum_concurrency: int | None = None
    report_batch_item_failures: bool = False
    last_result: str = "OK"
    """What came of the last batch: OK, No records processed, PROBLEM: Function call failed ..."""
    reason: str = ""
    """Why the mapping is in its state, as Lambda writes it."""


class S3Object(Entry):
    key: str
    """May hold {date:-1d}, or {date:-1d|%Y/%m/%d}, rendered by strftime."""
    size: int = 1024
    at: Offset
    deleted: Offset | None = None
    """When it was deleted; in a bucket with versioning that leaves a delete marker."""
    storage_class: str = "STANDARD"
    restoring: bool = False
    """Whether somebody asked for a copy out of Glacier."""
    kms_key: str = ""


class S3Series(Entry):
    """Objects that arrive regularly: one for each day (or hour) of a range; {date} or {date|%Y%m%d%H} in its key."""

    key: str
    size: int = 1024
    every: Length = timedelta(days=1)
    start: Offset = Field(alias="from")
    end: Offset = Field(default=timedelta(0), alias="to")
    delay: Length = timedelta(0)
    """How long after the moment in its name an object is written."""


class S3Notification(Entry):
    function: str | None = None
    queue: str | None = None
    topic: str | None = None
    events: tuple[str, ...] = ("s3:ObjectCreated:*",)
    prefix: str | None = None
    suffix: str | None = None


class S3Bucket(Entry):
    name: str
    versioning: bool = False
    objects: tuple[S3Object, ...] = ()
    series: tuple[S3Series, ...] = ()
    notifications: tuple[S3Notification, ...] = ()
    lifecycle_days: int | None = None
    tags: Mapping[str, str] = {}


class SqsMessage(Entry):
    body: str
    at: Offset
    attributes: Mapping[str, str] = {}
    receive_count: int = 0
    """ApproximateReceiveCount before anybody receives it here."""


class Redrive(Entry):
    queue: str
    """Name of the dead-letter queue."""
    max_receive_count: int = 5


class MoveTask(Entry):
    """Messages that are moved out of a dead-letter queue; written by calls rather than in a scenario's file."""

    handle: str
    at: Offset
    destination: str | None = None
    """Name of a queue; each message goes back to where it came from when absent."""
    per_second: int | None = None
    messages: int
    cancelled: bool = False


class SqsQueue(Entry):
    """Depth and age come from the scenario's AWS/SQS metrics where there are any, else from the messages."""

    name: str
    fifo: bool = False
    visibility_timeout_s: int = 30
    retention_days: float = 4
    attributes: Mapping[str, str] = {}
    redrive: Redrive | None = None
    messages: tuple[SqsMessage, ...] = ()
    move_tasks: tuple[MoveTask, ...] = ()
    created: Offset = timedelta(days=-200)
    tags: Mapping[str, str] = {}


class SnsSubscription(Entry):
    protocol: str
    endpoint: str
    """An address; for sqs and lambda the name of a queue or function of the scenario."""


class SnsTopic(Entry):
    name: str
    subscriptions: tuple[SnsSubscription, ...] = ()
    tags: Mapping[str, str] = {}


class EventRule(Entry):
    """A rule of an EventBridge bus that puts the events it matches into a queue."""

    name: str
    bus: str = "default"
    """Made if it is another one."""
    pattern: Mapping[str, Json]
    queue: str | None = None
    """Name of an SQS queue of the scenario."""


class AutoScalingRange(Entry):
    minimum: int
    maximum: int
    target_percent: float = 70.0


class DynamoDbIndex(Entry):
    name: str
    hash_key: str
    range_key: str | None = None
    read_capacity: int = 5
    write_capacity: int = 5


class DynamoDbTable(Entry):
    name: str
    hash_key: str = "pk"
    range_key: str | None = None
    on_demand: bool = False
    read_capacity: int = 5
    write_capacity: int = 5
    indexes: tuple[DynamoDbIndex, ...] = ()
    read_autoscaling: AutoScalingRange | None = None
    write_autoscaling: AutoScalingRange | None = None
    items: tuple[dict[str, Json], ...] = ()
    """Plain values, turned into DynamoDB's types."""
    item_count: int | None = None
    size_bytes: int | None = None
    created: Offset = timedelta(days=-300)
    updated: Offset | None = None
    """When its capacity was last changed; it is UPDATING for a while then."""
    stream: bool = False
    tags: Mapping[str, str] = {}
