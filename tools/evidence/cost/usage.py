"""What services charge for, and which CloudWatch metrics measure it: one row a kind of usage.

A kind of usage is recognised by its usage type on the bill, whose names begin with a region (`USE1-`, `EUC1-`) or not.
Metrics and usage types as in the services' own documentation of billing and monitoring.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tools.evidence.metrics.catalog import KeyMetric
from tools.evidence.names import service_key


@dataclass(frozen=True)
class Source:
    """Metrics of one namespace and set of dimensions. The last dimension names the resource unless `resource` does."""

    service: str
    namespace: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    unit: str = "Count"
    statistic: Literal["Sum", "Average"] = "Sum"
    resource: str = ""

    @property
    def key_metrics(self) -> list[KeyMetric]:
        shape = (self.service, self.namespace, self.dimensions)
        return [KeyMetric(*shape, name, self.statistic, self.unit, "both", 0.85) for name in self.metrics]

    def name_of(self, dimensions: dict[str, str]) -> str:
        """The resource's bare name: `app/shop/50dc6c495c0c9188` is the load balancer `shop`."""
        name = dimensions.get(self.resource or self.dimensions[-1], "")
        return name.split("/")[1] if name.startswith(("app/", "net/", "gwy/")) else name


@dataclass(frozen=True)
class Usage:
    """One kind of usage: on whose bill, by which usage types, measured by which metrics, and the words for a figure."""

    key: str
    service: str
    usage_type: str
    words: str
    sources: tuple[Source, ...]
    formula: Literal["sum", "gb_seconds", "largest"] = "sum"
    """`largest`: several series of a resource overlap (S3 request filters), so only the largest counts."""
    variant: str = ""
    """A dimension that is told apart, such as the storage class."""
    instead_of: tuple[str, ...] = ()
    """Coarser than these kinds: it counts only where none of them has points."""

    @property
    def level(self) -> bool:
        """Whether a figure is a level (bytes stored, tasks that run) rather than an amount a day."""
        return self.sources[0].statistic == "Average"

    @property
    def unit(self) -> str:
        return "Count" if self.formula == "gb_seconds" else self.sources[0].unit

    def of(self, service: str, usage_type: str) -> bool:
        """Whether a line of the bill is of this kind. `service` is Cost Explorer's name."""
        return self.service in _billed_as(service) and bool(re.search(self.usage_type, usage_type))


_S3_READS = ("GetRequests", "HeadRequests", "SelectRequests")
_S3_WRITES = ("PutRequests", "PostRequests", "ListRequests")
_FILTERED = ("BucketName", "FilterId")
_ALB, _NLB = "AWS/ApplicationELB", "AWS/NetworkELB"
_NAT = Source("nat", "AWS/NATGateway", ("NatGatewayId",), ("BytesInFromSource", "BytesInFromDestination"), "Bytes")
_CONSUMED = Source(
    "dynamodb", "AWS/DynamoDB", ("TableName",), ("ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits")
)
_PROVISIONED = Source(
    "dynamodb",
    "AWS/DynamoDB",
    ("TableName",),
    ("ProvisionedWriteCapacityUnits", "ProvisionedReadCapacityUnits"),
    "Count",
    "Average",
)
_GROUP_SIZE = Source(
    "autoscaling", "AWS/AutoScaling", ("AutoScalingGroupName",), ("GroupInServiceInstances",), "Count", "Average"
)

