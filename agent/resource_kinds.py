"""Kinds of resources by the words that people use for them: `lambdas`, `our dead-letter queues`, `databases`. Pure.

kinds_of("lambda functions")    # (Kind(noun="Lambda function", service="lambda", type="function"),)
kinds_of("databases")           # RDS databases and clusters, DynamoDB tables, Redshift clusters
kinds_of("resources")           # all of them
kinds_of("kinesis streams")     # (): there are such, and they are not listed
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One type of one service, in the inventory's terms, and what it is called in a sentence."""

    noun: str
    service: str
    type: str
    only: str = ""
    """Of that type those alone whose name, engine or type this pattern finds."""

    def counted(self, number: int) -> str:
        """`1 SQS queue`, `no SQS queues`, `1,204 SQS queues`."""
        return f"{number:,} {self.noun}" if number == 1 else f"{f'{number:,}' if number else 'no'} {self.noun}s"


_LAMBDA = Kind("Lambda function", "lambda", "function")
_ECS = Kind("ECS service", "ecs", "service")
_ECS_CLUSTER = Kind("ECS cluster", "ecs", "ecs-cluster")
_RDS = Kind("RDS database", "rds", "db")
_RDS_CLUSTER = Kind("RDS cluster", "rds", "db-cluster")
_TABLE = Kind("DynamoDB table", "dynamodb", "table")
_QUEUE = Kind("SQS queue", "sqs", "queue")
_TOPIC = Kind("SNS topic", "sns", "topic")
_BUCKET = Kind("S3 bucket", "s3", "bucket")
_NAT = Kind("NAT gateway", "nat", "nat-gateway")
_EC2 = Kind("EC2 instance", "ec2", "instance")
_GROUP = Kind("Auto Scaling group", "autoscaling", "auto-scaling-group")
_BALANCER = Kind("load balancer", "elb", "load-balancer")
_TARGETS = Kind("target group", "elb", "target-group")
_REDSHIFT = Kind("Redshift cluster", "redshift", "cluster")
_AIRFLOW = Kind("Airflow environment", "mwaa", "environment")
_MACHINE = Kind("state machine", "stepfunctions", "state-machine")
_REST = Kind("REST API", "apigateway", "rest-api")
_HTTP = Kind("HTTP API", "apigateway", "http-api")
_STACK = Kind("CloudFormation stack", "cloudformation", "stack")
_DEPLOYED = Kind("CodeDeploy application", "codedeploy", "application")

EVERY_KIND = (
    *(_LAMBDA, _ECS, _ECS_CLUSTER, _RDS, _RDS_CLUSTER, _TABLE, _REDSHIFT, _QUEUE, _TOPIC, _BUCKET, _EC2, _GROUP),
    *(_BALANCER, _TARGETS, _NAT, _REST, _HTTP, _MACHINE, _AIRFLOW, _STACK, _DEPLOYED),
)
_DATABASES = (_RDS, _RDS_CLUSTER, _TABLE, _REDSHIFT)


def _engine(noun: str, pattern: str) -> tuple[Kind, ...]:
    return (
        Kind(f"{noun} database", "rds", "db", pattern),
        Kind(f"{noun} cluster", "rds", "db-cluster", pattern),
    )


