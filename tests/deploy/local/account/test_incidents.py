"""Each scenario's account really carries its incident: a person with boto3 and no answer key could find it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import mean
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount, load_scenario
from tests.deploy.local.account.conftest import NOW

HOUR = timedelta(hours=1)


class Looker:
    """What an engineer on call would ask the account, in one line each."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self.client = client

    def metric(self, namespace: str, name: str, stat: str, start: datetime, end: datetime, **by: str) -> list[float]:
        dimensions = [{"Name": key, "Value": value} for key, value in by.items()]
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
        query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 300, "Stat": stat}}
        reply = self.client("cloudwatch").get_metric_data(StartTime=start, EndTime=end, MetricDataQueries=[query])
        return reply["MetricDataResults"][0]["Values"]

    def rise(self, namespace: str, name: str, stat: str, since: timedelta, **by: str) -> float:
        """How many times higher the average is since then than on a whole day that ended half a day earlier."""
        before = self.metric(namespace, name, stat, NOW - since - 36 * HOUR, NOW - since - 12 * HOUR, **by)
        after = self.metric(namespace, name, stat, NOW - since, NOW, **by)
        return mean(after) / max(mean(before), 1e-9)

    def logs(self, group: str, pattern: str, start: timedelta, end: timedelta = timedelta(0)) -> list[str]:
        span = {"startTime": _ms(NOW - start), "endTime": _ms(NOW - end)}
        events = self.client("logs").filter_log_events(logGroupName=group, filterPattern=pattern, limit=500, **span)
        return [event["message"] for event in events["events"]]

    def changes(self, start: timedelta, end: timedelta = timedelta(0)) -> list[str]:
        """`event resource` of every write in the range."""
        writes = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
        span = {"StartTime": NOW - start, "EndTime": NOW - end}
        events = self.client("cloudtrail").lookup_events(LookupAttributes=writes, **span)["Events"]
        return [
            f"{each['EventName']} {resource['ResourceName']}" for each in events for resource in each["Resources"] or []
        ]

    def daily_usd(self, days: int, **where: str) -> list[float]:
        """Cost of each whole day, up to yesterday. `where` is a dimension: USAGE_TYPE="..."."""
        [(key, value)] = where.items()
        reply = self.client("ce").get_cost_and_usage(
            TimePeriod={"Start": f"{NOW - timedelta(days=days):%Y-%m-%d}", "End": f"{NOW:%Y-%m-%d}"},
            Granularity="DAILY",
            Metrics=["UnblendedCost"],
            Filter={"Dimensions": {"Key": key, "Values": [value]}},
        )
        return [float(day["Total"]["UnblendedCost"]["Amount"]) for day in reply["ResultsByTime"]]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.fixture
def look(request: pytest.FixtureRequest, account: SimulatedAccount, client: Callable[..., Any]) -> Looker:
    """The account with the scenario in it that `@scenario` names."""
    account.load(load_scenario(request.param), NOW)
    return Looker(client)


