"""Every kind of action, tried out in the simulated account: a file a service, a row a case."""

from __future__ import annotations

from tests.contracts.action_cases import (
    airflow,
    autoscaling,
    dynamodb,
    ecs,
    events,
    lambda_,
    rds,
    sqs,
    ssm,
    stepfunctions,
)
from tests.contracts.action_cases.case import ActionCase

CASES: tuple[ActionCase, ...] = (
    *lambda_.CASES,
    *ecs.CASES,
    *autoscaling.CASES,
    *events.CASES,
    *stepfunctions.CASES,
    *rds.CASES,
    *dynamodb.CASES,
    *sqs.CASES,
    *airflow.CASES,
    *ssm.CASES,
)
