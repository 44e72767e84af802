"""Which log groups belong to what, whatever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from agent.models import EvidenceStatus, TimeRange
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.conftest import NOW, Call, Load
from tools.aws import Boto3Session
from tools.evidence.base import Look
from tools.evidence.cache import MemoryCache
from tools.evidence.logs.queries import log_groups
from tools.evidence.logs.sources import search

ACCOUNT = "123456789012"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group"

Writer = Callable[[str], Any]


@pytest.fixture
def look(call: Call, aws: Boto3Session) -> Look:
    return Look(aws, NOW, TimeRange(start=NOW - timedelta(hours=1), end=NOW), Settings.read(), MemoryCache())


@pytest.fixture
def writer(account: SimulatedAccount) -> Writer:
    """A client that may write, to make what scenarios do not declare."""

    def make(service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=account.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    return make


def groups(*names: str) -> list[dict[str, Any]]:
    return [{"group": name, "lines": [{"template": "tick {int:1-9}", "per_minute": 2}]} for name in names]


def rest_api(writer: Writer, name: str, access_log: str = "") -> str:
    """The id of a new API with one stage."""
    apis = writer("apigateway")
    api = apis.create_rest_api(name=name)["id"]
    root = apis.get_resources(restApiId=api)["items"][0]["id"]
    apis.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    apis.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    apis.create_deployment(restApiId=api, stageName="prod")
    if access_log:
        path = {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": f"{LOGS}:{access_log}"}
        apis.update_stage(restApiId=api, stageName="prod", patchOperations=[path])
    return api


def test_an_api_logs_where_its_stages_say(load: Load, look: Look, writer: Writer):
    load(logs=groups("/access/orders", "/access/other"))
    for name in ("orders", "other"):
        rest_api(writer, name, f"/access/{name}")
    assert search(look, "orders", "apigateway").groups == {"/access/orders": "access log of orders, stage prod"}


def test_an_apis_execution_log_is_named_for_its_id(load: Load, look: Look, writer: Writer):
    api, other = rest_api(writer, "orders"), rest_api(writer, "other")
    name = f"API-Gateway-Execution-Logs_{api}/prod"
    load(logs=groups(name, f"API-Gateway-Execution-Logs_{other}/prod"))
    assert search(look, "orders", "apigateway").groups == {name: "execution log of orders, stage prod"}


def test_a_state_machine_logs_where_it_is_told_to(load: Load, look: Look, writer: Writer):
    load(logs=groups("/aws/vendedlogs/states/billing", "/aws/vendedlogs/states/orders"))
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": f"{LOGS}:/aws/vendedlogs/states/billing:*"}}
    writer("stepfunctions").create_state_machine(
        name="invoices",
        definition='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/states",
        loggingConfiguration={"level": "ERROR", "destinations": [destination]},
    )
    assert list(search(look, "invoices", "stepfunctions").groups) == ["/aws/vendedlogs/states/billing"]


def test_what_a_state_machine_calls_logs_for_it(load: Load, look: Look):
    upload = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "upload"}}
    check = {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:check"}
    states = {"Check": {**check, "Next": "Upload"}, "Upload": {**upload, "End": True}}
    load(
        resources={
            "state_machines": [{"name": "settle", "definition": {"StartAt": "Check", "States": states}}],
            "lambda_functions": [{"name": "check"}, {"name": "upload"}, {"name": "settlements"}],
        },
        logs=groups("/aws/lambda/check", "/aws/lambda/upload", "/aws/lambda/settlements"),
    )
    assert search(look, "settle", "stepfunctions").groups == {
        "/aws/lambda/check": "log of the function check, which settle calls",
        "/aws/lambda/upload": "log of the function upload, which settle calls",
    }


def test_a_function_may_log_into_a_group_of_another_name(load: Load, look: Look):
    functions = [{"name": "checkout", "log_group": "/shop/all"}, {"name": "mailer"}]
    load(resources={"lambda_functions": functions}, logs=groups("/shop/all", "/shop/rest"))
    assert search(look, "checkout", "lambda").groups == {"/shop/all": "log of the function checkout"}


def test_a_builds_log_is_its_projects(load: Load, look: Look, writer: Writer):
    load(logs=groups("/aws/codebuild/site", "/builds/shop"))
    builds = writer("codebuild")
    common: dict[str, Any] = {
        "source": {"type": "S3", "location": "bucket/path"},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
    }
    builds.create_project(name="site", **common)
    assert list(search(look, "site", "codebuild").groups) == ["/aws/codebuild/site"]


def test_a_database_exports_its_own_logs_and_its_clusters(load: Load, look: Look):
    load(
        resources={"rds_instances": [{"name": "orders-db"}, {"name": "orders-db-2"}]},
        logs=groups(
            "/aws/rds/instance/orders-db/postgresql",
            "/aws/rds/instance/orders-db-2/postgresql",
            "/aws/rds/cluster/orders-db/audit",
        ),
    )
    assert search(look, "orders-db", "rds").groups == {
        "/aws/rds/instance/orders-db/postgresql": "exported by the instance orders-db",
        "/aws/rds/cluster/orders-db/audit": "exported by the cluster orders-db",
    }


def test_a_cluster_that_is_no_instance_keeps_its_logs(load: Load, look: Look):
    load(logs=groups("/aws/rds/cluster/shop/postgresql", "/aws/rds/cluster/shop2/postgresql"))
    assert list(search(look, "shop", "rds").groups) == ["/aws/rds/cluster/shop/postgresql"]


def test_a_kubernetes_cluster_has_control_plane_and_container_logs(load: Load, look: Look):
    load(logs=groups("/aws/eks/shop/cluster", "/aws/containerinsights/shop/application", "/aws/eks/shop2/cluster"))
    assert list(search(look, "shop", "eks").groups) == [
        "/aws/eks/shop/cluster",
        "/aws/containerinsights/shop/application",
    ]


def test_an_airflow_environment_has_a_log_for_each_part(load: Load, look: Look):
    load(
        mwaa=[{"name": "data"}],
        logs=groups("airflow-data-Task", "airflow-data-Scheduler", "airflow-other-Task"),
    )
    assert sorted(search(look, "data", "mwaa").groups) == ["airflow-data-Scheduler", "airflow-data-Task"]


def test_a_vpcs_traffic_is_in_its_flow_logs(load: Load, look: Look, writer: Writer):
    load(logs=groups("/flow/main", "/flow/other"))
    ec2 = writer("ec2")
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(2)]
    for vpc, group in zip(vpcs, ("/flow/main", "/flow/other"), strict=True):
        ec2.create_flow_logs(
            ResourceIds=[vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName=group,
            DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow",
        )
    assert search(look, vpcs[0]).groups == {"/flow/main": f"flow log of {vpcs[0]}"}


def test_groups_are_listed_over_all_pages(load: Load, look: Look):
    load(logs=groups(*(f"/ecs/service-{number:03}" for number in range(120))))
    assert len(search(look, service="ecs").groups) == 120
    assert list(search(look, "service-119").groups) == ["/ecs/service-119"]


async def test_what_was_considered_is_said_when_nothing_was_found(load: Load, call: Call):
    load(logs=groups("/ecs/shop"), denied=[{"action": "apigateway:*"}])
    evidence = await call(log_groups, resource="nowhere", service="apigateway")
    assert evidence.status == EvidenceStatus.no_data
    assert "looked for: stages of API Gateway, names" in evidence.summary
    assert "denied" in evidence.summary


async def test_what_each_group_is_for_is_told(load: Load, call: Call):
    load(resources={"lambda_functions": [{"name": "checkout"}]}, logs=groups("/aws/lambda/checkout"))
    evidence = await call(log_groups, resource="checkout", service="lambda")
    assert "(log of the function checkout)" in evidence.findings[0].statement
