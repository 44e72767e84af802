"""For the server that lives are forked from: what botocore knows of AWS is read there once, not in each life anew."""

from __future__ import annotations

from tools.aws.descriptions import new_session

SERVICES = ("sts", "ecs", "application-autoscaling", "stepfunctions", "cloudwatch")
NOBODY = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nobody"}
"""So that no credentials are looked for."""

for service in SERVICES:
    new_session("us-east-1").client(service, **NOBODY)