def scenario(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("look", [name], indirect=True, ids=[""])


@scenario("lambda-errors-after-deploy")
def test_a_new_version_brings_an_exception_that_was_never_logged_before(look: Looker) -> None:
    since, group = timedelta(minutes=41), "/aws/lambda/checkout-submit-order"
    assert look.rise("AWS/Lambda", "Errors", "Sum", since, FunctionName="checkout-submit-order") > 50
    assert look.rise("AWS/Lambda", "Errors", "Sum", since, FunctionName="checkout-price-cart") < 5
    assert len(look.logs(group, "KeyError", since)) > 100
    assert look.logs(group, "KeyError", 24 * HOUR, since) == []
    assert "UpdateAlias20150331 checkout-submit-order" in look.changes(HOUR)
    alias = look.client("lambda").get_alias(FunctionName="checkout-submit-order", Name="live")
    assert alias["FunctionVersion"] == "4"


@scenario("lambda-cost-spike")
def test_a_function_writes_into_the_bucket_that_invokes_it_and_its_cost_explodes(look: Looker) -> None:
    bucket = "harborline-media-uploads"
    notification = look.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    [trigger] = notification["LambdaFunctionConfigurations"]
    assert "Filter" not in trigger
    function = look.client("lambda").get_function_configuration(FunctionName=trigger["LambdaFunctionArn"])
    assert function["Environment"]["Variables"]["OUTPUT_BUCKET"] == bucket
    since = timedelta(days=2)
    assert look.rise("AWS/Lambda", "Invocations", "Sum", since, FunctionName="media-thumbnailer") > 20
    assert look.rise("AWS/Lambda", "Invocations", "Sum", since, FunctionName="catalog-search-indexer") < 1.5
    days = look.daily_usd(7, USAGE_TYPE="USE1-Lambda-GB-Second")
    assert days[-1] > 20 * days[0]
    assert f"PutBucketNotification {bucket}" in look.changes(timedelta(days=3))
    again = look.logs("/aws/lambda/media-thumbnailer", '{ $.source = "*thumbs/*" }', 2 * HOUR)
    assert len(again) > 100


@scenario("rds-connections-exhausted")
def test_a_database_is_full_of_connections_of_a_service_that_was_just_deployed(look: Looker) -> None:
    parameters = look.client("rds").describe_db_parameters(DBParameterGroupName="orders-db-params", Source="user")
    limit = {each["ParameterName"]: each["ParameterValue"] for each in parameters["Parameters"]}["max_connections"]
    recent = look.metric(
        "AWS/RDS", "DatabaseConnections", "Average", NOW - HOUR / 4, NOW, DBInstanceIdentifier="orders-db"
    )
    assert min(recent) > 0.95 * int(limit)
    group = "/ecs/orders-api"
    assert len(look.logs(group, '"remaining connection slots"', HOUR / 2)) > 100
    assert look.logs(group, '"remaining connection slots"', 24 * HOUR, HOUR) == []
    assert "UpdateService orders-api" in look.changes(HOUR)
    ecs = look.client("ecs")

    def pool_size(revision: int) -> str:
        definition = ecs.describe_task_definition(taskDefinition=f"orders-api:{revision}")["taskDefinition"]
        environment = {each["name"]: each["value"] for each in definition["containerDefinitions"][0]["environment"]}
        return environment["DB_POOL_SIZE"]

    assert (pool_size(61), pool_size(62)) == ("10", "40")


@scenario("ecs-out-of-memory")
def test_tasks_of_a_new_revision_are_killed_for_memory(look: Looker) -> None:
    ecs = look.client("ecs")
    stopped = ecs.list_tasks(cluster="catalog-prod", serviceName="recommendations", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster="catalog-prod", tasks=stopped)["tasks"]
    killed = [task for task in tasks if task["containers"][0].get("exitCode") == 137]
    assert len(killed) > 8
    assert all("OutOfMemoryError" in task["containers"][0]["reason"] for task in killed)
    assert {task["taskDefinitionArn"].rpartition("/")[2] for task in killed} == {"recommendations:18"}
    service = {"ClusterName": "catalog-prod", "ServiceName": "recommendations"}
    assert max(look.metric("AWS/ECS", "MemoryUtilization", "Maximum", NOW - HOUR / 2, NOW, **service)) >= 99
    assert max(look.metric("AWS/ECS", "MemoryUtilization", "Maximum", NOW - 24 * HOUR, NOW - 2 * HOUR, **service)) < 75
    assert ecs.list_tasks(cluster="catalog-prod", serviceName="catalog-api", desiredStatus="STOPPED")["taskArns"] == []


@scenario("airflow-missing-upstream-file")
@pytest.mark.parametrize("now", [NOW, NOW.replace(hour=0, minute=20), NOW.replace(hour=1, minute=10)])
def test_the_file_that_a_failed_task_asks_for_is_the_one_that_is_not_there(
    look: Looker, account: SimulatedAccount, clock: Any, now: datetime
) -> None:
    clock.moment = now
    account.load(load_scenario("airflow-missing-upstream-file"), now)

    def ask(path: str, **query: Any) -> Any:
        reply = look.client("mwaa").invoke_rest_api(
            Name="data-platform-prod", Path=path, Method="GET", QueryParameters=query
        )
        return reply["RestApiResponse"]

    run = ask("/dags/daily_orders_ingest/dagRuns", state="failed", order_by="-run_after")["dag_runs"][0]
    task = f"/dags/daily_orders_ingest/dagRuns/{run['dag_run_id']}/taskInstances/load_orders"
    log = json.dumps(ask(f"{task}/logs/3"))
    assert "NoSuchKey" in log
    bucket, _, key = log.partition("s3://")[2].partition('"')[0].partition("/")
    keys = [each["Key"] for each in look.client("s3").list_objects_v2(Bucket=bucket, Prefix="orders/")["Contents"]]
    assert key not in keys
    day_before = f"{datetime.fromisoformat(run['run_after']) - timedelta(days=1):%Y-%m-%d}"
    assert f"orders/{day_before}/orders.csv" == keys[-1]
    returns = look.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"returns/{now:%Y-%m-%d}/")
    assert returns["KeyCount"] == 1