USAGES: tuple[Usage, ...] = (
    Usage(
        "lambda",
        "lambda",
        r"GB-Second|Lambda-(Request|Edge)|(^|-)Request$|Provisioned",
        "GB-seconds",
        (Source("lambda", "AWS/Lambda", ("FunctionName",), ("Invocations", "Duration")),),
        formula="gb_seconds",
    ),
    Usage("nat", "ec2", r"NatGateway", "processed", (_NAT,)),
    Usage(
        "data transfer",
        "ec2",
        r"DataTransfer|AWS-(In|Out)-Bytes|^(\w+-)?(In|Out)-Bytes",
        "sent",
        (
            Source("nat", "AWS/NATGateway", ("NatGatewayId",), ("BytesOutToDestination",), "Bytes"),
            Source("elb", _ALB, ("LoadBalancer",), ("ProcessedBytes",), "Bytes"),
            Source("elb", _NLB, ("LoadBalancer",), ("ProcessedBytes",), "Bytes"),
            Source("ec2", "AWS/EC2", ("InstanceId",), ("NetworkOut",), "Bytes"),
            Source("s3", "AWS/S3", _FILTERED, ("BytesDownloaded",), "Bytes", resource="BucketName"),
        ),
    ),
    Usage("instances", "ec2", r"(BoxUsage|SpotUsage|DedicatedUsage|HostUsage)", "instances in service", (_GROUP_SIZE,)),
    Usage(
        "s3 reads",
        "s3",
        r"Requests-[\w-]*(Tier2|GDA)|Retrieval|Select-",
        "read requests",
        (Source("s3", "AWS/S3", _FILTERED, _S3_READS, resource="BucketName"),),
        formula="largest",
    ),
    Usage(
        "s3 writes",
        "s3",
        r"Requests-(?!.*(Tier2|GDA))",
        "write and list requests",
        (Source("s3", "AWS/S3", _FILTERED, _S3_WRITES, resource="BucketName"),),
        formula="largest",
    ),
    Usage(
        "s3 requests",
        "s3",
        r"Requests-",
        "requests",
        (Source("s3", "AWS/S3", _FILTERED, ("AllRequests",), resource="BucketName"),),
        formula="largest",
        instead_of=("s3 reads", "s3 writes"),
    ),
    Usage(
        "s3 storage",
        "s3",
        r"TimedStorage|EarlyDelete",
        "stored",
        (
            Source(
                "s3",
                "AWS/S3",
                ("BucketName", "StorageType"),
                ("BucketSizeBytes",),
                "Bytes",
                "Average",
                resource="BucketName",
            ),
        ),
        variant="StorageType",
    ),
    Usage(
        "s3 transfer",
        "s3",
        r"DataTransfer-Out|-Out-Bytes|^Out-Bytes",
        "downloaded",
        (Source("s3", "AWS/S3", _FILTERED, ("BytesDownloaded",), "Bytes", resource="BucketName"),),
        formula="largest",
    ),
    Usage("dynamodb", "dynamodb", r"RequestUnits|ReplWriteUnits", "capacity units", (_CONSUMED,)),
    Usage("dynamodb provisioned", "dynamodb", r"CapacityUnit-Hrs", "provisioned capacity units", (_PROVISIONED,)),
    Usage(
        "logs",
        "cloudwatch",
        r"DataProcessing-Bytes|DataProcessingIA-Bytes|VendedLog",
        "of logs taken in",
        (Source("cloudwatch", "AWS/Logs", ("LogGroupName",), ("IncomingBytes",), "Bytes"),),
    ),
    Usage(
        "elb",
        "elb",
        r"LCUUsage",
        "capacity units (LCU)",
        (
            Source("elb", _ALB, ("LoadBalancer",), ("ConsumedLCUs",)),
            Source("elb", _NLB, ("LoadBalancer",), ("ConsumedLCUs",)),
        ),
    ),
    Usage(
        "elb requests",
        "elb",
        r"LCUUsage|LoadBalancerUsage",
        "requests",
        (Source("elb", _ALB, ("LoadBalancer",), ("RequestCount",)),),
        instead_of=("elb",),
    ),
    Usage(
        "rds io",
        "rds",
        r"IOUsage|PIOPS",
        "volume operations",
        (Source("rds", "AWS/RDS", ("DBClusterIdentifier",), ("VolumeReadIOPs", "VolumeWriteIOPs")),),
    ),
    Usage(
        "rds storage",
        "rds",
        r"Storage(?!IO)|Backup",
        "stored",
        (Source("rds", "AWS/RDS", ("DBClusterIdentifier",), ("VolumeBytesUsed",), "Bytes", "Average"),),
    ),
    Usage(
        "rds serverless",
        "rds",
        r"ServerlessV?2?Usage",
        "capacity units (ACU)",
        (Source("rds", "AWS/RDS", ("DBInstanceIdentifier",), ("ServerlessDatabaseCapacity",), "Count", "Average"),),
    ),
    Usage(
        "fargate",
        "ecs",
        r"Fargate",
        "running tasks",
        (
            Source(
                "ecs",
                "ECS/ContainerInsights",
                ("ClusterName", "ServiceName"),
                ("RunningTaskCount",),
                "Count",
                "Average",
            ),
        ),
    ),
    Usage(
        "sqs",
        "sqs",
        r"Requests",
        "messages",
        (Source("sqs", "AWS/SQS", ("QueueName",), ("NumberOfMessagesSent", "NumberOfMessagesReceived")),),
    ),
    Usage("sns", "sns", r"", "messages", (Source("sns", "AWS/SNS", ("TopicName",), ("NumberOfMessagesPublished",)),)),
    Usage(
        "apigateway",
        "apigateway",
        r"",
        "requests",
        (Source("apigateway", "AWS/ApiGateway", ("ApiName",), ("Count",)),),
    ),
    Usage(
        "stepfunctions",
        "stepfunctions",
        r"",
        "executions",
        (Source("stepfunctions", "AWS/States", ("StateMachineArn",), ("ExecutionsStarted",)),),
    ),
    Usage(
        "kinesis",
        "kinesis",
        r"",
        "taken in",
        (Source("kinesis", "AWS/Kinesis", ("StreamName",), ("IncomingBytes",), "Bytes"),),
    ),
)
_SPOKEN = {"nat": ("nat",), "ec2": ("nat", "data transfer", "instances")}
"""What a service that is asked for by name and did not move means, where that is not all of its kinds."""


def usages_of(lines: Iterable[tuple[str, str]]) -> list[Usage]:
    """The kinds of usage behind lines of the bill, (service, usage type), in their order."""
    lines = list(lines)
    return list(dict.fromkeys(usage for line in lines for usage in USAGES if usage.of(*line)))


def usages_of_service(service: str) -> list[Usage]:
    """All kinds of usage of a service in anyone's words, or one kind by its own name, such as `data transfer`."""
    key = service_key(service)
    wanted = _SPOKEN.get(key, ())
    return [u for u in USAGES if u.key == service.lower() or u.key in wanted or (not wanted and u.service == key)]


def _billed_as(service: str) -> tuple[str, ...]:
    """Our keys for Cost Explorer's name: `EC2 - Other` holds NAT gateways, volumes and transfer."""
    key = service_key(service)
    return ("ec2",) if key == "nat" else (key,)
