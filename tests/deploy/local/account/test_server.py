"""The account as a whole: scenarios side by side, loading again, the environment, and the CBOR protocol."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from moto.core.utils import get_service_model

from agent.errors import InputError
from tests.deploy.local.account.conftest import NOW

DEPTH = {"namespace": "AWS/SQS", "name": "Depth", "baseline": 5, "noise": 0, "events": [{"from": "-10m", "set": 50}]}


def test_scenarios_live_side_by_side(load, client) -> None:
    load("one", resources={"sqs_queues": [{"name": "one"}]}, cloudtrail=[_event("First")])
    load("two", resources={"sqs_queues": [{"name": "two"}]}, cloudtrail=[_event("Second")])

    assert len(client("sqs").list_queues()["QueueUrls"]) == 2
    assert {event["EventName"] for event in client("cloudtrail").lookup_events()["Events"]} == {"First", "Second"}


def test_a_scenario_loaded_again_starts_anew_and_leaves_the_others_alone(load, client, clock) -> None:
    load("one", resources={"sqs_queues": [{"name": "one"}]}, metrics=[DEPTH])
    load("two", resources={"sqs_queues": [{"name": "two"}]}, cloudtrail=[_event("Second")])
    clock.moment = NOW + timedelta(hours=2)
    load("one", resources={"sqs_queues": [{"name": "one"}]}, metrics=[DEPTH])
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="Depth",
        StartTime=NOW,
        EndTime=clock.moment,
        Period=60,
        Statistics=["Average"],
    )["Datapoints"]
    (second,) = client("cloudtrail").lookup_events()["Events"]

    assert [point["Average"] for point in points] == [5] * 110 + [50] * 10
    assert len(client("sqs").list_queues()["QueueUrls"]) == 2
    assert second["EventTime"] == NOW - timedelta(minutes=5)


def test_an_account_that_is_reset_is_empty(account, load, client) -> None:
    load(resources={"sqs_queues": [{"name": "one"}]}, metrics=[DEPTH])
    account.reset()

    assert "QueueUrls" not in client("sqs").list_queues()
    assert client("cloudwatch").list_metrics()["Metrics"] == []


def test_a_scenario_that_refers_to_something_it_lacks_is_refused_and_leaves_no_trace(load, client) -> None:
    load("good", resources={"sqs_queues": [{"name": "one"}]})
    broken = {"lambda_functions": [{"name": "f", "dead_letter_queue": "nothing"}], "sqs_queues": [{"name": "two"}]}

    with pytest.raises(InputError, match="refers to the queue 'nothing' and does not define it"):
        load("broken", resources=broken)
    assert [url.rpartition("/")[2] for url in client("sqs").list_queues()["QueueUrls"]] == ["one"]


def test_nobody_sees_half_an_account_while_a_scenario_is_loaded(account, load, client) -> None:
    queues = {"sqs_queues": [{"name": f"queue-{number}"} for number in range(10)]}
    load("one", resources=queues)
    seen: list[int] = []

    def watch() -> None:
        sqs = client("sqs")
        seen.extend(len(sqs.list_queues()["QueueUrls"]) for _ in range(15))

    with ThreadPoolExecutor(3) as watchers:
        futures = [watchers.submit(watch) for _ in range(3)]
        for _ in range(4):
            load("one", resources=queues)
        for future in futures:
            future.result()
    assert set(seen) == {10}


@pytest.mark.slow
def test_the_environment_leads_an_unsuspecting_program_into_the_account(account, load) -> None:
    load(resources={"sqs_queues": [{"name": "orders"}]}, metrics=[DEPTH])
    program = (
        "import boto3; print(boto3.client('sqs').list_queues()['QueueUrls'],"
        "boto3.client('cloudwatch').list_metrics()['Metrics'], boto3.client('sts').get_caller_identity()['Account'])"
    )
    environment = {"PATH": os.environ["PATH"], **account.environment()}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert "orders" in printed.stdout
    assert "Depth" in printed.stdout
    assert "123456789012" in printed.stdout


def test_cbor_is_spoken_to_clients_that_prefer_it(account, load) -> None:
    load(metrics=[DEPTH])
    operation = get_service_model("cloudwatch").operation_model("GetMetricStatistics")
    asked = {
        "Namespace": "AWS/SQS",
        "MetricName": "Depth",
        "StartTime": NOW - timedelta(minutes=2),
        "EndTime": NOW,
        "Period": 60,
        "Statistics": ["Average"],
    }
    status, body = _send_cbor(account.url, operation, asked)
    answer = RpcV2CBORParser().parse({"body": body, "headers": {}, "status_code": status}, operation.output_shape)

    assert [point["Average"] for point in answer["Datapoints"]] == [50, 50]
    assert answer["Datapoints"][0]["Timestamp"] == NOW - timedelta(minutes=2)


def test_cbor_errors_have_the_services_code(account, load) -> None:
    load(denied=[{"action": "cloudwatch:ListMetrics"}])
    status, body = _send_cbor(account.url, get_service_model("cloudwatch").operation_model("ListMetrics"), {})
    error = RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body)))

    assert status == 403
    assert error["__type"] == "AccessDenied"
    assert "is not authorized" in error["message"]


def _event(name: str) -> dict:
    return {"at": "-5m", "event": name, "source": "ecs.amazonaws.com", "user": "somebody"}


def _send_cbor(url: str, operation, params: dict) -> tuple[int, bytes]:
    body = RpcV2CBORSerializer()._serialize_body_params(params, operation.input_shape)
    scope = "Credential=test/20261104/us-east-1/monitoring/aws4_request"
    request = Request(
        f"{url}/service/GraniteServiceVersion20100801/operation/{operation.name}",
        data=body,
        headers={
            "smithy-protocol": "rpc-v2-cbor",
            "Content-Type": "application/cbor",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        },
    )
    try:
        with urlopen(request) as response:
            return response.status, response.read()
    except OSError as error:
        return error.code, error.read()
