"""What is paid for and not used, over the wire: each kind with one that is wasted and one that is not."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from deploy.local.account.text import resource_id
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.cost.idle import idle_resources

VPC = {
    "name": "core",
    "subnets": [{"name": "public", "cidr": "10.0.0.0/24", "public": True}],
    "nat_gateways": [
        {"name": "quiet", "subnet": "public"},
        {"name": "busy", "subnet": "public"},
        {"name": "young", "subnet": "public", "created": "-1d"},
    ],
}


def metric(namespace: str, name: str, dimension: str, value: str, baseline: float, kind: str) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "dimensions": {dimension: value},
        "baseline": baseline,
        "statistic_kind": kind,
        "noise": 0.02,
    }


def by_resource(evidence: Evidence) -> dict[str, Finding]:
    assert {finding.kind for finding in evidence.findings} <= {"idle_resource"}
    return {finding.resource: finding for finding in evidence.findings if finding.attributes["type"] != "total"}


async def test_a_volume_that_nothing_uses_is_named_with_its_price(load: Load, call: Call):
    load(
        resources={
            "ec2_instances": [{"name": "web"}],
            "ebs_volumes": [
                {"name": "old-data", "size_gb": 500, "type": "gp3"},
                {"name": "in-use", "size_gb": 900, "attached_to": "web"},
                {"name": "just-made", "size_gb": 700, "created": "-2h"},
            ],
        }
    )
    evidence = await call(idle_resources, service="ec2")
    (finding,) = evidence.findings
    assert "old-data" in finding.statement
    assert finding.attributes["reason"] == "unattached"
    assert float(finding.attributes["usd"]) == pytest.approx(500 * 0.08)
    assert "list price" in finding.statement
    assert "state=available" in evidence.console_url


async def test_volumes_are_read_over_all_pages(load: Load, call: Call):
    load(resources={"ebs_volumes": [{"name": f"v{n}", "size_gb": 10} for n in range(120)]})
    evidence = await call(idle_resources, service="ec2")
    assert "120 volumes (unattached) $96" in evidence.summary


async def test_an_address_without_anything_behind_it_costs(load: Load, call: Call):
    load(
        resources={
            "vpcs": [VPC],
            "ec2_instances": [{"name": "web"}],
            "elastic_ips": [{"name": "forgotten"}, {"name": "used", "instance": "web"}],
        }
    )
    found = by_resource(await call(idle_resources, service="ec2"))
    (finding,) = found.values()
    assert "forgotten" in finding.statement
    assert float(finding.attributes["usd"]) == pytest.approx(3.65)


async def test_a_nat_gateway_without_traffic_is_idle_and_a_young_one_is_not_judged(load: Load, call: Call):
    names = {name: resource_id("nat", name) for name in ("quiet", "busy", "young")}
    sent = ("AWS/NATGateway", "BytesOutToDestination", "NatGatewayId")
    load(
        resources={"vpcs": [VPC]},
        metrics=[metric(*sent, names["quiet"], 40, "count"), metric(*sent, names["busy"], 4e7, "count")],
    )
    found = by_resource(await call(idle_resources, service="nat"))
    assert list(found) == [names["quiet"]]
    assert float(found[names["quiet"]].attributes["usd"]) == pytest.approx(32.85)


async def test_balancers_without_requests_or_targets_are_named_and_busy_ones_are_not(load: Load, call: Call):
    target = {"id": "10.0.0.9", "state": "healthy"}
    load(
        resources={
            "load_balancers": [
                {"name": "shop", "target_groups": [{"name": "shop-tg", "targets": [target]}]},
                {"name": "lonely", "target_groups": [{"name": "lonely-tg", "targets": [target]}]},
                {"name": "hollow", "target_groups": [{"name": "hollow-tg"}]},
                {"name": "baby", "created": "-1d"},
            ]
        },
        metrics=[
            metric("AWS/ApplicationELB", "RequestCount", "LoadBalancer", f"app/{name}/{{balancer:{name}}}", 30, "count")
            for name in ("shop", "hollow")
        ],
    )
    found = by_resource(await call(idle_resources, service="elb"))
    assert set(found) == {"lonely", "hollow"}
    assert found["hollow"].attributes["reason"] == "no_targets"
    assert found["lonely"].attributes["reason"] == "no_requests"


async def test_databases_are_idle_without_connections_and_oversized_without_work(load: Load, call: Call):
    def database(name: str, connections: float, cpu: float) -> list[dict[str, Any]]:
        return [
            metric("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", name, connections, "gauge"),
            metric("AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", name, cpu, "percent"),
        ]

    load(
        resources={
            "rds_instances": [
                {"name": "orders", "multi_az": False, "storage_gb": 200},
                {"name": "reports", "multi_az": False, "instance_class": "db.r6g.xlarge"},
                {"name": "busy"},
                {"name": "new", "created": "-2d"},
            ]
        },
        metrics=[*database("orders", 0, 3), *database("reports", 12, 5), *database("busy", 90, 55)],
    )
    found = by_resource(await call(idle_resources, service="rds"))
    assert set(found) == {"orders", "reports"}
    assert found["orders"].attributes["reason"] == "no_connections"
    assert float(found["orders"].attributes["usd"]) == pytest.approx(0.225 * 730 + 200 * 0.115)
    assert found["reports"].attributes["reason"] == "oversized"
    assert float(found["reports"].attributes["usd"]) == pytest.approx(0.45 * 730 / 2)
    assert found["reports"].strength < found["orders"].strength


async def test_what_the_bill_says_of_a_resource_goes_before_the_list_price(load: Load, call: Call):
    arn = "arn:aws:rds:us-east-1:123456789012:db:orders"
    bill = {"service": "Amazon Relational Database Service", "usage_type": "InstanceUsage:db.r6g.large", "noise": 0}
    load(
        resources={"rds_instances": [{"name": "orders"}]},
        metrics=[metric("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", "orders", 0, "gauge")],
        costs=[
            {**bill, "resource_id": arn, "daily_usd": 7},
            {**bill, "resource_id": arn, "daily_usd": 90, "linked_account": "999999999999"},
        ],
    )
    finding = by_resource(await call(idle_resources, service="rds"))["orders"]
    assert finding.attributes["price"] == "billed"
    assert float(finding.attributes["usd"]) == pytest.approx(7 * 365 / 12, rel=0.01)  # the other account's is not ours
    assert "list price" not in finding.statement


async def test_where_the_bill_cannot_be_read_the_list_price_stands_and_the_permission_is_named(load: Load, call: Call):
    load(
        resources={"ebs_volumes": [{"name": "old", "size_gb": 100}]},
        denied=[{"action": "ce:*"}, {"action": "ec2:DescribeAddresses"}],
    )
    evidence = await call(idle_resources, service="ec2")
    assert evidence.status is EvidenceStatus.ok
    assert "ce:GetCostAndUsageWithResources" in evidence.summary
    assert "ec2:DescribeAddresses" in evidence.summary
    assert len(evidence.findings) == 1


async def test_stopped_instances_go_on_paying_for_their_volumes(load: Load, call: Call):
    load(
        resources={
            "ec2_instances": [
                {"name": "parked", "state": "stopped", "stopped_at": "-40d"},
                {"name": "resting", "state": "stopped", "stopped_at": "-1d"},
            ],
            "ebs_volumes": [
                {"name": "parked-data", "size_gb": 400, "type": "gp2", "attached_to": "parked"},
                {"name": "resting-data", "size_gb": 400, "type": "gp2", "attached_to": "resting"},
            ],
        }
    )
    found = by_resource(await call(idle_resources, service="ec2"))
    assert list(found) == [resource_id("instance", "parked")]
    assert float(found[resource_id("instance", "parked")].attributes["usd"]) >= 40
    assert "40 days" in found[resource_id("instance", "parked")].statement


async def test_an_instance_that_computes_nothing_is_idle(load: Load, call: Call):
    ids = {name: resource_id("instance", name) for name in ("sleeper", "worker", "fresh")}
    load(
        resources={
            "ec2_instances": [{"name": "sleeper"}, {"name": "worker"}, {"name": "fresh", "launched": "-1d"}],
        },
        metrics=[
            metric("AWS/EC2", "CPUUtilization", "InstanceId", ids["sleeper"], 1.2, "percent"),
            metric("AWS/EC2", "CPUUtilization", "InstanceId", ids["fresh"], 1.2, "percent"),
            {
                **metric("AWS/EC2", "CPUUtilization", "InstanceId", ids["worker"], 1.2, "percent"),
                "events": [{"from": "-3d", "to": "-70h", "set": 60}],
            },
        ],
    )
    found = by_resource(await call(idle_resources, service="ec2"))
    assert list(found) == [ids["sleeper"]]
    assert float(found[ids["sleeper"]].attributes["usd"]) == pytest.approx(0.096 * 730)


async def test_old_snapshots_and_unused_images_are_summed_and_used_ones_left_out(load: Load, call: Call):
    load(
        resources={
            "snapshots": [
                {"name": "nightly", "size_gb": 100, "count": 60},
                {"name": "yesterday", "size_gb": 999, "created": "-1d"},
                {"name": "by-policy", "size_gb": 999, "tags": {"dlm:managed": "true"}},
            ],
            "machine_images": [
                {"name": "web-2025", "size_gb": 40},
                {"name": "web-2026", "size_gb": 50, "used_by_template": True},
            ],
        }
    )
    findings = {f.attributes["type"]: f for f in (await call(idle_resources, service="ec2")).findings}
    assert float(findings["snapshot"].attributes["usd"]) == pytest.approx(60 * 100 * 0.05)
    assert findings["snapshot"].attributes["count"] == "60"
    assert float(findings["image"].attributes["usd"]) == pytest.approx(40 * 0.05)


async def test_capacity_that_no_hour_uses_is_spare_and_on_demand_tables_have_none(load: Load, call: Call):
    def writes(table: str, per_minute: float) -> dict[str, Any]:
        return metric("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", table, per_minute, "count")

    load(
        resources={
            "dynamodb_tables": [
                {"name": "legacy", "read_capacity": 100, "write_capacity": 100},
                {"name": "orders", "read_capacity": 5, "write_capacity": 100},
                {"name": "events", "on_demand": True},
            ]
        },
        metrics=[writes("orders", 60 * 80), writes("events", 3)],
    )
    found = by_resource(await call(idle_resources, service="dynamodb"))
    assert list(found) == ["legacy"]
    assert float(found["legacy"].attributes["usd"]) == pytest.approx(730 * 100 * (0.00065 + 0.00013))


async def test_memory_that_lambda_insights_never_saw_used_is_spare(load: Load, call: Call):
    def measured(name: str, percent: float) -> list[dict[str, Any]]:
        return [
            metric("LambdaInsights", "memory_utilization", "function_name", name, percent, "percent"),
            metric("AWS/Lambda", "Invocations", "FunctionName", name, 600, "count"),
            metric("AWS/Lambda", "Duration", "FunctionName", name, 1000, "duration"),
        ]

    functions = [{"name": "roomy", "memory_mb": 2048}, {"name": "tight", "memory_mb": 2048}]
    load(resources={"lambda_functions": functions}, metrics=[*measured("roomy", 20), *measured("tight", 85)])
    found = by_resource(await call(idle_resources, service="lambda"))
    assert list(found) == ["roomy"]
    # 10 seconds a second; a quarter of 2 GB would do
    expected = 10 * 730 * 3600 * 2 * 0.74 * 0.0000166667
    assert float(found["roomy"].attributes["usd"]) == pytest.approx(expected, rel=0.05)


async def test_log_groups_without_retention_are_named_with_what_they_keep(load: Load, call: Call):
    load(
        logs=[
            {"group": "/app/forever", "stored_gb": 800},
            {"group": "/app/thirty", "stored_gb": 900, "retention_days": 30},
            {"group": "/app/small", "stored_gb": 0.1},
        ]
    )
    found = by_resource(await call(idle_resources, service="logs"))
    assert list(found) == ["/app/forever"]
    assert float(found["/app/forever"].attributes["usd"]) == pytest.approx(24)


async def test_a_tidy_account_has_nothing_idle_and_says_what_was_looked_at(load: Load, call: Call):
    load(resources={"ec2_instances": [{"name": "web", "launched": "-1d"}]})
    evidence = await call(idle_resources)
    assert evidence.status is EvidenceStatus.no_data
    assert evidence.summary.endswith("among 1 volume.")
    assert evidence.console_url
    assert (await call(idle_resources, service="kinesis")).status is EvidenceStatus.no_data


async def test_what_lies_in_another_region_is_not_counted(load: Load, call: Call):
    load(region="eu-west-1", resources={"ebs_volumes": [{"name": "old", "size_gb": 500}]})
    assert (await call(idle_resources, service="ec2")).status is EvidenceStatus.no_data


async def test_the_sum_of_all_kinds_stands_in_the_summary(load: Load, call: Call):
    load(
        resources={"ebs_volumes": [{"name": "a", "size_gb": 1000}], "elastic_ips": [{"name": "x"}]},
        logs=[{"group": "/app/forever", "stored_gb": 1000}],
    )
    evidence = await call(idle_resources)
    assert evidence.summary.startswith("About $114 a month goes to 3 resources in us-east-1")
    assert [f.attributes["type"] for f in evidence.findings] == ["total", "volume", "log-group", "elastic-ip"]
    assert float(evidence.findings[0].attributes["usd"]) == pytest.approx(80 + 30 + 3.65, rel=0.03)
    assert len(evidence.summary) < 1000
