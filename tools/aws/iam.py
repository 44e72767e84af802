"""The IAM actions behind the reads, and the policy that allows exactly those.

Sources: the service authorization reference (docs.aws.amazon.com/service-authorization) for the names; the tests hold
every action against a copy of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import botocore.session
from botocore import xform_name

from tools.aws.reads import READS

_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "elbv2": "elasticloadbalancing",
    "mwaa": "airflow",
    "resourcegroupstaggingapi": "tag",
    "apigatewayv2": "apigateway",
}
"""IAM prefixes that differ from the name a request is signed with."""

_ACTIONS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("rds-data", "execute_statement"): ("rds-data:ExecuteStatement", "secretsmanager:GetSecretValue"),
    ("redshift-data", "execute_statement"): (
        "redshift-data:ExecuteStatement",
        "redshift:GetClusterCredentials",
        "redshift-serverless:GetCredentials",
        "secretsmanager:GetSecretValue",
    ),
    ("s3", "get_bucket_lifecycle_configuration"): ("s3:GetLifecycleConfiguration",),
    ("s3", "get_bucket_notification_configuration"): ("s3:GetBucketNotification",),
    ("s3", "head_bucket"): ("s3:ListBucket",),
    ("s3", "head_object"): ("s3:GetObject",),
    ("s3", "list_buckets"): ("s3:ListAllMyBuckets",),
    ("s3", "list_object_versions"): ("s3:ListBucketVersions",),
    ("s3", "list_objects_v2"): ("s3:ListBucket",),
}
"""Operations whose IAM action is not their own name, or that need more than one."""

_ONE_ACTION = {
    "apigateway": "apigateway:GET",
    "apigatewayv2": "apigateway:GET",
    "budgets": "budgets:ViewBudget",
}
"""Services that have one IAM action for all of their reads."""

_SECRETS = "secretsmanager:GetSecretValue"
_CLUSTER_USER = "redshift:GetClusterCredentials"
SECRET_PATTERNS = ("rds!*", "rds-db-credentials/*", "redshift!*")
"""Names of the secrets that RDS and Redshift make themselves. Reading any other takes a `--secret`."""
MANAGED_POLICY_CHARS = 6144
"""The most that a managed policy may hold, white space aside (IAM quotas)."""


def actions(service: str, operation: str) -> tuple[str, ...]:
    """IAM actions that a call needs, the telling one first; `operation` in boto3's snake case."""
    if service in _ONE_ACTION:
        return (_ONE_ACTION[service],)
    return _ACTIONS.get((service, operation)) or (f"{_prefix(service)}:{_api_name(service, operation)}",)


def all_actions(reads: Mapping[str, Iterable[str]] = READS) -> list[str]:
    """Every IAM action that the reads need, sorted, each once."""
    return sorted({action for service, names in reads.items() for name in names for action in actions(service, name)})


def policy(
    partition: str = "aws", secrets: Iterable[str] = (), roles: Iterable[str] = (), redshift_user: str = ""
) -> dict[str, Any]:
    """The IAM policy of the read role. No action has a wildcard; credentials of databases are held to what is needed.

    `secrets` and `roles` are further ARNs that may be read and assumed. With `redshift_user`, a database user that may
    only read, credentials of no other can be had.
    """
    arn = f"arn:{partition}"
    own = [f"{arn}:secretsmanager:*:*:secret:{pattern}" for pattern in SECRET_PATTERNS]
    users = [f"{arn}:redshift:*:*:dbuser:*/{redshift_user}", f"{arn}:redshift:*:*:dbname:*/*"] if redshift_user else "*"
    plain = [action for action in all_actions() if action not in (_SECRETS, _CLUSTER_USER)]
    statements = [
        _allow("Reads", plain, "*"),
        _allow("ReadsSecretsOfDatabases", [_SECRETS], [*own, *secrets]),
        _allow("ReadsRedshift", [_CLUSTER_USER], users),
    ]
    if named := list(roles):
        statements.append(_allow("ReadsOtherAccounts", ["sts:AssumeRole"], named))
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, names: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": f"Watchkeeper{sid}", "Effect": "Allow", "Action": names, "Resource": resource}


@lru_cache
def _service_model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@lru_cache
def _api_names(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in _service_model(service).operation_names}


def _api_name(service: str, operation: str) -> str:
    return _api_names(service).get(operation, operation)


def _prefix(service: str) -> str:
    return _PREFIXES.get(service) or str(_service_model(service).signing_name)
