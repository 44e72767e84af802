"""An assumed role may do what its policies and its session policy allow, and the trail names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.local.account import SimulatedAccount
from tests.deploy.local.account.changes.conftest import Watcher

SUBMIT = "arn:aws:lambda:us-east-1:123456789012:function:checkout-submit-order"
SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/catalog-prod/recommendations"

Session = Callable[..., boto3.Session]


def policy(*statements: tuple[str, str], effect: str = "Allow") -> str:
    listed = [{"Effect": effect, "Action": action, "Resource": resource} for action, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


@pytest.fixture
def assume(watch: Watcher) -> Callable[..., Callable[[str], Any]]:
    """A function from a session policy to a function that makes clients of the executor's session."""
    watch.load("lambda-errors-after-deploy")

    def assumed(session_policy: str | None = None, **more: Any) -> Callable[[str], Any]:
        given = {"Policy": session_policy} if session_policy else {}
        role = {"RoleArn": watch.account.executor_role_arn, "RoleSessionName": "inc_42", **given, **more}
        got = watch.client("sts").assume_role(**role)["Credentials"]
        session = boto3.Session(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], "us-east-1")
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
        return lambda service: session.client(service, endpoint_url=watch.account.url, config=config)

    return assumed


def test_a_session_policy_allows_exactly_what_it_says(assume: Any, watch: Watcher) -> None:
    client = assume(policy(("lambda:UpdateAlias", SUBMIT)))
    client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")

    for call, resource in (
        (
            lambda: client("lambda").update_alias(FunctionName="checkout-price-cart", Name="live", FunctionVersion="1"),
            "price-cart",
        ),
        (
            lambda: client("lambda").update_function_configuration(FunctionName="checkout-submit-order", Timeout=9),
            SUBMIT,
        ),
        (lambda: client("lambda").get_function_configuration(FunctionName="checkout-submit-order"), SUBMIT),
        (lambda: client("sqs").list_queues(), "not authorized to perform: sqs:ListQueues"),
        (lambda: client("s3").list_buckets(), "not authorized to perform: s3:ListAllMyBuckets"),
    ):
        with pytest.raises(ClientError, match=resource) as refused:
            call()
        assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    alias = watch.client("lambda").get_alias(FunctionName="checkout-price-cart", Name="live")
    assert alias["FunctionVersion"] == "2"


def test_wildcards_cover_what_they_should_and_no_more(assume: Any) -> None:
    client = assume(policy(("lambda:Get*", f"{SUBMIT[:-5]}*")))

    assert client("lambda").get_function_configuration(FunctionName="checkout-submit-order")["MemorySize"] == 512
    with pytest.raises(ClientError, match="UpdateAlias"):
        client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")
    with pytest.raises(ClientError, match="checkout-email-receipt"):
        client("lambda").get_function_configuration(FunctionName="checkout-email-receipt")


def test_the_identity_and_the_trail_name_the_session(assume: Any, watch: Watcher) -> None:
    client = assume(policy(("lambda:UpdateAlias", SUBMIT)))
    client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")

    arn = "arn:aws:sts::123456789012:assumed-role/watchkeeper-executor/inc_42"
    assert client("sts").get_caller_identity()["Arn"] == arn
    event = watch.trail("UpdateAlias20150331")[0]
    assert event["Username"] == "inc_42"
    assert json.loads(event["CloudTrailEvent"])["userIdentity"]["arn"] == arn


def test_what_was_refused_is_in_the_trail_too(assume: Any, watch: Watcher) -> None:
    client = assume(policy(("lambda:UpdateAlias", SUBMIT)))
    with pytest.raises(ClientError):
        client("lambda").put_function_concurrency(FunctionName="checkout-submit-order", ReservedConcurrentExecutions=1)

    record = json.loads(watch.trail("PutFunctionConcurrency20171031")[0]["CloudTrailEvent"])
    assert record["errorCode"] == "AccessDeniedException"


def test_a_session_policy_cannot_give_more_than_the_role_has(assume: Any) -> None:
    client = assume(policy(("*", "*")))

    with pytest.raises(ClientError, match="iam:ListRoles"):
        client("iam").list_roles()


def test_a_denial_in_the_policy_weighs_more(assume: Any) -> None:
    both = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "lambda:UpdateAlias", "Resource": "*"},
        ],
    }
    client = assume(json.dumps(both))

    assert client("lambda").list_functions()["Functions"]
    with pytest.raises(ClientError, match="not authorized to perform: lambda:UpdateAlias"):
        client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")


def test_a_scenarios_denial_holds_for_a_session_that_may(assume: Any, load: Any) -> None:
    load(denied=[{"action": "lambda:UpdateAlias"}])
    client = assume(policy(("lambda:UpdateAlias", SUBMIT)))

    with pytest.raises(ClientError, match="AccessDenied"):
        client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")


