"""The lock on the read session, with real boto3 against the simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name

from agent.errors import ReadOnlyRefusal
from deploy.local.account import SimulatedAccount
from tools.aws import Boto3Session
from tools.aws.read_only import allows
from tools.aws.reads import READS

SERVICES = sorted(READS)


@pytest.fixture(scope="module")
def aws() -> Iterator[Boto3Session]:
    with SimulatedAccount() as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        yield Boto3Session.open("us-east-1")


def test_a_read_goes_through(aws: Boto3Session) -> None:
    assert aws.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "delete_table", {"TableName": "orders"}),
        ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}),
        ("lambda", "invoke", {"FunctionName": "checkout"}),
        ("sqs", "receive_message", {"QueueUrl": "https://queue"}),
        ("s3", "get_object", {"Bucket": "reports", "Key": "payroll.csv"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "db"}),
        ("sts", "assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/admin", "RoleSessionName": "x"}),
        ("mwaa", "invoke_rest_api", {"Name": "data", "Path": "/dags/x", "Method": "PATCH"}),
        (
            "rds-data",
            "execute_statement",
            {"resourceArn": "a" * 11, "secretArn": "b" * 11, "sql": "DELETE FROM orders"},
        ),
        ("redshift-data", "execute_statement", {"Sql": "DROP TABLE orders"}),
    ],
)
def test_anything_else_is_refused_before_it_is_sent(
    aws: Boto3Session, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(ReadOnlyRefusal, match=operation):
        getattr(aws.client(service), operation)(**parameters)


def test_neither_paginators_nor_presigned_addresses_are_a_way_around(aws: Boto3Session) -> None:
    with pytest.raises(ReadOnlyRefusal):
        list(aws.client("s3").get_paginator("list_multipart_uploads").paginate(Bucket="reports"))
    with pytest.raises(ReadOnlyRefusal):
        aws.client("s3").generate_presigned_url("put_object", Params={"Bucket": "reports", "Key": "x"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_is_not_listed_is_refused(aws: Boto3Session, service: str) -> None:
    model = aws.client(service).meta.service_model
    reachable = {xform_name(name) for name in model.operation_names if allows(service, xform_name(name), {})}
    assert reachable <= READS[service]


def test_other_regions_and_accounts_are_locked_too(aws: Boto3Session) -> None:
    with pytest.raises(ReadOnlyRefusal):
        aws.at(region="eu-west-1").client("dynamodb").delete_table(TableName="orders")
