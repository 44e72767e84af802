"""The IAM policy for Watchkeeper's own tables, queue, bucket and secrets: what its stores call, and nothing else.

Creating them (`watchkeeper tables`) takes other rights, of the person who runs that once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.secret_references import SecretReference
from tools.stores.dynamodb.tables import (
    ALERTS,
    APPROVALS,
    CONVERSATIONS,
    COORDINATION,
    FEEDBACK,
    HISTORY,
    INCIDENTS,
    PLANS,
    TABLES,
    WORKFLOWS,
    TableDefinition,
)

_ACTIONS: tuple[tuple[TableDefinition, tuple[str, ...]], ...] = (
    (ALERTS, ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")),
    (WORKFLOWS, ("GetItem", "BatchGetItem", "Query", "PutItem", "BatchWriteItem")),
    (INCIDENTS, ("GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem")),
    (PLANS, ("GetItem", "BatchGetItem", "Query", "PutItem")),
    (APPROVALS, ("GetItem", "BatchGetItem", "Query", "PutItem")),
    (HISTORY, ("Query", "PutItem")),
    (CONVERSATIONS, ("GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem")),
    (COORDINATION, ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem")),
    (FEEDBACK, ("Query", "PutItem")),
)
"""The audit trail may be read and added to: nothing in it can be changed or deleted."""

_QUEUE = (
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
)
_SECRETS = (("Secrets", "secretsmanager", "GetSecretValue"), ("Parameters", "ssm", "GetParameter"))
_FOLDERS = ("conversations", "turns", "incidents", "remediations", "alerts", "payloads", "checkpoints")
"""Of the archive. Only checkpoints, the last, are deleted by us."""


def own_policy(
    prefix: str,
    region: str,
    account: str,
    partition: str = "aws",
    queue: str = "",
    bucket: str = "",
    urgent_queue: str = "",
    secrets: Sequence[SecretReference] = (),
) -> dict[str, Any]:
    """The queues and the bucket are names; without them nothing is allowed there. No action has a wildcard.

    Transactions (TransactWriteItems) need the rights of what they do, which is PutItem.
    """
    where = f"arn:{partition}:dynamodb:{region}:{account}:table"
    statements = [
        _allow(f"Table{table.name.capitalize()}", "dynamodb", actions, _table_arns(where, prefix, table))
        for table, actions in _ACTIONS
    ]
    statements.append(
        _allow("LookAtTables", "dynamodb", ("DescribeTable",), [f"{where}/{prefix}{table.name}" for table in TABLES])
    )
    queues = [f"arn:{partition}:sqs:{region}:{account}:{name}" for name in (queue, urgent_queue) if name]
    if queues:
        arns = [arn for queue in queues for arn in (queue, f"{queue}-dead-letters")]
        statements.append(_allow("Queue", "sqs", _QUEUE, arns))
    if bucket:
        arn = f"arn:{partition}:s3:::{bucket}"
        looks = ("ListBucket", "GetBucketPublicAccessBlock", "GetLifecycleConfiguration")
        statements.append(_allow("Bucket", "s3", looks, [arn]))
        folders = [f"{arn}/{folder}/*" for folder in _FOLDERS]
        statements.append(_allow("Archive", "s3", ("GetObject", "PutObject"), folders))
        statements.append(_allow("Checkpoints", "s3", ("DeleteObject",), folders[-1:]))
    for name, service, action in _SECRETS:
        owner = f"arn:{partition}:{service}:{region}:{account}"
        if arns := [_secret_arn(each, owner) for each in secrets if each.service == service]:
            statements.append(_allow(name, service, (action,), list(dict.fromkeys(arns))))
    return {"Version": "2012-10-17", "Statement": statements}


def _secret_arn(reference: SecretReference, owner: str) -> str:
    """Secrets Manager ends the name of a secret with six characters of its own."""
    if reference.name.startswith("arn:"):
        return reference.name
    if reference.service == "ssm":
        return f"{owner}:parameter/{reference.name.removeprefix('/')}"
    return f"{owner}:secret:{reference.name}-??????"


def _table_arns(where: str, prefix: str, table: TableDefinition) -> list[str]:
    arn = f"{where}/{prefix}{table.name}"
    return [arn, *(f"{arn}/index/{index.name}" for index in table.indexes)]


def _allow(name: str, service: str, actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": [f"{service}:{action}" for action in actions],
        "Resource": resources,
    }