def test_each_service_names_the_resource_that_a_policy_must_allow(assume: Any, watch: Watcher) -> None:
    watch.load("ecs-out-of-memory")
    watch.load("asg-too-small")
    group = "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/quotes-web"
    client = assume(policy(("ecs:UpdateService", SERVICE), ("autoscaling:SetDesiredCapacity", group)))
    client("ecs").update_service(cluster="catalog-prod", service="recommendations", desiredCount=3)
    client("autoscaling").set_desired_capacity(AutoScalingGroupName="quotes-web", DesiredCapacity=3)

    with pytest.raises(ClientError, match="service/catalog-prod/catalog-api"):
        client("ecs").update_service(cluster="catalog-prod", service="catalog-api", desiredCount=3)
    with pytest.raises(ClientError, match="autoScalingGroupName/quotes-batch"):
        client("autoscaling").set_desired_capacity(AutoScalingGroupName="quotes-batch", DesiredCapacity=3)


def test_a_session_ends(assume: Any, watch: Watcher) -> None:
    client = assume(policy(("lambda:*", "*")), DurationSeconds=900)
    watch.wait(minutes=14)
    assert client("lambda").list_functions()["Functions"]
    watch.wait(minutes=2)

    with pytest.raises(ClientError, match="ExpiredToken"):
        client("lambda").list_functions()
    with pytest.raises(ClientError, match="ExpiredToken"):
        client("lambda").put_function_concurrency(FunctionName="checkout-submit-order", ReservedConcurrentExecutions=1)


def test_a_role_that_is_not_there_cannot_be_assumed(assume: Any, watch: Watcher) -> None:
    iam = watch.client("iam")
    iam.delete_role_policy(RoleName="watchkeeper-executor", PolicyName="remediations")
    iam.delete_role(RoleName="watchkeeper-executor")

    with pytest.raises(ClientError, match=r"not authorized to perform: sts:AssumeRole"):
        assume(policy(("lambda:UpdateAlias", SUBMIT)))


def test_of_a_role_in_another_account_the_session_policy_alone_is_known(assume: Any) -> None:
    elsewhere = {"RoleArn": "arn:aws:iam::345678901234:role/reader"}

    assert assume(**elsewhere)("lambda").list_functions()
    with pytest.raises(ClientError, match="lambda:ListFunctions"):
        assume(policy(("lambda:UpdateAlias", SUBMIT)), **elsewhere)("lambda").list_functions()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("{", "MalformedPolicyDocument"),
        (policy(("UpdateAlias", "*")), "MalformedPolicyDocument"),
        (policy(("lambda:UpdateAlias", "*"), effect="Perhaps"), "MalformedPolicyDocument"),
        (
            json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:*"}]}),
            "MalformedPolicyDocument",
        ),
        (policy(*[("lambda:UpdateAlias", SUBMIT)] * 20), "PackedPolicyTooLarge"),
    ],
    ids=["no json", "no service", "no effect", "no resource", "too long"],
)
def test_a_policy_that_cannot_be_read_is_refused(assume: Any, wrong: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        assume(wrong)

    assert refused.value.response["Error"]["Code"] == code


def test_a_session_lasts_no_longer_than_its_role_allows(assume: Any) -> None:
    with pytest.raises(ClientError, match="DurationSeconds"):
        assume(policy(("lambda:*", "*")), DurationSeconds=3601)


def test_credentials_for_reading_read_and_assume_roles_and_nothing_else(watch: Watcher) -> None:
    watch.load("lambda-errors-after-deploy")
    given = watch.account.environment(read_only=True)
    session = boto3.Session(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=watch.account.url, config=config)

    assert client("lambda").get_alias(FunctionName="checkout-submit-order", Name="live")["FunctionVersion"] == "4"
    assert client("sts").get_caller_identity()["Arn"].endswith("assumed-role/watchkeeper-read-only/watchkeeper")
    with pytest.raises(ClientError, match="not authorized to perform: lambda:UpdateAlias"):
        client("lambda").update_alias(FunctionName="checkout-submit-order", Name="live", FunctionVersion="3")
    role = {"RoleArn": watch.account.executor_role_arn, "RoleSessionName": "inc_1"}
    assert client("sts").assume_role(**role)["Credentials"]["Expiration"] > watch.now + timedelta(minutes=59)


def test_the_executors_role_is_there_as_soon_as_a_scenario_is(
    account: SimulatedAccount, load: Any, client: Any
) -> None:
    load()

    role = client("iam").get_role(RoleName="watchkeeper-executor")["Role"]
    assert role["Arn"] == account.executor_role_arn
