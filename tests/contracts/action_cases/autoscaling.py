"""Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from tests.contracts.action_cases.case import ActionCase, Client, target

NAME = "workers"
GROUP = {"name": NAME, "minimum": 1, "maximum": 4, "desired": 2, "tags": {"env": "prod"}}


def _capacity(client: Client) -> Any:
    (group,) = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
    return group["DesiredCapacity"]


CASES = (
    ActionCase(
        id="asg_scale",
        kind="asg_scale",
        target=target("autoscaling", "auto-scaling-group", NAME),
        parameters={"desired": 4},
        state=_capacity,
        denied="autoscaling:DescribeAutoScalingGroups",
        parts={"resources": {"autoscaling_groups": [GROUP]}},
        wrong=({}, {"desired": 0}, {"desired": "all"}),
    ),
)