_SPOKEN: dict[str, tuple[Kind, ...]] = {
    "lambda function|lambda|function|serverless function": (_LAMBDA,),
    "ecs service|fargate service|container service|microservice|service": (_ECS,),
    "ecs cluster|container cluster|fargate cluster": (_ECS_CLUSTER,),
    "ecs|fargate": (_ECS_CLUSTER, _ECS),
    "rds database|rds instance|database instance|db instance|database server|sql database|relational database|rds db": (
        _RDS,
        _RDS_CLUSTER,
    ),
    "rds": (_RDS, _RDS_CLUSTER),
    "rds cluster|database cluster|db cluster": (_RDS_CLUSTER,),
    "aurora cluster": (Kind("Aurora cluster", "rds", "db-cluster", "aurora"),),
    "aurora database|aurora instance|aurora": _engine("Aurora", "aurora"),
    "postgres database|postgresql database|postgres instance|postgres|postgresql": _engine("PostgreSQL", "postgres"),
    "mysql database|mysql instance|mysql": _engine("MySQL", "mysql"),
    "mariadb database|mariadb": _engine("MariaDB", "mariadb"),
    "database|db|datastore|data store": _DATABASES,
    "dynamodb table|dynamo table|dynamodb|dynamo|table|nosql table": (_TABLE,),
    "sqs queue|sqs|queue|message queue": (_QUEUE,),
    "dead letter queue|deadletter queue|dlq": (Kind("dead-letter queue", "sqs", "queue", r"dlq|dead[-_]?letter"),),
    "fifo queue|sqs fifo queue": (Kind("FIFO queue", "sqs", "queue", r"\.fifo\b"),),
    "sns topic|sns|topic": (_TOPIC,),
    "s3 bucket|bucket|s3": (_BUCKET,),
    "nat gateway|nat|natgateway": (_NAT,),
    "ec2 instance|ec2 server|ec2 machine|ec2|server|vm|virtual machine|virtual server|ec2 host|host": (_EC2,),
    "instance": (_EC2, _RDS),
    "auto scaling group|autoscaling group|asg": (_GROUP,),
    "load balancer|elastic load balancer|elb|loadbalancer": (_BALANCER,),
    "application load balancer|alb": (Kind("Application Load Balancer", "elb", "load-balancer", "application"),),
    "network load balancer|nlb": (Kind("Network Load Balancer", "elb", "load-balancer", "network"),),
    "target group": (_TARGETS,),
    "redshift cluster|redshift|warehouse|data warehouse|redshift warehouse": (_REDSHIFT,),
    "airflow environment|mwaa environment|airflow instance|mwaa|airflow cluster": (_AIRFLOW,),
    "state machine|step function|stepfunction|step functions state machine|step functions workflow": (_MACHINE,),
    "api|api gateway|api gateway api|apigateway": (_REST, _HTTP),
    "rest api": (_REST,),
    "http api": (_HTTP,),
    "cloudformation stack|stack|cfn stack|cloudformation": (_STACK,),
    "codedeploy application": (_DEPLOYED,),
    "cluster": (_ECS_CLUSTER, _RDS_CLUSTER, _REDSHIFT),
    "resource|aws service|cloud resource|infrastructure": EVERY_KIND,
}
UNLISTED = (
    "kinesis stream|data stream|firehose|eks cluster|kubernetes cluster|k8s cluster|elasticache cluster|redis cluster"
    "|redis instance|redis|cache cluster|memcached cluster|vpc|subnet|security group|ebs volume|volume|ebs snapshot"
    "|snapshot|ami|iam user|iam role|iam policy|acm certificate|certificate|cloudfront distribution|hosted zone"
    "|route53 zone|route 53 zone|opensearch domain|elasticsearch domain|efs file system|glue job|glue crawler"
    "|ecr repo|elastic ip|lambda layer|layer|sagemaker endpoint|emr cluster|msk cluster|kafka cluster|event bus"
    "|eventbridge rule|batch job|vpc endpoint|internet gateway|transit gateway|documentdb cluster|neptune cluster"
)
"""What people ask for as well, and the inventory does not hold."""
_BY_WORD = {word: kinds for spoken, kinds in _SPOKEN.items() for word in spoken.split("|")}
SERVICE_WORDS = frozenset(
    "lambda ecs fargate rds aurora postgres postgresql mysql mariadb dynamodb dynamo sqs sns s3 nat ec2 redshift mwaa"  # noqa: SIM905 -- words
    " cloudformation apigateway".split()
)
"""Words for all of a service, which have no plural."""
_WORDS = sorted([*_BY_WORD, *UNLISTED.split("|")], key=len, reverse=True)
SPOKEN = "|".join(word.replace(" ", "[ -]") for word in _WORDS)
"""A pattern of every word for a kind in the singular, the longest first."""


def kinds_of(words: str) -> tuple[Kind, ...]:
    """The kinds that words mean, of any number and case; empty where nothing of that kind is listed."""
    plain = " ".join(words.lower().replace("-", " ").split())
    for said in (plain, plain.removeprefix("aws "), plain.removeprefix("amazon ")):
        if found := _BY_WORD.get(said) or _BY_WORD.get(said.removesuffix("s")):
            return found
    return ()
