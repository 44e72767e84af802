"""The words people use for AWS services and resources, and finding names in free text."""

from __future__ import annotations

import re

SERVICES: dict[str, tuple[str, ...]] = {
    "lambda": ("lambda", "lambdas", "function", "functions", "serverless"),
    "rds": ("rds", "database", "databases", "db", "postgres", "mysql", "aurora"),
    "ecs": ("ecs", "fargate", "container", "containers", "task definition"),
    "sqs": ("sqs", "queue", "queues", "backlog"),
    "dynamodb": ("dynamodb", "dynamo"),
    "nat": ("nat", "data transfer", "networking"),
    "s3": ("s3", "bucket", "buckets"),
    "ec2": ("ec2", "instance", "instances"),
    "elb": ("alb", "elb", "nlb", "load balancer"),
    "redshift": ("redshift", "warehouse"),
    "mwaa": ("airflow", "mwaa", "dag", "dags"),
    "apigateway": ("api gateway", "apigateway"),
    "stepfunctions": ("step functions", "state machine"),
}
"""Service names as the evidence tools take them, and what people call them."""

PIPELINES = frozenset(
    "airflow mwaa dag dags dbt etl elt dwh datamart pipeline pipelines redshift warehouse"  # noqa: SIM905 -- words
    " ingest ingestion backfill import imports dashboard dashboards report reports schema"
    " column columns partition partitions model models dataset datasets kpi kpis board"
    " boards tableau looker metabase quicksight powerbi".split()
)
"""Words that only people who speak of data pipelines use."""

BUSINESS = re.compile(
    r"\b(?:customers?|users?|people|shoppers?|visitors|sessions?|log-?ins?|sign-?ups?|orders?|payments?|checkout|carts?"
    r"|baskets?|shop|store|storefront|site|website|homepage|app|recommendations|invoices?|e-?mails?|uploads?|images"
    r"|sales|traffic|prod|production)\b",
    re.I,
)
"""What a company sells and to whom: nobody's things in particular, and all run on the account."""

NAMESPACES: dict[str, str] = {
    "AWS/Lambda": "lambda",
    "AWS/RDS": "rds",
    "AWS/ECS": "ecs",
    "ECS/ContainerInsights": "ecs",
    "AWS/SQS": "sqs",
    "AWS/DynamoDB": "dynamodb",
    "AWS/NATGateway": "nat",
    "AWS/S3": "s3",
    "AWS/EC2": "ec2",
    "AWS/ApplicationELB": "elb",
    "AWS/Redshift": "redshift",
    "AmazonMWAA": "mwaa",
    "AWS/ApiGateway": "apigateway",
    "AWS/States": "stepfunctions",
}

_NAME = re.compile(r"arn:aws[\w-]*:\S+|`([^`\s]+)`|\b[A-Za-z][A-Za-z0-9]*(?:[-_./][A-Za-z0-9]+)+\b|\bnat-[0-9a-f]+\b")
USAGE = re.compile(
    r"\bEC2 ?- ?Other\b|(?<![\w-])[\w:-]*(?:-Bytes|-Hours|GB-Seconds?(?:-ARM)?|Requests?-Tier\d|Unit-Hrs"
    r"|BoxUsage(?::[\w.]+)?|VolumeUsage(?:\.\w+)?)(?![\w-])",
    re.I,
)
"""What bills call things: a service that is none, and types of usage."""
FILE = re.compile(r"[\w.-]+\.(?:csv|tsv|json|jsonl|parquet|avro|orc|gz|zip|txt|xml|xlsx?|sql|py)", re.I)
_S3 = re.compile(r"s3://([a-z0-9.-]+)/(\S+?)(?=[\s'\"),]|$)")
_REGION = r"[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d[a-z]?"
_NOT_NAMES = re.compile(
    rf"(?:EC2-Other|(?-i:[A-Z]{{2,10}}-\d+)|(?:who|what|when|where|why|how|which|if|yes|no|he|she|up|in)/\w+|on-call|e\.g|i\.e|and/or|n/a|on/off|i/o|ci/cd|{_REGION}|AWS/\w+|ECS/\w+"
    r"|(?:day|week|month|year)-(?:to|over|on|by)-\w+|(?:out|up)-(?:of|to)(?:-\w+)?"
    r"|follow-ups?|real-time|read-only|on-demand|pay-per-request|year-end|month-end|long-running|re-?runs?|so-called)\.?",
    re.I,
)


def service_in(text: str) -> str:
    """The AWS service that a text speaks of, or "": the first of the words above to appear."""
    lower = text.lower()
    places = [
        (match.start(), service)
        for service, names in SERVICES.items()
        for name in names
        if (match := re.search(rf"\b{re.escape(name)}\b", lower))
    ]
    return min(places)[1] if places else ""


def names_in(text: str) -> list[str]:
    """Things that look like resource names (`checkout-api`, `order_events`, ARNs), in order, without repeats."""
    found = [match[1] or match[0] for match in _NAME.finditer(_S3.sub(" ", text))]
    return list(dict.fromkeys(name.rstrip(".,:;)>]'\"") for name in found if not _NOT_NAMES.fullmatch(name)))


def objects_in(text: str) -> list[tuple[str, str]]:
    """(bucket, key) of every s3:// address."""
    return [(match[1], match[2].rstrip(".?!;:")) for match in _S3.finditer(text)]
