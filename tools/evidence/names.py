"""What people, ARNs, Cost Explorer, CloudTrail and CloudWatch call the same service or resource. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUALIFIER = re.compile(r"^(\$LATEST|\d+)$")


@dataclass(frozen=True)
class Service:
    """One service: our short name, then its names in Cost Explorer, CloudWatch, CloudTrail and speech."""

    key: str
    cost: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    event_sources: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()


SERVICES: tuple[Service, ...] = (
    Service("lambda", ("AWS Lambda",), ("AWS/Lambda",), ("lambda",), ("function", "functions", "lambdas")),
    Service(
        "rds",
        ("Amazon Relational Database Service",),
        ("AWS/RDS",),
        ("rds",),
        ("database", "databases", "aurora", "postgres", "mysql", "db"),
    ),
    Service(
        "ecs",
        ("Amazon Elastic Container Service",),
        ("AWS/ECS", "ECS/ContainerInsights"),
        ("ecs",),
        ("fargate", "container", "containers"),
    ),
    Service("sqs", ("Amazon Simple Queue Service",), ("AWS/SQS",), ("sqs",), ("queue", "queues")),
    Service("sns", ("Amazon Simple Notification Service",), ("AWS/SNS",), ("sns",), ("topic", "topics")),
    Service("dynamodb", ("Amazon DynamoDB",), ("AWS/DynamoDB",), ("dynamodb",), ("dynamo", "table", "tables")),
    Service(
        "nat", ("EC2 - Other",), ("AWS/NATGateway",), ("ec2",), ("natgateway", "nat gateway", "vpc", "data transfer")
    ),
    Service("s3", ("Amazon Simple Storage Service",), ("AWS/S3",), ("s3",), ("bucket", "buckets")),
    Service(
        "ec2",
        ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other"),
        ("AWS/EC2",),
        ("ec2",),
        ("instance", "instances", "amazonec2"),
    ),
    Service("autoscaling", (), ("AWS/AutoScaling",), ("autoscaling",), ("asg", "auto scaling")),
    Service(
        "elb",
        ("Amazon Elastic Load Balancing", "Elastic Load Balancing"),
        ("AWS/ApplicationELB", "AWS/NetworkELB"),
        ("elasticloadbalancing",),
        ("alb", "nlb", "elbv2", "load balancer", "load balancers"),
    ),
    Service("redshift", ("Amazon Redshift",), ("AWS/Redshift",), ("redshift", "redshift-data"), ("warehouse",)),
    Service(
        "mwaa",
        ("Amazon Managed Workflows for Apache Airflow",),
        ("AmazonMWAA", "AWS/MWAA"),
        ("airflow",),
        ("airflow", "dag"),
    ),
    Service("stepfunctions", ("AWS Step Functions",), ("AWS/States",), ("states",), ("states", "sfn", "state machine")),
    Service(
        "apigateway",
        ("Amazon API Gateway",),
        ("AWS/ApiGateway",),
        ("apigateway",),
        ("api", "apigatewayv2", "api gateway", "rest api", "http api"),
    ),
    Service("cloudformation", (), (), ("cloudformation",), ("cfn", "stack", "stacks")),
    Service("codedeploy", ("AWS CodeDeploy",), (), ("codedeploy",), ("code deploy",)),
    Service(
        "cloudwatch", ("AmazonCloudWatch",), ("AWS/Logs",), ("monitoring", "logs"), ("logs", "log group", "monitoring")
    ),
    Service("kinesis", ("Amazon Kinesis",), ("AWS/Kinesis",), ("kinesis",), ("stream", "streams")),
    Service("events", ("CloudWatch Events",), ("AWS/Events",), ("events",), ("eventbridge",)),
    Service(
        "elasticache", ("Amazon ElastiCache",), ("AWS/ElastiCache",), ("elasticache",), ("redis", "cache", "memcached")
    ),
    Service("secretsmanager", ("AWS Secrets Manager",), (), ("secretsmanager",), ("secret", "secrets")),
    Service("kms", ("AWS Key Management Service",), (), ("kms",), ()),
    Service("iam", (), (), ("iam",), ("role", "policy")),
)
BY_KEY = {service.key: service for service in SERVICES}


def _known_names() -> dict[str, str]:
    """Plain name to key; our own keys win over what else a word may mean."""
    names = {_plain(service.key): service.key for service in SERVICES}
    for service in SERVICES:
        for name in (*service.spoken, *service.event_sources, *service.namespaces, *service.cost):
            names.setdefault(_plain(name), service.key)
    return names


def _plain(text: str) -> str:
    """Lower case without vendor words and separators, so that `AWS/Lambda` and `aws lambda` are the same."""
    words = re.split(r"[^a-z0-9]+", text.lower().removesuffix(".amazonaws.com"))
    return "".join(word for word in words if word not in ("aws", "amazon")).removeprefix("amazon")


_KNOWN = _known_names()


def service_key(text: str) -> str:
    """Our short name of a service, however it was written; empty when unknown. `Amazon DynamoDB` gives `dynamodb`."""
    return _KNOWN.get(_plain(text), "")


def service_of_namespace(namespace: str) -> str:
    for service in SERVICES:
        if namespace in service.namespaces:
            return service.key
    return namespace.removeprefix("AWS/").lower()


def cost_names(text: str) -> tuple[str, ...]:
    """Cost Explorer's names for a service; the text itself when it is none that we know."""
    service = BY_KEY.get(service_key(text))
    if service is None or text in service.cost:
        return (text,) if text else ()
    return service.cost or (text,)


