"""Volumes, snapshots, images and addresses that a scenario leaves lying about, as the account shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agent.errors import InputError
from deploy.local.account import Scenario
from deploy.local.account.text import resource_id
from tests.deploy.local.account.conftest import NOW

Client = Callable[..., Any]
Load = Callable[..., Scenario]


def test_a_volume_is_as_old_as_the_scenario_says_and_attached_to_its_instance(load: Load, client: Client) -> None:
    load(
        resources={
            "ec2_instances": [{"name": "web"}],
            "ebs_volumes": [
                {"name": "loose", "size_gb": 50, "created": "-90d", "iops": 4000},
                {"name": "data", "size_gb": 80, "attached_to": "web"},
            ],
        }
    )
    volumes = client("ec2").describe_volumes()["Volumes"]
    by_name = {tag["Value"]: volume for volume in volumes for tag in volume.get("Tags", []) if tag["Key"] == "Name"}
    assert by_name["loose"]["State"] == "available"
    assert by_name["loose"]["CreateTime"] == NOW - timedelta(days=90)
    assert by_name["loose"]["Iops"] == 4000
    assert by_name["data"]["Attachments"][0]["InstanceId"] == resource_id("instance", "web")


def test_a_volume_of_an_unknown_instance_is_refused_with_its_name(load: Load) -> None:
    with pytest.raises(InputError, match="'nobody'"):
        load(resources={"ebs_volumes": [{"name": "data", "size_gb": 80, "attached_to": "nobody"}]})


def test_volumes_come_in_pages_that_together_are_whole(load: Load, client: Client) -> None:
    load(resources={"ebs_volumes": [{"name": f"v{n}", "size_gb": 1} for n in range(120)]})
    ec2 = client("ec2")
    pages = list(ec2.get_paginator("describe_volumes").paginate())
    assert [len(page["Volumes"]) for page in pages] == [50, 50, 20]
    assert len({volume["VolumeId"] for page in pages for volume in page["Volumes"]}) == 120
    assert len(ec2.describe_volumes(MaxResults=7)["Volumes"]) == 7


def test_own_snapshots_are_told_from_those_of_public_images(load: Load, client: Client) -> None:
    load(resources={"snapshots": [{"name": "nightly", "size_gb": 20, "count": 3, "created": "-100d"}]})
    own = client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert [snapshot["VolumeSize"] for snapshot in own] == [20, 20, 20]
    ages = sorted((NOW - snapshot["StartTime"]).days for snapshot in own)
    assert ages == [100, 107, 114]
    assert len(client("ec2").describe_snapshots()["Snapshots"]) > 3  # everybody's


def test_an_image_has_a_snapshot_of_its_size_and_age(load: Load, client: Client) -> None:
    load(resources={"machine_images": [{"name": "web-2025", "size_gb": 44, "used_by_template": True}]})
    ec2 = client("ec2")
    (image,) = ec2.describe_images(Owners=["self"])["Images"]
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == snapshot["SnapshotId"]
    assert snapshot["VolumeSize"] == 44
    assert image["CreationDate"].startswith(f"{NOW - timedelta(days=300):%Y-%m-%d}")
    versions = ec2.describe_launch_template_versions(Versions=["$Latest"])["LaunchTemplateVersions"]
    assert [version["LaunchTemplateData"]["ImageId"] for version in versions] == [image["ImageId"]]


def test_an_address_is_associated_or_not(load: Load, client: Client) -> None:
    load(
        resources={
            "ec2_instances": [{"name": "web"}],
            "elastic_ips": [{"name": "used", "instance": "web"}, {"name": "forgotten"}],
        }
    )
    addresses = client("ec2").describe_addresses()["Addresses"]
    associated = {address["Tags"][0]["Value"]: bool(address.get("AssociationId")) for address in addresses}
    assert associated == {"used": True, "forgotten": False}


def test_an_instance_tells_when_it_was_launched_and_stopped(load: Load, client: Client) -> None:
    load(resources={"ec2_instances": [{"name": "parked", "state": "stopped", "stopped_at": "-40d"}]})
    (reservation,) = client("ec2").describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    assert instance["LaunchTime"] == NOW - timedelta(days=60)
    assert instance["StateTransitionReason"] == f"User initiated ({NOW - timedelta(days=40):%Y-%m-%d %H:%M:%S} GMT)"


def test_a_balancer_is_named_in_metrics_by_the_end_of_its_arn(load: Load, client: Client) -> None:
    dimensions = {"LoadBalancer": "app/shop/{balancer:shop}"}
    metric = {"namespace": "AWS/ApplicationELB", "name": "RequestCount", "dimensions": dimensions}
    load(resources={"load_balancers": [{"name": "shop"}]}, metrics=[metric])
    (balancer,) = client("elbv2").describe_load_balancers()["LoadBalancers"]
    (listed,) = client("cloudwatch").list_metrics()["Metrics"]
    assert balancer["LoadBalancerArn"].endswith(f"loadbalancer/{listed['Dimensions'][0]['Value']}")
    assert balancer["CreatedTime"] == NOW - timedelta(days=200)


def test_a_log_group_keeps_what_the_scenario_says(load: Load, client: Client) -> None:
    load(logs=[{"group": "/app/forever", "stored_gb": 2}])
    (group,) = client("logs").describe_log_groups()["logGroups"]
    assert group["storedBytes"] == 2 * 1024**3
    assert "retentionInDays" not in group
