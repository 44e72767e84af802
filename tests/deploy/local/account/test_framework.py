"""The overlay in front of moto: who answers, who is denied, and how refusals look."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def test_what_moto_does_well_is_left_to_moto(client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="orders")
    s3.put_object(Bucket="orders", Key="a b/c+d", Body=b"hello")

    assert s3.get_object(Bucket="orders", Key="a b/c+d")["Body"].read() == b"hello"


def test_an_operation_that_the_account_does_not_answer_is_refused(client) -> None:
    with pytest.raises(ClientError, match="does not answer cloudwatch PutDashboard"):
        client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody="{}")


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("application-autoscaling", "describe_scaling_activities", {"ServiceNamespace": "dynamodb"}),
        ("dynamodb", "describe_contributor_insights", {"TableName": "orders"}),
        ("ec2", "describe_fast_snapshot_restores", {}),
        ("lambda", "list_function_url_configs", {"FunctionName": "checkout"}),
        ("compute-optimizer", "get_lambda_function_recommendations", {}),
    ],
)
def test_what_moto_does_not_know_is_refused_as_the_service_would(client, service, operation, params) -> None:
    with pytest.raises(ClientError, match="The simulated account does not answer") as caught:
        getattr(client(service), operation)(**params)
    assert caught.value.response["Error"]["Code"] == "UnsupportedOperation"


@pytest.mark.parametrize(
    ("action", "service", "operation", "params", "code"),
    [
        ("dynamodb:ListTables", "dynamodb", "list_tables", {}, "AccessDeniedException"),
        ("s3:ListAllMyBuckets", "s3", "list_buckets", {}, "AccessDenied"),
        ("ec2:DescribeVpcs", "ec2", "describe_vpcs", {}, "UnauthorizedOperation"),
        ("rds:Describe*", "rds", "describe_db_instances", {}, "AccessDenied"),
        ("lambda:GetFunction", "lambda", "get_function", {"FunctionName": "f"}, "AccessDeniedException"),
        ("cloudwatch:DescribeAlarms", "cloudwatch", "describe_alarms", {}, "AccessDenied"),
        ("airflow:*", "mwaa", "list_environments", {}, "AccessDeniedException"),
    ],
)
def test_a_scenario_denies_calls_of_every_protocol(load, client, action, service, operation, params, code) -> None:
    load(denied=[{"action": action}])

    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        getattr(client(service), operation)(**params)
    assert caught.value.response["Error"]["Code"] == code


def test_a_denial_for_one_resource_leaves_the_others_alone(load, client) -> None:
    dynamodb = client("dynamodb")
    load(denied=[{"action": "dynamodb:DescribeTable", "resource": "payments-*"}])

    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.describe_table(TableName="payments-ledger")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        dynamodb.describe_table(TableName="orders")