@scenario("dbt-type-change")
def test_a_column_changed_its_type_in_the_source_but_not_in_the_model(look: Looker) -> None:
    data = look.client("redshift-data")

    def select(sql: str) -> list[list[Any]]:
        statement = data.execute_statement(ClusterIdentifier="analytics-dwh", Database="analytics", Sql=sql)
        data.describe_statement(Id=statement["Id"], WaitTimeSeconds=5)
        records = data.get_statement_result(Id=statement["Id"])["Records"]
        return [[next(iter(field.values())) for field in row] for row in records]

    types = dict(select("select table_schema, data_type from svv_columns where column_name = 'amount_cents' "
                        "and table_name like '%payments' order by 1"))  # fmt: skip
    assert types["raw"] == "character varying"
    assert select("select data_type from svv_columns where table_name = 'fct_payments' and ordinal_position = 3") == [
        ["integer"]
    ]
    [[model]] = select("select distinct query_text from sys_query_history where status = 'failed'")
    failed = data.execute_statement(ClusterIdentifier="analytics-dwh", Database="analytics", Sql=model)
    again = data.describe_statement(Id=failed["Id"], WaitTimeSeconds=5)
    assert "is of type integer but expression is of type character varying" in again["Error"]
    altered = select("select count(*) from sys_query_history where query_text ilike 'alter table raw.payments%'")
    assert altered == [[3]]


@scenario("sqs-poison-message")
def test_one_message_comes_back_again_and_again_and_there_is_nowhere_to_put_it(look: Looker) -> None:
    sqs = look.client("sqs")
    url = sqs.get_queue_url(QueueName="invoicing-events")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "RedrivePolicy" not in attributes
    assert int(attributes["ApproximateNumberOfMessages"]) > 200
    oldest = look.metric(
        "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", NOW - HOUR / 6, NOW, QueueName="invoicing-events"
    )
    assert max(oldest) > 2500
    errors = look.logs("/aws/lambda/invoicing-worker", "ERROR", HOUR)
    assert len(errors) > 40
    assert {line.partition("message ")[2].partition(" ")[0] for line in errors} == {
        "5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1aa"
    }
    assert look.changes(5 * HOUR) == []


@scenario("dynamodb-throttling")
def test_writes_reach_a_fixed_capacity_as_traffic_grows(look: Looker) -> None:
    table = look.client("dynamodb").describe_table(TableName="storefront-sessions")["Table"]
    capacity = table["ProvisionedThroughput"]["WriteCapacityUnits"]
    scaling = look.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")
    assert {each["ResourceId"] for each in scaling["ScalableTargets"]} == {"table/loyalty-points"}
    since = timedelta(minutes=35)
    consumed = look.metric(
        "AWS/DynamoDB", "ConsumedWriteCapacityUnits", "Sum", NOW - since, NOW, TableName="storefront-sessions"
    )
    assert max(consumed) == capacity * 300
    throttled = look.metric(
        "AWS/DynamoDB", "WriteThrottleEvents", "Sum", NOW - 24 * HOUR, NOW, TableName="storefront-sessions"
    )
    assert 5 < len(throttled) < 12
    assert look.rise("AWS/ApiGateway", "Count", "Sum", since, ApiName="storefront", Stage="prod") > 2.5
    assert look.changes(5 * HOUR) == []


@scenario("nat-gateway-cost")
def test_traffic_to_s3_goes_through_a_nat_gateway_since_its_endpoint_is_gone(look: Looker) -> None:
    ec2 = look.client("ec2")
    gateways = {each["Tags"][0]["Value"]: each["NatGatewayId"] for each in ec2.describe_nat_gateways()["NatGateways"]}

    def rise(gateway: str) -> float:
        by = {"NatGatewayId": gateways[gateway]}
        return look.rise("AWS/NATGateway", "BytesOutToDestination", "Sum", timedelta(days=3), **by)

    assert rise("core-prod-nat-a") > 10
    assert rise("core-prod-nat-b") < 1.5
    services = [each["ServiceName"] for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]]
    assert services == ["com.amazonaws.us-east-1.dynamodb"]
    assert any(change.startswith("DeleteVpcEndpoints vpce-") for change in look.changes(timedelta(days=4)))
    days = look.daily_usd(8, USAGE_TYPE="NatGateway-Bytes")
    assert days[-1] > 8 * days[0]
    hours = look.daily_usd(8, USAGE_TYPE="NatGateway-Hours")
    assert hours[-1] == pytest.approx(hours[0], rel=0.01)


@scenario("flapping-alarm")
def test_the_alarm_comes_and_goes_and_nothing_else_has_changed(look: Looker) -> None:
    service = {"ClusterName": "search-prod", "ServiceName": "search-api"}
    today = look.metric("AWS/ECS", "CPUUtilization", "Average", NOW - 6 * HOUR, NOW, **service)
    before = look.metric("AWS/ECS", "CPUUtilization", "Average", NOW - 30 * HOUR, NOW - 24 * HOUR, **service)
    assert mean(today) == pytest.approx(mean(before), rel=0.02)
    assert max(today) < 74
    assert look.logs("/ecs/search-api", "?ERROR ?error ?Exception", 6 * HOUR) == []
    assert look.changes(3 * timedelta(days=1)) == []
    assert (
        sum(look.metric("AWS/ApiGateway", "5XXError", "Sum", NOW - 6 * HOUR, NOW, ApiName="search", Stage="prod")) == 0
    )
