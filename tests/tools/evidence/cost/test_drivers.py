"""Which resource's usage explains a cost, and what began it, over the wire: each kind of usage has its case."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tests.tools.evidence.cost.examples import STEADY, kinds, line, series
from tools.evidence.cost import growth
from tools.evidence.cost.drivers import cost_drivers

GROWS = {"from": "-4d", "multiply": 12}
S3, LOGS, DYNAMO = "Amazon Simple Storage Service", "AmazonCloudWatch", "Amazon DynamoDB"
EC2, RDS = "Amazon Elastic Compute Cloud - Compute", "Amazon Relational Database Service"
FILTER = "EntireBucket"


def rises(service: str, usage_type: str, **more: Any) -> dict[str, Any]:
    return line(service, usage_type, 20, {"from": "-4d", "add": 220}, **more)


def of(name: str, dimension: str) -> dict[str, str]:
    return {dimension: name}


CASES = {
    "log ingestion": (
        rises(LOGS, "DataProcessing-Bytes"),
        [
            series("AWS/Logs", "IncomingBytes", of("/app/chatty", "LogGroupName"), 4e6, GROWS),
            series("AWS/Logs", "IncomingBytes", of("/app/calm", "LogGroupName"), 9e6),
        ],
        ("/app/chatty", "cloudwatch", "IncomingBytes"),
    ),
    "S3 reads": (
        rises(S3, "Requests-Tier2"),
        [
            series("AWS/S3", "GetRequests", {"BucketName": "images", "FilterId": FILTER}, 900, GROWS),
            series("AWS/S3", "PutRequests", {"BucketName": "images", "FilterId": FILTER}, 90),
            series("AWS/S3", "GetRequests", {"BucketName": "archive", "FilterId": FILTER}, 5000),
        ],
        ("images", "s3", "GetRequests"),
    ),
    "S3 writes": (
        rises(S3, "USE1-Requests-Tier1"),
        [
            series("AWS/S3", "PutRequests", {"BucketName": "lake", "FilterId": FILTER}, 100, GROWS),
            series("AWS/S3", "ListRequests", {"BucketName": "lake", "FilterId": FILTER}, 40),
            series("AWS/S3", "GetRequests", {"BucketName": "images", "FilterId": FILTER}, 900, GROWS),
        ],
        ("lake", "s3", "PutRequests"),
    ),
    "S3 requests of a bucket that only counts all of them": (
        rises(S3, "Requests-Tier2"),
        [series("AWS/S3", "AllRequests", {"BucketName": "images", "FilterId": FILTER}, 900, GROWS)],
        ("images", "s3", "AllRequests"),
    ),
    "DynamoDB on demand": (
        rises(DYNAMO, "WriteRequestUnits"),
        [
            series("AWS/DynamoDB", "ConsumedWriteCapacityUnits", of("events", "TableName"), 3000, GROWS),
            series("AWS/DynamoDB", "ConsumedReadCapacityUnits", of("events", "TableName"), 500),
            series("AWS/DynamoDB", "ProvisionedWriteCapacityUnits", of("orders", "TableName"), 900, GROWS),
        ],
        ("events", "dynamodb", "ConsumedWriteCapacityUnits"),
    ),
    "DynamoDB provisioned": (
        rises(DYNAMO, "EUC1-WriteCapacityUnit-Hrs"),
        [
            series(
                "AWS/DynamoDB",
                "ProvisionedWriteCapacityUnits",
                of("orders", "TableName"),
                100,
                GROWS,
                statistic_kind="gauge",
            )
        ],
        ("orders", "dynamodb", "ProvisionedWriteCapacityUnits"),
    ),
    "data transfer out of an instance": (
        rises(EC2, "USE1-DataTransfer-Out-Bytes"),
        [
            series("AWS/EC2", "NetworkOut", of("i-0aa0000000000001", "InstanceId"), 5e6, GROWS),
            series("AWS/EC2", "NetworkOut", of("i-0aa0000000000002", "InstanceId"), 5e7),
            series("AWS/ApplicationELB", "ProcessedBytes", of("app/shop/0123456789abcdef", "LoadBalancer"), 1e6),
        ],
        ("i-0aa0000000000001", "ec2", "NetworkOut"),
    ),
    "transfer between zones through a balancer": (
        rises("EC2 - Other", "DataTransfer-Regional-Bytes"),
        [series("AWS/ApplicationELB", "ProcessedBytes", of("app/shop/0123456789abcdef", "LoadBalancer"), 1e7, GROWS)],
        ("shop", "elb", "ProcessedBytes"),
    ),
    "instance hours": (
        rises(EC2, "BoxUsage:m6i.large"),
        [
            series(
                "AWS/AutoScaling",
                "GroupInServiceInstances",
                of("web", "AutoScalingGroupName"),
                4,
                GROWS,
                statistic_kind="gauge",
            )
        ],
        ("web", "autoscaling", "GroupInServiceInstances"),
    ),
    "balancer capacity": (
        rises("Amazon Elastic Load Balancing", "LCUUsage"),
        [
            series("AWS/ApplicationELB", "ConsumedLCUs", of("app/shop/0123456789abcdef", "LoadBalancer"), 3, GROWS),
            series("AWS/ApplicationELB", "RequestCount", of("app/shop/0123456789abcdef", "LoadBalancer"), 30, GROWS),
        ],
        ("shop", "elb", "ConsumedLCUs"),
    ),
    "Aurora I/O": (
        rises(RDS, "Aurora:StorageIOUsage"),
        [series("AWS/RDS", "VolumeReadIOPs", of("orders-cluster", "DBClusterIdentifier"), 4000, GROWS)],
        ("orders-cluster", "rds", "VolumeReadIOPs"),
    ),
    "Fargate tasks": (
        rises("Amazon Elastic Container Service", "USE1-Fargate-vCPU-Hours:perCPU"),
        [
            series(
                "ECS/ContainerInsights",
                "RunningTaskCount",
                {"ClusterName": "prod", "ServiceName": name},
                4,
                *events,
                statistic_kind="gauge",
            )
            for name, events in (("checkout", [GROWS]), ("search", []))
        ],
        ("checkout", "ecs", "RunningTaskCount"),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_the_resource_whose_usage_grew_is_named(load: Load, call: Call, name: str):
    cost, metrics, (resource, service, largest) = CASES[name]
    load(costs=[cost, *STEADY], metrics=metrics)
    evidence = await call(cost_drivers)
    first = evidence.findings[0]
    assert (first.kind, first.resource, first.attributes["service"]) == ("usage_driver", resource, service)
    assert first.attributes["largest"] == largest
    assert float(first.attributes["factor"]) > 5
    assert first.strength > 0.8
    assert f"{first.at:%Y-%m-%d %H:%M}" == "2026-11-14 15:00"
    others = [f for f in evidence.findings if f.resource != resource]
    assert all(f.strength < 0.3 for f in others)


async def test_a_storage_class_is_told_apart(load: Load, call: Call):
    def stored(storage: str, *events: dict[str, Any]) -> dict[str, Any]:
        dimensions = {"BucketName": "lake", "StorageType": storage}
        more = {"unit": "Bytes", "statistic_kind": "gauge", "interval": "1d"}
        return series("AWS/S3", "BucketSizeBytes", dimensions, 4e12, *events, **more)

    load(
        costs=[rises(S3, "TimedStorage-ByteHrs"), *STEADY],
        metrics=[stored("StandardStorage", {"from": "-4d", "multiply": 9}), stored("GlacierStorage")],
    )
    first = (await call(cost_drivers)).findings[0]
    assert first.resource == "lake"
    assert first.statement.startswith("lake (StandardStorage): 3")
    assert " a day" not in first.statement  # bytes stored are a level


async def test_requests_that_two_filters_count_are_counted_once(load: Load, call: Call):
    load(
        costs=[rises(S3, "Requests-Tier2"), *STEADY],
        metrics=[
            series("AWS/S3", "GetRequests", {"BucketName": "images", "FilterId": name}, 1000, GROWS, noise=0)
            for name in (FILTER, "thumbnails")
        ],
    )
    first = (await call(cost_drivers)).findings[0]
    assert float(first.attributes["current"]) == pytest.approx(12 * 1000 * 1440, rel=0.02)


async def test_the_change_that_began_it_is_joined_and_one_long_before_or_elsewhere_is_not(load: Load, call: Call):
    def update(at: str, function: str) -> dict[str, Any]:
        return {
            "at": at,
            "event": "UpdateFunctionConfiguration20150331v2",
            "source": "lambda.amazonaws.com",
            "user": "kim",
            "resources": [{"type": "AWS::Lambda::Function", "name": function}],
            "request": {"functionName": function, "environment": {}},
        }

    chatty = series("AWS/Logs", "IncomingBytes", of("/aws/lambda/chatty", "LogGroupName"), 4e6, GROWS)
    changes = [update("-4d00h04m", "chatty"), update("-9d", "chatty"), update("-4d00h03m", "unrelated")]
    load(costs=[rises(LOGS, "DataProcessing-Bytes"), *STEADY], metrics=[chatty], cloudtrail=changes)
    evidence = await call(cost_drivers)
    (change,) = kinds(evidence, "change_before_onset")
    assert change.resource == "chatty"
    assert "kim called UpdateFunctionConfiguration on chatty" in change.statement
    assert float(change.attributes["minutes_before_onset"]) == pytest.approx(4, abs=2)
    assert change.statement in evidence.summary


async def test_a_denied_trail_leaves_the_driver_and_names_the_permission(load: Load, call: Call):
    cost, metrics, _ = CASES["log ingestion"]
    load(costs=[cost, *STEADY], metrics=metrics, denied=[{"action": "cloudtrail:*"}])
    evidence = await call(cost_drivers)
    assert evidence.status is EvidenceStatus.ok
    assert kinds(evidence, "usage_driver")
    assert "cloudtrail:LookupEvents" in evidence.summary


async def test_instances_that_were_launched_explain_hours_that_no_metric_counts(load: Load, call: Call):
    instances = [
        {"name": "old", "type": "m6i.large"},
        {"name": "new-1", "type": "m6i.large", "launched": "-4d"},
        {"name": "other-type", "type": "c6i.large", "launched": "-4d"},
    ]
    load(costs=[rises(EC2, "BoxUsage:m6i.large"), *STEADY], resources={"ec2_instances": instances})
    evidence = await call(cost_drivers)
    (made,) = kinds(evidence, "usage_driver")
    assert made.attributes["metric"] == "created"
    assert "a new m6i.large instance" in made.statement


async def test_a_new_database_explains_instance_hours(load: Load, call: Call):
    databases = [{"name": "orders"}, {"name": "copy", "created": "-4d", "instance_class": "db.r6g.4xlarge"}]
    load(costs=[rises(RDS, "InstanceUsage:db.r6g.4xlarge"), *STEADY], resources={"rds_instances": databases})
    assert [f.resource for f in (await call(cost_drivers)).findings] == ["copy"]


async def test_a_rise_in_another_account_or_region_is_not_blamed_on_what_is_here(load: Load, call: Call):
    cost, metrics, _ = CASES["log ingestion"]
    there = {**cost, "linked_account": "222222222222", "linked_account_name": "media", "region": "eu-west-1"}
    load(costs=[there, line(LOGS, "DataProcessing-Bytes", 20), *STEADY], metrics=metrics)
    evidence = await call(cost_drivers)
    assert "arose in eu-west-1 of account 222222222222 (media)" in evidence.summary
    assert "account=222222222222 and region=eu-west-1" in evidence.summary


async def test_each_kind_of_usage_is_worth_its_own_lines_of_the_bill(load: Load, call: Call):
    nat = line("EC2 - Other", "NatGateway-Bytes", 20, {"from": "-4d", "add": 300}, noise=0)
    zones = line("EC2 - Other", "DataTransfer-Regional-Bytes", 20, {"from": "-4d", "add": 100}, noise=0)
    metrics = [
        series("AWS/NATGateway", "BytesInFromSource", of("nat-0a", "NatGatewayId"), 4e7, GROWS),
        series("AWS/EC2", "NetworkOut", of("i-0aa0000000000001", "InstanceId"), 4e7, GROWS),
    ]
    load(costs=[nat, zones, *STEADY], metrics=metrics)
    found = {f.attributes["usage"]: float(f.attributes["usd"]) for f in (await call(cost_drivers)).findings}
    assert found["nat"] == pytest.approx(3 * found["data transfer"], rel=0.05)
    assert found["nat"] == pytest.approx(300 * 3.375, rel=0.05)  # from three in the afternoon on the 14th


def log_groups(number: int) -> list[dict[str, Any]]:
    calm = [series("AWS/Logs", "IncomingBytes", of(f"/app/{n:04}", "LogGroupName"), 1e5) for n in range(number)]
    return [*calm, series("AWS/Logs", "IncomingBytes", of("/zoo/chatty", "LogGroupName"), 1e6, GROWS)]


async def test_series_are_listed_over_all_pages(load: Load, call: Call):
    """CloudWatch lists 500 series a page; the one that is wanted stands on the second."""
    load(costs=[rises(LOGS, "DataProcessing-Bytes"), *STEADY], metrics=log_groups(520))
    evidence = await call(cost_drivers, resource="chatty")
    assert [f.resource for f in kinds(evidence, "usage_driver")] == ["/zoo/chatty"]


async def test_the_series_that_grew_is_found_among_more_than_are_read_by_the_hour(load: Load, call: Call):
    load(costs=[rises(LOGS, "DataProcessing-Bytes"), *STEADY], metrics=log_groups(growth.MAX_LINES + 10))
    assert (await call(cost_drivers)).findings[0].resource == "/zoo/chatty"


async def test_what_no_metric_measures_is_explained_by_a_change_of_its_service_on_that_day(load: Load, call: Call):
    def modify(at: str, event: str, source: str, name: str) -> dict[str, Any]:
        resources = [{"type": "AWS::RDS::DBInstance", "name": name}]
        return {"at": at, "event": event, "source": source, "user": "kim", "resources": resources, "request": {}}

    changes = [
        modify("-4d", "ModifyDBInstance", "rds.amazonaws.com", "orders"),
        modify("-4d", "UpdateFunctionCode20150331v2", "lambda.amazonaws.com", "checkout"),
        modify("-12d", "ModifyDBInstance", "rds.amazonaws.com", "reports"),
    ]
    load(costs=[rises(RDS, "RDS:GP3-Storage"), *STEADY], cloudtrail=changes)
    evidence = await call(cost_drivers)
    assert evidence.status is EvidenceStatus.ok
    assert [f.resource for f in evidence.findings] == ["orders"]
    assert "On the day it rose: kim called ModifyDBInstance on orders" in evidence.summary


async def test_a_usage_type_without_a_metric_says_so(load: Load, call: Call):
    load(costs=[rises("Amazon Textract", "Pages"), *STEADY])
    evidence = await call(cost_drivers)
    assert evidence.status is EvidenceStatus.no_data
    assert "Amazon Textract" in evidence.summary


async def test_usage_without_points_is_no_data(load: Load, call: Call):
    load(costs=[rises(LOGS, "DataProcessing-Bytes"), *STEADY])
    evidence = await call(cost_drivers)
    assert evidence.status is EvidenceStatus.no_data
    assert "have no points" in evidence.summary
