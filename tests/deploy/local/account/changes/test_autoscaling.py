"""Auto Scaling groups are scaled within their limits."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.local.account.changes.conftest import Watcher

GROUP = {"AutoScalingGroupName": "quotes-web"}


@pytest.fixture
def quotes(watch: Watcher) -> Watcher:
    watch.load("asg-too-small")
    return watch


def group(watch: Watcher) -> dict[str, Any]:
    found = watch.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["quotes-web"])
    return found["AutoScalingGroups"][0]


def test_enough_instances_end_the_alarm(quotes: Watcher) -> None:
    assert quotes.alarm("quotes-web-cpu-high") == "ALARM"
    quotes.client("autoscaling").set_desired_capacity(**GROUP, DesiredCapacity=6)
    quotes.wait(minutes=4)

    assert group(quotes)["DesiredCapacity"] == 6
    assert len(group(quotes)["Instances"]) == 6
    assert quotes.alarm("quotes-web-cpu-high") == "OK"
    activity = quotes.client("autoscaling").describe_scaling_activities(**GROUP)["Activities"][0]
    assert "from 3 to 6" in activity["Cause"]


def test_a_few_more_do_not(quotes: Watcher) -> None:
    quotes.client("autoscaling").set_desired_capacity(**GROUP, DesiredCapacity=4)
    quotes.wait(minutes=6)

    assert quotes.alarm("quotes-web-cpu-high") == "ALARM"
    errors = quotes.metric("AWS/ApiGateway", "5XXError", "Sum", ApiName="quotes", Stage="prod")
    assert 15 < max(errors) < 40


def test_scaling_in_again_brings_the_alarm_back(quotes: Watcher) -> None:
    quotes.client("autoscaling").set_desired_capacity(**GROUP, DesiredCapacity=6)
    quotes.wait(minutes=10)
    quotes.client("autoscaling").set_desired_capacity(**GROUP, DesiredCapacity=2)
    quotes.wait(minutes=10)

    assert quotes.alarm("quotes-web-cpu-high") == "ALARM"


@pytest.mark.parametrize(("capacity", "said"), [(9, "above max value 8"), (1, "below min value 2")])
def test_the_limits_of_a_group_hold(quotes: Watcher, capacity: int, said: str) -> None:
    with pytest.raises(ClientError, match=said):
        quotes.client("autoscaling").set_desired_capacity(**GROUP, DesiredCapacity=capacity)

    assert group(quotes)["DesiredCapacity"] == 3


def test_an_unknown_group_is_refused(quotes: Watcher) -> None:
    with pytest.raises(ClientError, match="AutoScalingGroup name not found"):
        quotes.client("autoscaling").set_desired_capacity(AutoScalingGroupName="nothing", DesiredCapacity=2)


def test_limits_can_be_moved_and_must_make_sense(quotes: Watcher) -> None:
    scaling = quotes.client("autoscaling")
    scaling.update_auto_scaling_group(**GROUP, MaxSize=12, DesiredCapacity=10)

    assert (group(quotes)["MaxSize"], group(quotes)["DesiredCapacity"]) == (12, 10)
    with pytest.raises(ClientError, match="must be between the specified min size"):
        scaling.update_auto_scaling_group(**GROUP, MaxSize=4, DesiredCapacity=10)
