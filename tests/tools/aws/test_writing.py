"""Write sessions, with real boto3 against the simulated account: what was permitted, once, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from agent.errors import SettingsError, WriteRefused
from agent.ports.writing import Permission
from agent.settings import AwsAccount, Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from tests.tools.actions.account import ACCOUNT, NOW, Bench, person
from tools.aws import Boto3Session
from tools.aws.sending import CALLS_SECONDS, is_throttled
from tools.aws.writing import POLICY_CHARS, SESSION_SECONDS, AssumedWriteAccess, session_name, session_policy

FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:checkout"
RESERVE = Permission("lambda", "put_function_concurrency", "lambda:PutFunctionConcurrency", (FUNCTION,))
OTHER = f"arn:aws:iam::{ACCOUNT}:role/somebody-else"


class Clock:
    def __init__(self) -> None:
        self.moment = NOW


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[Bench]:
    with SimulatedAccount(clock=lambda: clock.moment, pace=0) as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        yield Bench(account, Boto3Session.open("us-east-1"), person())


@pytest.fixture
def bench(running: Bench, clock: Clock) -> Bench:
    clock.moment = NOW
    running.load(resources={"lambda_functions": [{"name": "checkout"}, {"name": "payments"}]})
    return running


def reserved(bench: Bench, name: str = "checkout") -> Any:
    return bench.person("lambda").get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")


def counted(writes: AssumedWriteAccess) -> tuple[Any, list[str]]:
    """A client, and what it sends."""
    client, sent = writes.open([RESERVE], "act_1").client("lambda"), list[str]()
    client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    return client, sent


def reserve(client: Any) -> None:
    client.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=5)


def test_what_was_permitted_is_done(bench: Bench) -> None:
    client = bench.writes.open([RESERVE], "act_1").client("lambda")
    client.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=5)
    assert reserved(bench) == 5


def test_who_did_it_is_the_actions_id(bench: Bench) -> None:
    session = bench.writes.open([Permission("sts", "get_caller_identity", "sts:GetCallerIdentity", ("*",))], "act_1")
    assert session.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/watchkeeper-executor/act_1")


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("lambda", "delete_function", {"FunctionName": "checkout"}),
        ("lambda", "get_function", {"FunctionName": "checkout"}),
        ("iam", "create_access_key", {}),
        ("sts", "assume_role", {"RoleArn": OTHER, "RoleSessionName": "x"}),
    ],
)
def test_any_other_call_is_refused_before_it_leaves(
    bench: Bench, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    client, sent = bench.writes.open([RESERVE], "act_1").client(service), list[str]()
    client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    with pytest.raises(WriteRefused, match=operation):
        getattr(client, operation)(**parameters)
    assert sent == []


def test_neither_paginators_nor_presigned_addresses_are_a_way_around(bench: Bench) -> None:
    client = bench.writes.open([RESERVE], "act_1").client("lambda")
    with pytest.raises(WriteRefused):
        list(client.get_paginator("list_functions").paginate())
    with pytest.raises(WriteRefused):
        client.generate_presigned_url("delete_function", Params={"FunctionName": "checkout"})


def test_another_resource_is_refused_by_aws_itself(bench: Bench) -> None:
    client = bench.writes.open([RESERVE], "act_1").client("lambda")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_function_concurrency(FunctionName="payments", ReservedConcurrentExecutions=5)
    assert reserved(bench, "payments") is None


def test_a_call_with_other_parameters_than_the_exact_ones_is_refused(bench: Bench) -> None:
    exact = Permission(
        "events",
        "put_events",
        "events:PutEvents",
        ("*",),
        exactly=(("Entries.Source", "mine"), ("Entries.Detail", "{}")),
    )
    client = bench.writes.open([exact], "act_1").client("events")
    entry = {"DetailType": "x", "Detail": "{}"}
    client.put_events(Entries=[{**entry, "Source": "mine"}])
    for entries in (
        [{**entry, "Source": "other"}],
        [{**entry, "Source": "mine"}, {**entry, "Source": "other"}],
        [{"Source": "mine", "DetailType": "x"}],
        [],
    ):
        with pytest.raises(WriteRefused):
            client.put_events(Entries=entries)


def test_credentials_end_after_a_quarter_of_an_hour(bench: Bench, clock: Clock) -> None:
    client = bench.writes.open([RESERVE], "act_1").client("lambda")
    clock.moment = NOW + timedelta(seconds=SESSION_SECONDS)
    with pytest.raises(ClientError, match="Expired"):
        client.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=5)


@pytest.mark.parametrize(("code", "status"), [("ServiceException", 500), ("ServiceUnavailable", 503), ("Busy", 429)])
def test_a_write_that_may_have_had_its_effect_is_sent_once(bench: Bench, code: str, status: int) -> None:
    client, sent = counted(bench.writes)
    bench.account.put(Fault("lambda:PutFunctionConcurrency", code=code, status=status))
    with pytest.raises(ClientError):
        reserve(client)
    bench.account.heal()
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("code", "status"),
    [("TooManyRequestsException", 429), ("ThrottlingException", 400), ("RequestLimitExceeded", 503), ("SlowDown", 503)],
)
def test_a_write_that_is_throttled_has_had_no_effect_and_is_sent_again(bench: Bench, code: str, status: int) -> None:
    client, sent = counted(bench.writes)
    bench.account.put(Fault("lambda:PutFunctionConcurrency", code=code, status=status, times=2))
    reserve(client)
    assert (len(sent), reserved(bench)) == (3, 5)


def test_what_is_refused_because_something_else_goes_on_is_not_asked_again(bench: Bench) -> None:
    client, sent = counted(bench.writes)
    bench.account.put(Fault("lambda:PutFunctionConcurrency", code="ScalingActivityInProgress", status=400))
    with pytest.raises(ClientError):
        reserve(client)
    bench.account.heal()
    assert len(sent) == 1


def test_throttling_is_waited_for_with_growing_pauses_and_not_for_ever(bench: Bench) -> None:
    client, sent = counted(replace(bench.writes, calls_seconds=15.0))
    bench.account.put(Fault("lambda:PutFunctionConcurrency", code="ThrottlingException", status=400))
    began = time.monotonic()
    with pytest.raises(ClientError, match="Throttling"):
        reserve(client)
    bench.account.heal()
    assert 2 <= len(sent) <= 12
    assert time.monotonic() - began < 4


def test_no_event_of_which_eventbridge_took_one_is_sent_again(bench: Bench) -> None:
    refused, taken = {"ErrorCode": "ThrottlingException"}, {"EventId": "1"}
    assert is_throttled(200, {"FailedEntryCount": 1, "Entries": [refused]})
    assert not is_throttled(200, {"FailedEntryCount": 1, "Entries": [refused, taken]})
    assert not is_throttled(200, {"FailedEntryCount": 0, "Entries": [taken]})


def test_rate_exceeded_is_throttling_by_whatever_code_unless_it_is_an_error_of_awss_own() -> None:
    said = {"Error": {"Code": "ClientException", "Message": "Rate exceeded"}}
    assert is_throttled(400, said)
    assert not is_throttled(500, said)
    assert is_throttled(400, {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 429})
    assert not is_throttled(400, {"Error": {"Code": "RestApiClientException"}, "RestApiStatusCode": 409})


def test_nothing_is_sent_by_a_process_that_slept_too_long(bench: Bench) -> None:
    """Another one may have taken over meanwhile."""
    now = [0.0]
    client, _ = counted(replace(bench.writes, ticks=lambda: now[0]))
    now[0] = CALLS_SECONDS
    with pytest.raises(WriteRefused, match="too late"):
        reserve(client)
    assert reserved(bench) is None


def test_a_write_that_hangs_is_sent_once(bench: Bench) -> None:
    settings = Settings.read(executor_role_arn=bench.account.executor_role_arn, aws_timeout_seconds=0.3)
    client, sent = AssumedWriteAccess.of(settings).open([RESERVE], "act_1").client("lambda"), list[str]()
    client.meta.events.register("before-send", lambda request, **_: sent.append(request.url))
    bench.account.put(Fault("lambda:PutFunctionConcurrency", seconds=1))
    with pytest.raises(ReadTimeoutError):
        client.put_function_concurrency(FunctionName="checkout", ReservedConcurrentExecutions=5)
    bench.account.heal()
    assert len(sent) == 1


def test_without_a_role_nothing_can_be_changed_and_the_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="WATCHKEEPER_EXECUTOR_ROLE_ARN"):
        AssumedWriteAccess.of(Settings.read()).open([RESERVE], "act_1")


def test_another_account_needs_a_role_of_its_own(bench: Bench) -> None:
    there = AwsAccount(id="210987654321", name="data")
    settings = Settings.read(executor_role_arn=bench.account.executor_role_arn, aws_accounts=(there,))
    for account in ("210987654321", "data", "333333333333"):
        with pytest.raises(SettingsError, match="executor_role"):
            AssumedWriteAccess.of(settings).open([RESERVE], "act_1", account)


def test_another_accounts_role_is_the_one_that_is_assumed(bench: Bench) -> None:
    """The simulated account is but one: its role stands for the other account's here."""
    there = AwsAccount(id="210987654321", executor_role=bench.account.executor_role_arn, regions=("us-east-1",))
    access = AssumedWriteAccess.of(Settings.read(aws_accounts=(there,)))
    access.open([RESERVE], "act_1", "210987654321").client("lambda").put_function_concurrency(
        FunctionName="checkout", ReservedConcurrentExecutions=7
    )
    assert reserved(bench) == 7
    with pytest.raises(SettingsError, match="WATCHKEEPER_EXECUTOR_ROLE_ARN"):
        access.open([RESERVE], "act_1")


