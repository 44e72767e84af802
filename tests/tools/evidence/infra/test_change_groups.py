"""A pipeline's calls are one deed; what somebody else did at about that time is another."""

from __future__ import annotations

from datetime import timedelta

from agent.changes import Change, RankedChange
from tests.tools.evidence.conftest import NOW
from tools.evidence.infra.change_groups import grouped, in_words


def call(event: str, minutes: float, principal: str = "ci", *resources: str, score: float = 0.8, error: str = ""):
    at = NOW - timedelta(minutes=minutes)
    change = Change(at, event, "lambda", principal, resources or ("checkout",), error=error)
    return RankedChange(change, score, minutes)


def version(number: str, minutes: float, *resources: str) -> RankedChange:
    at = NOW - timedelta(minutes=minutes)
    change = Change(at, "PublishVersion", "lambda", "", resources or ("checkout",), deployment=True, version=number)
    return RankedChange(change, 0.9, minutes)


PIPELINE = [
    call("UpdateAlias", 44, "ci", "checkout", "live", score=0.95),
    call("UpdateFunctionCode", 46, "ci", "checkout", "artifacts"),
    call("PublishVersion", 45.5),
    version("4", 45.5),
]


def test_a_pipelines_calls_and_its_version_are_one_rollout_by_the_pipeline() -> None:
    (deed,) = grouped(PIPELINE)

    assert (deed.change.version, deed.change.principal, deed.change.resources) == ("4", "ci", ("checkout",))
    assert deed.change.event == "UpdateFunctionCode, PublishVersion, UpdateAlias"
    assert (deed.score, deed.minutes_before) == (0.95, 45.5)


def test_nobody_is_said_to_have_rolled_out_what_another_did() -> None:
    deeds = grouped([version("4", 45), call("PutFunctionConcurrency", 44, "dana")])

    assert sorted(deed.change.principal for deed in deeds) == ["", "dana"]


def test_another_call_of_the_pipelines_is_not_hidden_in_its_rollout() -> None:
    deeds = grouped([*PIPELINE, call("PutFunctionConcurrency", 44), call("AddPermission", 43)])

    assert {deed.change.event for deed in deeds} == {
        "UpdateFunctionCode, PublishVersion, UpdateAlias",
        "PutFunctionConcurrency, AddPermission",
    }


def test_other_people_other_resources_and_later_calls_stay_apart() -> None:
    others = [
        call("UpdateAlias", 44, "dana"),
        call("UpdateFunctionCode", 46, "ci", "newsletter"),
        call("UpdateFunctionCode", 30),
    ]

    assert len(grouped([call("UpdateFunctionCode", 46), *others])) == 4


def test_two_versions_within_a_minute_are_two_rollouts_and_a_failed_call_is_its_own() -> None:
    deeds = grouped([version("4", 45), version("5", 44.5), call("UpdateAlias", 45, error="AccessDenied")])

    assert len(deeds) == 3


def test_events_are_listed_as_people_list_them() -> None:
    assert in_words("A") == "A"
    assert in_words("A, B") == "A and B"
    assert in_words("A, B, C") == "A, B and C"
