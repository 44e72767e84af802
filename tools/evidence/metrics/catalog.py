"""The metrics that tell most about each service: what to read of them, and which way is bad.

One row a metric: name, statistic, unit, which way to watch, weight. `counts` are read as a Sum and shown as a rate a
minute, and a missing point of theirs is a zero; of the others a missing point is simply missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.anomaly import Looked


@dataclass(frozen=True)
class KeyMetric:
    service: str
    namespace: str
    dimensions: tuple[str, ...]
    """The dimensions of the series that is meant; the last one names the resource."""
    name: str
    statistic: str
    unit: str
    watch: Looked
    weight: float
    """How much a departure says by itself: 1 for errors, less for what only gives context."""

    @property
    def counts(self) -> bool:
        return self.statistic == "Sum"


_Row = tuple[str, str, str, Looked, float]

_TABLES: dict[tuple[str, str, tuple[str, ...]], tuple[_Row, ...]] = {
    ("lambda", "AWS/Lambda", ("FunctionName",)): (
        ("Errors", "Sum", "Count", "rise", 1.0),
        ("Throttles", "Sum", "Count", "rise", 1.0),
        ("Duration", "Average", "Milliseconds", "rise", 0.9),
        ("Invocations", "Sum", "Count", "both", 0.9),
        ("ConcurrentExecutions", "Maximum", "Count", "rise", 0.8),
        ("DeadLetterErrors", "Sum", "Count", "rise", 0.9),
        ("DestinationDeliveryFailures", "Sum", "Count", "rise", 0.9),
        ("AsyncEventsDropped", "Sum", "Count", "rise", 1.0),
        ("AsyncEventAge", "Maximum", "Milliseconds", "rise", 0.85),
        ("ProvisionedConcurrencySpilloverInvocations", "Sum", "Count", "rise", 0.85),
        ("IteratorAge", "Maximum", "Milliseconds", "rise", 0.9),
    ),
    ("sqs", "AWS/SQS", ("QueueName",)): (
        ("ApproximateAgeOfOldestMessage", "Maximum", "Seconds", "rise", 1.0),
        ("ApproximateNumberOfMessagesVisible", "Maximum", "Count", "rise", 1.0),
        ("ApproximateNumberOfMessagesNotVisible", "Maximum", "Count", "rise", 0.8),
        ("NumberOfMessagesSent", "Sum", "Count", "both", 0.85),
        ("NumberOfMessagesReceived", "Sum", "Count", "both", 0.8),
        ("NumberOfMessagesDeleted", "Sum", "Count", "drop", 0.9),
    ),
    ("rds", "AWS/RDS", ("DBInstanceIdentifier",)): (
        ("DatabaseConnections", "Maximum", "Count", "both", 1.0),
        ("CPUUtilization", "Average", "Percent", "rise", 0.95),
        ("FreeableMemory", "Minimum", "Bytes", "drop", 0.9),
        ("FreeStorageSpace", "Minimum", "Bytes", "drop", 1.0),
        ("ReadLatency", "Average", "Seconds", "rise", 0.9),
        ("WriteLatency", "Average", "Seconds", "rise", 0.9),
        ("DiskQueueDepth", "Average", "Count", "rise", 0.85),
        ("ReplicaLag", "Maximum", "Seconds", "rise", 0.9),
        ("Deadlocks", "Sum", "Count", "rise", 0.95),
    ),
    ("ecs", "AWS/ECS", ("ClusterName", "ServiceName")): (
        ("MemoryUtilization", "Maximum", "Percent", "rise", 1.0),
        ("CPUUtilization", "Average", "Percent", "rise", 0.9),
    ),
    ("ecs", "ECS/ContainerInsights", ("ClusterName", "ServiceName")): (
        ("RunningTaskCount", "Average", "Count", "drop", 1.0),
        ("PendingTaskCount", "Average", "Count", "rise", 0.85),
        ("MemoryUtilized", "Maximum", "Megabytes", "rise", 0.9),
        ("RestartCount", "Sum", "Count", "rise", 1.0),
    ),
    ("dynamodb", "AWS/DynamoDB", ("TableName",)): (
        ("WriteThrottleEvents", "Sum", "Count", "rise", 1.0),
        ("ReadThrottleEvents", "Sum", "Count", "rise", 1.0),
        ("ConsumedWriteCapacityUnits", "Sum", "Count", "both", 0.85),
        ("ConsumedReadCapacityUnits", "Sum", "Count", "both", 0.85),
        ("ThrottledRequests", "Sum", "Count", "rise", 1.0),
        ("SystemErrors", "Sum", "Count", "rise", 0.95),
        ("UserErrors", "Sum", "Count", "rise", 0.8),
    ),
    ("dynamodb", "AWS/DynamoDB", ("TableName", "Operation")): (
        ("ThrottledRequests", "Sum", "Count", "rise", 1.0),
        ("SuccessfulRequestLatency", "Average", "Milliseconds", "rise", 0.85),
    ),
    ("elb", "AWS/ApplicationELB", ("LoadBalancer",)): (
        ("HTTPCode_Target_5XX_Count", "Sum", "Count", "rise", 1.0),
        ("HTTPCode_ELB_5XX_Count", "Sum", "Count", "rise", 1.0),
        ("TargetResponseTime", "Average", "Seconds", "rise", 0.95),
        ("RequestCount", "Sum", "Count", "both", 0.85),
        ("RejectedConnectionCount", "Sum", "Count", "rise", 0.95),
    ),
    ("elb", "AWS/ApplicationELB", ("TargetGroup", "LoadBalancer")): (
        ("UnHealthyHostCount", "Maximum", "Count", "rise", 1.0),
        ("HealthyHostCount", "Minimum", "Count", "drop", 1.0),
    ),
    ("nat", "AWS/NATGateway", ("NatGatewayId",)): (
        ("BytesOutToDestination", "Sum", "Bytes", "both", 0.9),
        ("BytesInFromDestination", "Sum", "Bytes", "both", 0.9),
        ("BytesInFromSource", "Sum", "Bytes", "both", 0.9),
        ("ErrorPortAllocation", "Sum", "Count", "rise", 1.0),
        ("PacketsDropCount", "Sum", "Count", "rise", 0.9),
        ("ActiveConnectionCount", "Maximum", "Count", "rise", 0.8),
    ),
    ("ec2", "AWS/EC2", ("InstanceId",)): (
        ("StatusCheckFailed", "Maximum", "Count", "rise", 1.0),
        ("CPUUtilization", "Average", "Percent", "rise", 0.9),
        ("NetworkOut", "Sum", "Bytes", "both", 0.8),
        ("CPUCreditBalance", "Minimum", "Count", "drop", 0.9),
    ),
    ("autoscaling", "AWS/AutoScaling", ("AutoScalingGroupName",)): (
        ("GroupInServiceInstances", "Average", "Count", "both", 0.9),
    ),
    ("apigateway", "AWS/ApiGateway", ("ApiName",)): (
        ("5XXError", "Sum", "Count", "rise", 1.0),
        ("4XXError", "Sum", "Count", "rise", 0.85),
        ("Latency", "Average", "Milliseconds", "rise", 0.9),
        ("IntegrationLatency", "Average", "Milliseconds", "rise", 0.9),
        ("Count", "Sum", "Count", "both", 0.85),
    ),
    ("apigateway", "AWS/ApiGateway", ("ApiId",)): (
        ("5xx", "Sum", "Count", "rise", 1.0),
        ("4xx", "Sum", "Count", "rise", 0.85),
        ("Latency", "Average", "Milliseconds", "rise", 0.9),
        ("IntegrationLatency", "Average", "Milliseconds", "rise", 0.9),
        ("Count", "Sum", "Count", "both", 0.85),
    ),
    ("stepfunctions", "AWS/States", ("StateMachineArn",)): (
        ("ExecutionsFailed", "Sum", "Count", "rise", 1.0),
        ("ExecutionsTimedOut", "Sum", "Count", "rise", 1.0),
        ("ExecutionsAborted", "Sum", "Count", "rise", 0.85),
        ("ExecutionThrottled", "Sum", "Count", "rise", 0.9),
        ("ExecutionsStarted", "Sum", "Count", "both", 0.85),
    ),
    ("redshift", "AWS/Redshift", ("ClusterIdentifier",)): (
        ("CPUUtilization", "Average", "Percent", "rise", 0.9),
        ("PercentageDiskSpaceUsed", "Average", "Percent", "rise", 1.0),
        ("DatabaseConnections", "Average", "Count", "both", 0.9),
        ("HealthStatus", "Minimum", "Count", "drop", 1.0),
    ),
    ("mwaa", "AmazonMWAA", ("Environment", "Function")): (
        ("SchedulerHeartbeat", "Sum", "Count", "drop", 1.0),
        ("TaskInstanceFailures", "Sum", "Count", "rise", 1.0),
        ("QueuedTasks", "Maximum", "Count", "rise", 0.9),
        ("ImportErrors", "Maximum", "Count", "rise", 1.0),
    ),
    ("s3", "AWS/S3", ("BucketName", "FilterId")): (
        ("5xxErrors", "Sum", "Count", "rise", 1.0),
        ("4xxErrors", "Sum", "Count", "rise", 0.85),
        ("AllRequests", "Sum", "Count", "both", 0.85),
    ),
    ("sns", "AWS/SNS", ("TopicName",)): (
        ("NumberOfNotificationsFailed", "Sum", "Count", "rise", 1.0),
        ("NumberOfMessagesPublished", "Sum", "Count", "both", 0.85),
    ),
    ("kinesis", "AWS/Kinesis", ("StreamName",)): (
        ("GetRecords.IteratorAgeMilliseconds", "Maximum", "Milliseconds", "rise", 1.0),
        ("WriteProvisionedThroughputExceeded", "Sum", "Count", "rise", 1.0),
        ("IncomingBytes", "Sum", "Bytes", "both", 0.85),
    ),
    ("events", "AWS/Events", ("RuleName",)): (("FailedInvocations", "Sum", "Count", "rise", 1.0),),
    ("elasticache", "AWS/ElastiCache", ("CacheClusterId",)): (
        ("EngineCPUUtilization", "Average", "Percent", "rise", 0.95),
        ("DatabaseMemoryUsagePercentage", "Maximum", "Percent", "rise", 1.0),
        ("Evictions", "Sum", "Count", "rise", 0.95),
        ("CurrConnections", "Maximum", "Count", "both", 0.85),
    ),
    ("cloudwatch", "AWS/Logs", ("LogGroupName",)): (("IncomingBytes", "Sum", "Bytes", "both", 0.85),),
}

CATALOG: tuple[KeyMetric, ...] = tuple(
    KeyMetric(service, namespace, dimensions, *row)
    for (service, namespace, dimensions), rows in _TABLES.items()
    for row in rows
)
_INDEX = {(m.namespace, m.name, frozenset(m.dimensions)): m for m in CATALOG}
_COUNT_WORDS = ("count", "errors", "requests", "invocations", "events", "failed", "total", "orders")


def key_metric(namespace: str, name: str, dimensions: frozenset[str]) -> KeyMetric | None:
    return _INDEX.get((namespace, name, dimensions))


def custom_metric(namespace: str, name: str, dimensions: tuple[str, ...]) -> KeyMetric:
    """How to read a metric that nobody described: as an average that may move either way."""
    unit = "Percent" if "percent" in name.lower() or "utilization" in name.lower() else "None"
    statistic = "Sum" if name.lower().endswith(_COUNT_WORDS) else "Average"
    return KeyMetric(namespace.removeprefix("AWS/").lower(), namespace, dimensions, name, statistic, unit, "both", 0.85)
