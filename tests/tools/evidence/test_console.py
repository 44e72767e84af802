from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest

from agent.models import TimeRange
from tools.evidence import console

VIRGINIA: Any = SimpleNamespace(region="us-east-1", partition="aws")
SPAN = TimeRange(start=datetime.fromisoformat("2026-11-18T14:00Z"), end=datetime.fromisoformat("2026-11-18T15:00Z"))


def test_a_function_is_linked_in_its_region():
    expected = "https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1#/functions/checkout"
    assert console.lambda_function(VIRGINIA, "checkout") == expected


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_own_console(partition: str, region: str, host: str):
    place: Any = SimpleNamespace(region=region, partition=partition)
    assert console.rds_instance(place, "orders-db").startswith(f"https://{host}/rds/home?region={region}#")
    assert console.budgets(place).startswith(f"https://{host.removeprefix(f'{region}.')}/")


def test_log_groups_are_encoded_twice_with_dollars():
    assert console.log_group(VIRGINIA, "/aws/lambda/checkout").endswith(
        "#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fcheckout"
    )


def test_a_pattern_is_searched_for_in_its_range():
    link = console.log_events(VIRGINIA, "/ecs/web", "connection reset", SPAN)
    assert "/log-events$3FfilterPattern$3Dconnection$2520reset$26start$3D1795010400000$26end$3D1795014000000" in link


def test_an_insights_query_carries_query_groups_and_range():
    link = console.logs_insights(VIRGINIA, "fields @message | limit 5", ["/ecs/web"], SPAN)
    detail = link.split("$3FqueryDetail$3D")[1]
    assert "~editorString~'fields*20*40message*20*7c*20limit*205" in detail
    assert "~source~(~'*2fecs*2fweb))" in detail
    assert "start~'2026-11-18T14*3a00*3a00.000Z" in detail


def test_traces_are_chosen_by_expression_and_range():
    link = console.xray_traces(VIRGINIA, 'service("checkout") { fault }', SPAN)
    assert "#xray:traces/query?~(query~(expression~'service*28*22checkout*22*29" in link
    assert "timeRange~(start~'2026-11-18T14*3a00*3a00.000Z~end~'2026-11-18T15*3a00*3a00.000Z)" in link
    assert "query~()~context" in console.xray_traces(VIRGINIA, "", SPAN)


def test_a_metric_graph_names_the_series():
    link = console.metric_graph(VIRGINIA, "AWS/Lambda", "Errors", {"FunctionName": "checkout"}, SPAN, "Sum", 60)
    assert "~(metrics~(~(~'AWS*2fLambda~'Errors~'FunctionName~'checkout))" in link
    assert "~stat~'Sum~period~60~" in link


def test_several_series_stand_in_one_graph_each_with_its_statistic():
    beside = [("AWS/SQS", "NumberOfMessagesSent", {"QueueName": "q"}, "Maximum")]
    link = console.metric_graph(VIRGINIA, "AWS/Lambda", "Errors", {"FunctionName": "f"}, SPAN, "Sum", beside=beside)
    assert "'FunctionName~'f)~(~'AWS*2fSQS~'NumberOfMessagesSent~'QueueName~'q~(stat~'Maximum))" in link


def test_a_queue_is_linked_by_its_aws_address_wherever_it_was_read():
    link = console.sqs_queue(VIRGINIA, "http://127.0.0.1:4566/123456789012/orders")
    assert link.endswith("#/queues/https%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F123456789012%2Forders")


def test_cost_explorer_is_filtered_by_service():
    link = unquote(console.cost_explorer(VIRGINIA, date(2026, 11, 1), date(2026, 11, 18), "AWS Lambda", "UsageType"))
    assert link.startswith("https://console.aws.amazon.com/costmanagement/home#/cost-explorer?")
    assert '"value":"AWS Lambda"' in link
    assert 'groupBy=["UsageType"]' in link
    assert "startDate=2026-11-01&endDate=2026-11-18" in link


def test_lists_of_ec2_are_linked_with_their_filter():
    link = console.ec2_list(VIRGINIA, "Volumes", "state=available")
    assert link == "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1#Volumes:state=available"


def test_names_with_special_characters_stay_in_their_place():
    assert console.alarm(VIRGINIA, "api/5xx #1").endswith("#alarmsV2:alarm/api%2F5xx%20%231")
    assert "prefix=in%2Fa+b.csv" in console.s3_object(VIRGINIA, "lake", "in/a b.csv")


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_links_of_delivery_and_quotas_lie_in_the_partitions_own_console(partition: str):
    region = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    place: Any = SimpleNamespace(region=region, partition=partition)
    links = [
        console.stack(place, "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"),
        console.codedeploy(place, "d-1"),
        console.codedeploy_application(place, "shop"),
        console.http_api(place, "abc"),
        console.target_group(place, "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/1"),
        console.rds_cluster(place, "shop"),
        console.performance_insights(place, "db-ABC", SPAN),
        console.guardduty(place),
        console.service_quotas(place, "lambda"),
    ]
    domain = {"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn"}
    host = domain.get(partition, "console.amazonaws-us-gov.com")
    assert all(link.startswith(f"https://{region}.{host}/") and region in link.split("/", 3)[3] for link in links)
