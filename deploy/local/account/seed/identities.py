"""The role that the executor of remediations assumes."""

from __future__ import annotations

import json

from deploy.local.account.seed.seeder import Seeder

EXECUTOR_ROLE = "watchkeeper-executor"
_MAY = [
    "lambda:*", "ecs:*", "autoscaling:*", "rds:*", "dynamodb:*", "sqs:*", "events:PutEvents", "states:*", "airflow:*",
    "ssm:*", "ec2:Describe*", "ec2:RebootInstances", "cloudwatch:Describe*", "cloudwatch:Get*", "sts:GetCallerIdentity",
]  # fmt: skip


def seed_identities(seeder: Seeder) -> None:
    """Made once; a role that somebody deleted comes back with the next scenario that is loaded."""
    iam = seeder.client("iam")
    seeder.role(EXECUTOR_ROLE, "executor")
    statement = {"Effect": "Allow", "Action": _MAY, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=EXECUTOR_ROLE, PolicyName="remediations", PolicyDocument=document)
