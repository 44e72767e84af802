"""Resources of a scenario, as boto3 finds them in the account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from deploy.local.account.text import resource_id
from tests.deploy.local.account.conftest import NOW


def test_a_function_has_the_versions_and_times_of_the_scenario(load, client) -> None:
    versions = [
        {"version": 46, "at": "-9d", "description": "idempotent submit"},
        {"version": 47, "at": "-43m", "description": "multi-currency totals"},
    ]
    function = {"name": "checkout", "memory_mb": 512, "timeout_s": 10, "versions": versions, "reserved_concurrency": 20}
    load(resources={"lambda_functions": [{**function, "aliases": {"live": "47"}, "environment": {"STAGE": "prod"}}]})
    awslambda = client("lambda")
    listed = awslambda.list_versions_by_function(FunctionName="checkout")["Versions"]
    configuration = awslambda.get_function_configuration(FunctionName="checkout", Qualifier="live")

    assert [each["Version"] for each in listed] == ["$LATEST", "46", "47"]
    assert listed[2]["Description"] == "multi-currency totals"
    assert listed[2]["LastModified"] == (NOW - timedelta(minutes=43)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    assert (configuration["Version"], configuration["MemorySize"], configuration["Timeout"]) == ("47", 512, 10)
    assert awslambda.get_alias(FunctionName="checkout", Name="live")["FunctionVersion"] == "47"
    assert awslambda.get_function_concurrency(FunctionName="checkout")["ReservedConcurrentExecutions"] == 20
    limits = awslambda.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (1000, 980)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        awslambda.get_function(FunctionName="checkout", Qualifier="45")


def test_a_bucket_tells_the_function_that_it_triggers(load, client) -> None:
    load(
        resources={
            "lambda_functions": [{"name": "thumbnails"}],
            "s3_buckets": [{"name": "media", "notifications": [{"function": "thumbnails", "prefix": "originals/"}]}],
        }
    )
    configuration = client("s3").get_bucket_notification_configuration(Bucket="media")

    (rule,) = configuration["LambdaFunctionConfigurations"]
    assert rule["LambdaFunctionArn"].endswith(":function:thumbnails")
    assert rule["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "originals/"}]


def test_objects_arrive_day_by_day_and_one_that_is_late_is_missing(load, client) -> None:
    series = {"key": "orders/{date|%Y/%m/%d}/part.csv", "size": 5_000_000, "from": "-4d", "to": "-1d", "delay": "2h"}
    load(resources={"s3_buckets": [{"name": "landing", "series": [series]}]})
    s3 = client("s3")
    objects = s3.list_objects_v2(Bucket="landing", Prefix="orders/")["Contents"]

    assert [each["Key"] for each in objects] == [f"orders/2026/11/0{day}/part.csv" for day in (1, 2, 3)]
    assert objects[0]["Size"] == 5_000_000
    assert objects[0]["LastModified"].isoformat() == "2026-11-01T02:00:00+00:00"
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="landing", Key="orders/2026/11/04/part.csv")


def test_a_queue_shows_the_depth_of_its_metrics_and_hands_out_its_messages(load, client, clock) -> None:
    clock.moment = datetime.now(UTC)  # messages are kept by the real clock
    depth = {
        "namespace": "AWS/SQS",
        "name": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": "orders"},
        "baseline": 10,
        "noise": 0,
        "events": [{"from": "-1h", "set": 4200}],
    }
    message = {"body": '{"order": 17}', "at": "-50m", "receive_count": 3}
    queues = [
        {"name": "orders", "redrive": {"queue": "orders-dlq", "max_receive_count": 5}, "messages": [message]},
        {"name": "orders-dlq"},
    ]
    load(resources={"sqs_queues": queues}, metrics=[depth])
    sqs = client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    (received,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]

    assert attributes["ApproximateNumberOfMessages"] == "4200"
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 5
    assert received["Attributes"]["ApproximateReceiveCount"] == "4"
    assert int(received["Attributes"]["SentTimestamp"]) == int(
        (clock.moment - timedelta(minutes=50)).timestamp() * 1000
    )
    only = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert only == {"VisibilityTimeout": "30"}
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_attributes(QueueUrl=url.replace("orders", "nothing"), AttributeNames=["All"])


def test_a_table_has_its_capacity_and_size_and_no_autoscaling_unless_given(load, client) -> None:
    fixed = {"name": "sessions", "read_capacity": 100, "write_capacity": 50, "item_count": 1_840_233}
    scaled = {"name": "loyalty", "write_autoscaling": {"minimum": 25, "maximum": 200}}
    load(resources={"dynamodb_tables": [fixed, scaled, {"name": "orders", "on_demand": True}]})
    dynamodb, scaling = client("dynamodb"), client("application-autoscaling")
    described = dynamodb.describe_table(TableName="sessions")["Table"]
    targets = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]

    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 50
    assert described["ItemCount"] == 1_840_233
    assert [target["ResourceId"] for target in targets] == ["table/loyalty"]
    billing = dynamodb.describe_table(TableName="orders")["Table"]["BillingModeSummary"]["BillingMode"]
    assert billing == "PAY_PER_REQUEST"
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.describe_table(TableName="nothing")


def test_a_network_is_wired_as_the_scenario_says(load, client) -> None:
    vpc = {
        "name": "core",
        "subnets": [
            {"name": "public-a", "cidr": "10.0.0.0/24", "public": True},
            {"name": "private-a", "cidr": "10.0.1.0/24"},
        ],
        "nat_gateways": [{"name": "nat-a", "subnet": "public-a"}],
        "route_tables": [{"name": "private", "subnets": ["private-a"], "routes": [{"nat_gateway": "nat-a"}]}],
        "endpoints": [{"service": "dynamodb", "route_tables": ["private"]}],
    }
    load(resources={"vpcs": [vpc], "ec2_instances": [{"name": "web-1", "subnet": "private-a"}]})
    ec2 = client("ec2")
    (gateway,) = ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["available"]}])["NatGateways"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["private"]}])["RouteTables"]
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [gateway["VpcId"]]}])["VpcEndpoints"]
    named = ec2.describe_instances(InstanceIds=[resource_id("instance", "web-1")])
    instance = named["Reservations"][0]["Instances"][0]

    assert gateway["NatGatewayId"] == resource_id("nat", "nat-a")
    assert {"Key": "Name", "Value": "nat-a"} in gateway["Tags"]
    assert gateway["NatGatewayId"] in [route.get("NatGatewayId") for route in tables[0]["Routes"]]
    assert [endpoint["ServiceName"] for endpoint in endpoints] == ["com.amazonaws.us-east-1.dynamodb"]
    assert {"Key": "Name", "Value": "web-1"} in instance["Tags"]
    assert instance["State"]["Name"] == "running"


def test_ids_that_aws_makes_up_can_be_named_in_a_scenario(load) -> None:
    scenario = load(
        metrics=[{"namespace": "AWS/NATGateway", "name": "Bytes", "dimensions": {"NatGatewayId": "{nat:nat-a}"}}]
    )

    assert scenario.metrics[0].dimensions == {"NatGatewayId": resource_id("nat", "nat-a")}


def test_groups_balancers_clusters_and_secrets_are_there(load, client) -> None:
    subnets = [{"name": f"public-{zone}", "cidr": f"10.0.{n}.0/24", "zone": zone} for n, zone in enumerate("ab")]
    names = [subnet["name"] for subnet in subnets]
    load(
        resources={
            "vpcs": [{"name": "core", "subnets": subnets}],
            "autoscaling_groups": [{"name": "web", "desired": 2, "subnets": names}],
            "load_balancers": [{"name": "front", "subnets": names, "target_groups": [{"name": "web-targets"}]}],
            "redshift_clusters": [{"name": "dwh", "nodes": 2}],
            "secrets": [{"name": "dwh/readonly", "keys": ["username", "password"]}],
        }
    )
    (group,) = client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    secret = client("secretsmanager").get_secret_value(SecretId="dwh/readonly")["SecretString"]

    assert group["DesiredCapacity"] == 2
    assert client("elbv2").describe_load_balancers(Names=["front"])["LoadBalancers"][0]["Type"] == "application"
    assert client("redshift").describe_clusters(ClusterIdentifier="dwh")["Clusters"][0]["NumberOfNodes"] == 2
    assert set(json.loads(secret)) == {"username", "password"}