def service_of_arn(arn: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return ""
    if parts[2] == "ec2" and parts[5].startswith("natgateway/"):
        return "nat"
    return service_key(parts[2]) or parts[2]


def service_of_id(name: str) -> str:
    """The service that an id of its own kind betrays: `nat-0a1b2c` is a NAT gateway. Empty for other names."""
    return "nat" if name.startswith("nat-0") else "ec2" if re.match(r"^i-[0-9a-f]{8,}$", name) else ""


def bare_name(text: str) -> str:
    """The name that other APIs accept, from a name, ARN, queue URL or service log group.

    `arn:aws:lambda:us-east-1:123456789012:function:checkout:live` gives `checkout`.
    """
    text = text.strip()
    if text.startswith("arn:"):
        return _of_arn(text)
    if text.startswith(("https://sqs.", "http://")) or "/queue/" in text:
        return text.rstrip("/").rsplit("/", 1)[-1]
    if text.startswith("s3://"):
        return text[5:].split("/", 1)[0]
    if text.startswith(("/aws/lambda/", "/ecs/")):
        return text.rsplit("/", 1)[-1]
    return text


def _of_arn(arn: str) -> str:
    service, tail = arn.split(":", 5)[2], arn.split(":", 5)[-1]
    if service == "s3":
        return tail.split("/", 1)[0]
    if service == "lambda":
        return tail.split(":")[1] if ":" in tail else tail
    if service == "dynamodb":
        return tail.split("/")[1] if "/" in tail else tail
    if service == "elasticloadbalancing" and "/" in tail:
        return tail.split("/")[2] if tail.startswith("loadbalancer/") and tail.count("/") >= 2 else tail.split("/")[1]
    if service == "logs":
        return bare_name(tail.removeprefix("log-group:").removesuffix(":*"))
    if service == "cloudformation" and tail.startswith("stack/"):
        return tail.split("/")[1]
    if service == "states" and tail.startswith("execution:"):
        return tail.split(":")[1]
    last = tail.rsplit("/", 1)[-1]
    parts = [part for part in last.split(":") if part]
    return parts[-2] if len(parts) > 1 and _QUALIFIER.match(parts[-1]) else parts[-1] if parts else last


def matches(name: str, wanted: str) -> int:
    """How well a name is what was asked for: 3 the same, 2 its beginning or a whole word of it, 1 a part, 0 not."""
    have, want = name.lower(), bare_name(wanted).lower()
    if not want or have == want:
        return 3
    if have.startswith(want) or re.search(rf"(^|[^a-z0-9]){re.escape(want)}([^a-z0-9]|$)", have):
        return 2
    squeezed = re.sub(r"[^a-z0-9]", "", have)
    return 1 if want in have or re.sub(r"[^a-z0-9]", "", want) in squeezed else 0
