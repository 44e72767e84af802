"""Calls that fail half-way, time that is shortened, and scenarios that are reloaded."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from agent.errors import InputError
from deploy.local.account import Scenario, SimulatedAccount, load_scenario
from deploy.local.account.clock import FastClock
from deploy.local.account.faults import Fault
from tests.deploy.local.account.changes.conftest import Watcher, scenario
from tests.deploy.local.account.conftest import ALERT, ANSWER

SCALE = {"cluster": "photos-prod", "service": "photo-worker", "desiredCount": 6}
RESTART = {"cluster": "documents-prod", "service": "document-render", "forceNewDeployment": True}


def test_an_error_may_come_after_the_effect(watch: Watcher) -> None:
    watch.load("ecs-backlog")
    ecs = watch.client("ecs")
    with pytest.raises(ClientError) as refused:
        ecs.update_service(**SCALE)
    (service,) = ecs.describe_services(cluster="photos-prod", services=["photo-worker"])["services"]
    watch.wait(minutes=10)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert service["desiredCount"] == 6
    assert watch.alarm("photo-jobs-oldest-message") == "OK"
    assert ecs.update_service(**SCALE)["service"]["desiredCount"] == 6


def test_an_error_may_come_before_any_effect(watch: Watcher) -> None:
    watch.load("ecs-hung-workers")
    ecs = watch.client("ecs")
    with pytest.raises(ClientError, match="ThrottlingException"):
        ecs.update_service(**RESTART)
    watch.wait(minutes=5)
    before = watch.alarm("document-render-stalled")
    ecs.update_service(**RESTART)
    watch.wait(minutes=5)

    assert (before, watch.alarm("document-render-stalled")) == ("ALARM", "OK")
    assert watch.account.happened("ecs-hung-workers") == ("restarted",)


def test_a_fault_comes_back_with_its_scenario_and_goes_when_the_account_is_healed(watch: Watcher) -> None:
    for _ in range(2):
        watch.load("ecs-hung-workers")
        with pytest.raises(ClientError, match="ThrottlingException"):
            watch.client("ecs").update_service(**RESTART)
    watch.load("ecs-hung-workers")
    watch.account.heal()

    assert watch.client("ecs").update_service(**RESTART)["service"]["serviceName"] == "document-render"


def test_a_late_answer_is_a_change_that_was_made(watch: Watcher) -> None:
    watch.load("asg-too-small")
    watch.account.put(
        Fault("autoscaling:SetDesiredCapacity", seconds=0.2, code="InternalFailure", status=500, after_effect=True)
    )
    with pytest.raises(ClientError, match="InternalFailure"):
        watch.client("autoscaling").set_desired_capacity(AutoScalingGroupName="quotes-web", DesiredCapacity=6)

    (group,) = watch.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["quotes-web"])[
        "AutoScalingGroups"
    ]
    assert group["DesiredCapacity"] == 6


def test_a_scenario_that_is_loaded_again_knows_nothing_of_what_was_changed(watch: Watcher) -> None:
    watch.load("asg-too-small")
    watch.client("autoscaling").set_desired_capacity(AutoScalingGroupName="quotes-web", DesiredCapacity=6)
    trail = len(watch.trail("SetDesiredCapacity"))
    watch.load("asg-too-small")
    watch.wait(minutes=5)

    assert (trail, len(watch.trail("SetDesiredCapacity"))) == (2, 1)
    assert watch.alarm("quotes-web-cpu-high") == "ALARM"
    assert watch.account.happened("asg-too-small") == ()


@pytest.mark.slow
def test_with_a_fast_clock_minutes_pass_in_seconds(account: SimulatedAccount) -> None:
    account.stop()  # one account at a time in a process
    try:
        with SimulatedAccount(clock=FastClock(speed=120), pace=0) as fast:
            fast.load(scenario("asg-too-small"))
            where = {"endpoint_url": fast.url, "region_name": "us-east-1"}
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            scaling, cloudwatch = (boto3.client(name, **where, **keys) for name in ("autoscaling", "cloudwatch"))
            scaling.set_desired_capacity(AutoScalingGroupName="quotes-web", DesiredCapacity=6)
            began, state = time.monotonic(), "ALARM"
            while state != "OK" and time.monotonic() - began < 30:
                time.sleep(0.05)
                (alarm,) = cloudwatch.describe_alarms(AlarmNames=["quotes-web-cpu-high"])["MetricAlarms"]
                state = alarm["StateValue"]
            assert state == "OK"
            assert time.monotonic() - began < 10
    finally:
        account.start()


def test_reactions_must_name_one_another_rightly() -> None:
    when = {"operation": "sqs:PurgeQueue"}
    parts = {"name": "n", "title": "t", "description": "d", "alert": ALERT, "question": "?", "answer_key": ANSWER}
    with pytest.raises(ValueError, match="refers to 'first', which is none"):
        Scenario.model_validate({**parts, "reactions": [{"name": "second", "when": when, "needs": ["first"]}]})
    with pytest.raises(ValueError, match="two reactions are called 'one'"):
        Scenario.model_validate({**parts, "reactions": [{"name": "one", "when": when}, {"name": "one", "when": when}]})


def test_a_misspelt_operation_is_explained_in_one_sentence(tmp_path: Any) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: t\ndescription: d\nalert: {app: a, text: t}\nquestion: q\n"
        "answer_key: {root_cause: c, wordings: []}\nreactions: [{name: r, when: {operation: UpdateAlias}}]\n"
    )

    with pytest.raises(InputError, match=r"wrong at reactions.0.when.operation"):
        load_scenario(path)
