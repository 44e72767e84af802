"""Lambda is rolled back, reconfigured, limited and invoked, and says no where AWS does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.changes.conftest import Watcher

SUBMIT = "checkout-submit-order"
ALARM = "checkout-submit-order-errors"


@pytest.fixture
def checkout(watch: Watcher) -> Watcher:
    watch.load("lambda-errors-after-deploy")
    return watch


def test_rolling_back_the_alias_ends_the_errors(checkout: Watcher) -> None:
    assert checkout.alarm(ALARM) == "ALARM"
    checkout.client("lambda").update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="3")
    alias = checkout.client("lambda").get_alias(FunctionName=SUBMIT, Name="live")
    checkout.wait(minutes=3)

    assert alias["FunctionVersion"] == "3"
    assert checkout.alarm(ALARM) == "OK"
    assert max(checkout.metric("AWS/Lambda", "Errors", "Sum", minutes=2, FunctionName=SUBMIT)) <= 1
    assert checkout.logged(f"/aws/lambda/{SUBMIT}", "KeyError", minutes=2) == 0
    assert checkout.logged(f"/aws/lambda/{SUBMIT}", '"Version: 3"', minutes=2) > 20


def test_what_was_measured_and_logged_before_a_change_stays_as_it_was(checkout: Watcher) -> None:
    before = checkout.metric("AWS/Lambda", "Errors", "Sum", minutes=30, FunctionName=SUBMIT)
    lines = checkout.logged(f"/aws/lambda/{SUBMIT}", "KeyError", minutes=10)
    checkout.client("lambda").update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="3")

    assert checkout.metric("AWS/Lambda", "Errors", "Sum", minutes=30, FunctionName=SUBMIT) == before
    assert checkout.logged(f"/aws/lambda/{SUBMIT}", "KeyError", minutes=10) == lines > 100


def test_putting_the_bad_version_back_brings_the_errors_back(checkout: Watcher) -> None:
    awslambda = checkout.client("lambda")
    awslambda.update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="3")
    checkout.wait(minutes=5)
    awslambda.update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="4")
    checkout.wait(minutes=5)

    assert checkout.alarm(ALARM) == "ALARM"
    assert min(checkout.metric("AWS/Lambda", "Errors", "Sum", minutes=3, FunctionName=SUBMIT)) > 5


def test_touching_the_configuration_does_not_help(checkout: Watcher) -> None:
    checkout.client("lambda").update_function_configuration(
        FunctionName=SUBMIT, Environment={"Variables": {"RESTARTED": "1"}}
    )
    checkout.wait(minutes=5)

    configuration = checkout.client("lambda").get_function_configuration(FunctionName=SUBMIT)
    assert configuration["Environment"]["Variables"] == {"RESTARTED": "1"}
    assert configuration["LastModified"].startswith("2026-11-04T15:00")
    assert checkout.alarm(ALARM) == "ALARM"


def test_too_little_concurrency_makes_it_worse(checkout: Watcher) -> None:
    checkout.client("lambda").put_function_concurrency(FunctionName=SUBMIT, ReservedConcurrentExecutions=1)
    checkout.wait(minutes=3)

    assert checkout.client("lambda").get_function_concurrency(FunctionName=SUBMIT) | {"ResponseMetadata": {}} == {
        "ReservedConcurrentExecutions": 1,
        "ResponseMetadata": {},
    }
    assert min(checkout.metric("AWS/Lambda", "Throttles", "Sum", minutes=2, FunctionName=SUBMIT)) > 5


def test_the_rollback_is_in_the_trail_by_whoever_made_it(checkout: Watcher) -> None:
    checkout.client("lambda").update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="3")

    latest = checkout.trail("UpdateAlias20150331")[0]
    record = json.loads(latest["CloudTrailEvent"])
    assert latest["Resources"] == [{"ResourceType": "AWS::Lambda::Function", "ResourceName": SUBMIT}]
    assert record["requestParameters"] == {"functionName": SUBMIT, "name": "live", "functionVersion": "3"}
    assert latest["Username"] == "watchkeeper"


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("update_alias", {"Name": "live", "FunctionVersion": "41"}, "ResourceNotFoundException"),
        ("update_alias", {"Name": "canary", "FunctionVersion": "3"}, "ResourceNotFoundException"),
        (
            "update_alias",
            {"Name": "live", "FunctionVersion": "3", "RevisionId": "other"},
            "PreconditionFailedException",
        ),
        ("update_function_configuration", {"MemorySize": 20_000}, "InvalidParameterValueException"),
        ("update_function_configuration", {"Timeout": 901}, "InvalidParameterValueException"),
        ("put_function_concurrency", {"ReservedConcurrentExecutions": 950}, "InvalidParameterValueException"),
    ],
)
def test_what_lambda_refuses_changes_nothing(
    checkout: Watcher, operation: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(checkout.client("lambda"), operation)(FunctionName=SUBMIT, **params)

    assert refused.value.response["Error"]["Code"] == code
    assert checkout.client("lambda").get_alias(FunctionName=SUBMIT, Name="live")["FunctionVersion"] == "4"
    assert checkout.account.happened("lambda-errors-after-deploy") == ()


def test_an_unknown_function_is_refused(checkout: Watcher) -> None:
    with pytest.raises(ClientError, match="Function not found"):
        checkout.client("lambda").put_function_concurrency(FunctionName="nothing", ReservedConcurrentExecutions=1)


def test_an_alias_changes_only_from_the_revision_that_was_seen(checkout: Watcher) -> None:
    awslambda = checkout.client("lambda")
    seen = awslambda.get_alias(FunctionName=SUBMIT, Name="live")["RevisionId"]
    awslambda.update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="2", RevisionId=seen)

    with pytest.raises(ClientError, match="RevisionId"):
        awslambda.update_alias(FunctionName=SUBMIT, Name="live", FunctionVersion="3", RevisionId=seen)
    assert awslambda.get_alias(FunctionName=SUBMIT, Name="live")["FunctionVersion"] == "2"


def test_a_configuration_changes_only_from_the_revision_that_was_seen(checkout: Watcher) -> None:
    awslambda = checkout.client("lambda")
    seen = awslambda.get_function_configuration(FunctionName=SUBMIT)["RevisionId"]
    same = awslambda.get_function(FunctionName=SUBMIT)["Configuration"]["RevisionId"]
    changed = awslambda.update_function_configuration(FunctionName=SUBMIT, Timeout=16, RevisionId=seen)

    assert seen == same != changed["RevisionId"]
    assert awslambda.get_function_configuration(FunctionName=SUBMIT)["RevisionId"] == changed["RevisionId"]
    with pytest.raises(ClientError, match="PreconditionFailedException"):
        awslambda.update_function_configuration(FunctionName=SUBMIT, Timeout=17, RevisionId=seen)


def test_an_invocation_fails_in_the_bad_version_and_not_in_the_good_one(checkout: Watcher) -> None:
    awslambda = checkout.client("lambda")
    bad = awslambda.invoke(FunctionName=SUBMIT, Qualifier="live", Payload=b'{"items": []}', LogType="Tail")
    good = awslambda.invoke(FunctionName=SUBMIT, Qualifier="3", Payload=b'{"items": []}')

    assert (bad["StatusCode"], bad["FunctionError"], bad["ExecutedVersion"]) == (200, "Unhandled", "4")
    assert json.loads(bad["Payload"].read())["errorType"] == "KeyError"
    assert "FunctionError" not in good
    assert json.loads(good["Payload"].read())["status"] == "accepted"


def test_invocations_can_be_asynchronous_or_dry_or_refused(checkout: Watcher) -> None:
    awslambda = checkout.client("lambda")
    later = awslambda.invoke(FunctionName=SUBMIT, InvocationType="Event", Payload=b"{}")
    dry = awslambda.invoke(FunctionName=SUBMIT, InvocationType="DryRun", Payload=b"{}")

    assert (later["StatusCode"], dry["StatusCode"]) == (202, 204)
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        awslambda.invoke(FunctionName=SUBMIT, Payload=b"{oh")
    awslambda.put_function_concurrency(FunctionName=SUBMIT, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        awslambda.invoke(FunctionName=SUBMIT, Payload=b"{}")
