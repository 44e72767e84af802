"""Auto Scaling groups stay within their own bounds."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models import Resource
from tests.tools.actions.account import Bench
from tools.actions.catalog import ACTIONS


@pytest.fixture
def group(bench: Bench) -> Bench:
    bench.load(resources={"autoscaling_groups": [{"name": "workers", "minimum": 2, "maximum": 5, "desired": 3}]})
    return bench


def problems(bench: Bench, desired: int) -> Any:
    return bench.preview("asg_scale", "workers", desired=desired).problems


def test_within_its_bounds_it_may_grow_and_shrink(group: Bench) -> None:
    assert problems(group, 5) == problems(group, 2) == ()


@pytest.mark.parametrize("desired", [1, 6])
def test_beyond_them_it_may_not(group: Bench, desired: int) -> None:
    assert "2 to 5" in problems(group, desired)[0]


def test_a_suspended_process_would_let_nothing_happen(group: Bench) -> None:
    group.person("autoscaling").suspend_processes(AutoScalingGroupName="workers", ScalingProcesses=["Launch"])
    assert "Launch is suspended" in problems(group, 4)[0]
    assert problems(group, 2) == ()


def test_instances_are_counted_and_priced(group: Bench) -> None:
    preview = group.preview("asg_scale", "workers", desired=5)
    assert preview.affected == 2
    assert preview.cost == "2 m6i.large more: about 140 USD a month more at the us-east-1 list price"


def test_a_group_that_ran_nothing_has_no_way_back(bench: Bench) -> None:
    bench.load(resources={"autoscaling_groups": [{"name": "workers", "minimum": 0, "maximum": 4, "desired": 0}]})
    result = bench.execute("asg_scale", "workers", desired=1)
    kind = ACTIONS["asg_scale"]
    resource = Resource(service="autoscaling", type="auto-scaling-group", id="workers")
    assert kind.undo(kind.order(resource, {"desired": 1}), result) is None
