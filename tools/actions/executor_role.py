"""The executor's role: the IAM policy that all actions together need, and who may assume it.

Each action gets a session of this role that is cut down to its own operation and resource (`tools.aws.writing`), so
that the role is the outermost of three bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.ports.writing import Permission

NEEDED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Lambda": (
        (
            "lambda:DeleteFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:InvokeFunction",
            "lambda:PutFunctionConcurrency",
            "lambda:UpdateAlias",
            "lambda:UpdateFunctionConfiguration",
        ),
        ("lambda:*:{account}:function:*",),
    ),
    "Ecs": (("ecs:UpdateService",), ("ecs:*:{account}:service/*",)),
    "AutoScaling": (("autoscaling:SetDesiredCapacity",), ("autoscaling:*:{account}:autoScalingGroup:*",)),
    "EventBridge": (("events:PutEvents",), ("events:*:{account}:event-bus/*",)),
    "StepFunctions": (
        ("states:DescribeExecution", "states:RedriveExecution", "states:StartExecution"),
        ("states:*:{account}:execution:*", "states:*:{account}:stateMachine:*"),
    ),
    "Rds": (
        (
            "rds:ModifyDBClusterParameterGroup",
            "rds:ModifyDBParameterGroup",
            "rds:RebootDBInstance",
            "rds:ResetDBClusterParameterGroup",
            "rds:ResetDBParameterGroup",
        ),
        ("rds:*:{account}:cluster-pg:*", "rds:*:{account}:db:*", "rds:*:{account}:pg:*"),
    ),
    "DynamoDb": (("dynamodb:UpdateTable",), ("dynamodb:*:{account}:table/*",)),
    "Sqs": (
        (
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
            "sqs:StartMessageMoveTask",
        ),
        ("sqs:*:{account}:*",),
    ),
    "Airflow": (("airflow:InvokeRestApi",), ("airflow:*:{account}:role/*",)),
    "SystemsManager": (
        ("ssm:SendCommand", "ssm:StartAutomationExecution"),
        (
            "ec2:*:{account}:instance/*",
            "ssm:*:*:document/*",
            "ssm:*:*:automation-definition/*",
            "ssm:*:{account}:managed-instance/*",
        ),
    ),
    "Automation": (("iam:PassRole",), ("iam::{account}:role/watchkeeper-automation*",)),
}
"""By service: the IAM actions, and what follows `arn:aws:` of the resources."""

OWN = ("dynamodb:*:{account}:table/{own}*", "lambda:*:{account}:function:{own}*", "sqs:*:{account}:{own}*")
"""Watchkeeper's own tables, functions and queues, which no remediation may touch."""


def executor_policy(account: str = "*", partition: str = "aws", own: str = "watchkeeper-") -> dict[str, Any]:
    """The policy that the role needs in an account. Leave out the statements of actions that nobody may approve."""

    def arns(patterns: Iterable[str]) -> list[str]:
        return [f"arn:{partition}:{pattern.format(account=account, own=own)}" for pattern in patterns]

    statements = [
        {"Sid": f"WatchkeeperChanges{service}", "Effect": "Allow", "Action": list(actions), "Resource": arns(resources)}
        for service, (actions, resources) in NEEDED.items()
    ]
    itself = {"Sid": "WatchkeeperLeavesItselfAlone", "Effect": "Deny", "Action": "*", "Resource": arns(OWN)}
    return {"Version": "2012-10-17", "Statement": [*statements, itself]}


def executor_trust(principal: str, external_id: str = "") -> dict[str, Any]:
    """Who may assume it: the ARN of the role that Watchkeeper runs as, and nobody else."""
    condition = {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}} if external_id else {}
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allowed_actions() -> frozenset[str]:
    return frozenset(action for actions, _ in NEEDED.values() for action in actions)


def lacking(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """Of an action's permissions those that the role would not have."""
    return tuple(permission.iam for permission in permissions if permission.iam not in allowed_actions())