def test_a_role_that_may_not_be_assumed_is_refused_with_what_to_allow(bench: Bench) -> None:
    access = AssumedWriteAccess.of(Settings.read(executor_role_arn=OTHER))
    with pytest.raises(WriteRefused, match=f"{OTHER} may not be assumed.*sts:AssumeRole"):
        access.open([RESERVE], "act_1")


def test_sts_that_does_not_answer_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    with pytest.raises(WriteRefused, match="nothing was changed"):
        bench.writes.open([RESERVE], "act_1")


def test_a_session_policy_says_what_was_permitted_and_no_more() -> None:
    conditional = Permission("ssm", "send_command", "ssm:SendCommand", ("arn",), (("StringEquals", "ssm:x", "y"),))
    assert json.loads(session_policy([RESERVE, conditional]))["Statement"] == [
        {"Effect": "Allow", "Action": "lambda:PutFunctionConcurrency", "Resource": [FUNCTION]},
        {
            "Effect": "Allow",
            "Action": "ssm:SendCommand",
            "Resource": ["arn"],
            "Condition": {"StringEquals": {"ssm:x": "y"}},
        },
    ]


@pytest.mark.parametrize("name", ["web*", "web-?", "${aws:username}", "*"])
def test_a_name_that_iam_would_read_as_a_pattern_gets_no_credentials(name: str) -> None:
    group = f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/"
    scale = Permission("autoscaling", "set_desired_capacity", "autoscaling:SetDesiredCapacity", (group + name,))
    with pytest.raises(WriteRefused, match="as a pattern"):
        session_policy([scale])
    assert "webstore" in session_policy([replace(scale, resources=(f"{group}webstore",))])


def test_an_action_outside_aws_gets_no_credentials_and_still_needs_the_role(bench: Bench) -> None:
    with pytest.raises(WriteRefused, match="lambda"):
        bench.writes.open([], "act_1").client("lambda")
    with pytest.raises(SettingsError, match="WATCHKEEPER_EXECUTOR_ROLE_ARN"):
        AssumedWriteAccess.of(Settings.read()).open([], "act_1")


def test_nothing_and_too_much_get_no_session() -> None:
    """An empty policy would be none, which is everything that the role may do."""
    for permissions in ([], [RESERVE] * 20):
        with pytest.raises(WriteRefused):
            session_policy(permissions)
    assert len(session_policy([RESERVE])) < POLICY_CHARS / 5


@pytest.mark.parametrize(
    ("name", "taken"), [("act_1a2b", "act_1a2b"), ("a b/ü", "a-b--"), ("x", "x-"), ("y" * 99, "y" * 64)]
)
def test_a_sessions_name_is_one_that_sts_takes(name: str, taken: str) -> None:
    assert session_name(name) == taken
