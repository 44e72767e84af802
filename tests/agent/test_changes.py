from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.changes import Change, nearness, rank, unique

ONSET = datetime(2026, 11, 18, 14, 18, tzinfo=UTC)


def change(minutes_before: float, event: str = "UpdateFunctionCode", *names: str, **more: object) -> Change:
    at = ONSET - timedelta(minutes=minutes_before)
    details: dict[str, object] = {"service": "lambda", "principal": "ana", **more}
    return Change(at=at, event=event, resources=names, **details)  # type: ignore[arg-type]


def best(*changes: Change, resource: str = "checkout", service: str = "lambda") -> Change:
    return rank(changes, ONSET, resource, service)[0].change


def test_a_deploy_of_the_resource_minutes_before_wins_over_all_else():
    deploy = change(3, "UpdateFunctionCode", "checkout")
    others = [
        change(2, "UpdateFunctionCode", "newsletter"),
        change(1, "CreateLogStream", "checkout"),
        change(240, "UpdateFunctionConfiguration", "checkout"),
        change(-30, "UpdateFunctionCode", "checkout"),
    ]
    assert best(*others, deploy) is deploy
    assert rank([deploy], ONSET, "checkout")[0].score > 0.85


def test_what_follows_the_onset_by_more_than_its_exactness_did_not_cause_it():
    assert rank([change(-4, "UpdateFunctionCode", "checkout")], ONSET, "checkout")[0].score > 0.85
    assert rank([change(-40, "UpdateFunctionCode", "checkout")], ONSET, "checkout")[0].score < 0.1


def test_a_change_loses_weight_by_the_hour():
    scores = [
        rank([change(m, "UpdateFunctionCode", "checkout")], ONSET, "checkout")[0].score for m in (5, 60, 180, 720)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.2


def test_when_only_the_day_is_known_all_changes_of_that_day_are_as_suspect():
    morning, evening = (
        change(20 * 60, "PutBucketNotification", "uploads"),
        change(60, "PutBucketNotification", "uploads"),
    )
    scores = [r.score for r in rank([morning, evening], ONSET, "uploads", fresh_minutes=1440)]
    assert scores[0] == scores[1]


def test_routine_failed_and_automatic_calls_rank_low():
    deploy = change(10, "UpdateFunctionCode", "checkout")
    for lesser in (
        change(10, "AssumeRole", "checkout"),
        change(10, "TagResource", "checkout"),
        change(10, "UpdateFunctionCode", "checkout", error="AccessDenied"),
        change(10, "UpdateService", "checkout", by_aws=True),
    ):
        assert rank([deploy, lesser], ONSET, "checkout")[1].change is lesser
        assert rank([lesser], ONSET, "checkout")[0].score < 0.5


def test_a_call_that_is_made_all_day_is_routine():
    hourly = [change(60 * n, "PutScalingPolicy", "checkout") for n in range(1, 10)]
    once = change(60, "PutScalingPolicy", "checkout", principal="ben")
    assert best(*hourly, once) is once


def test_without_an_onset_nothing_is_certain():
    found = rank([change(3, "UpdateFunctionCode", "checkout")], None, "checkout", now=ONSET)
    assert found[0].score <= 0.6
    assert found[0].minutes_before is None


@pytest.mark.parametrize(
    ("names", "resource", "expected"),
    [
        (("checkout",), "checkout", 1.0),
        (("checkout-api",), "checkout", 0.85),
        (("orders-db",), "orders-worker", 0.6),
        (("search-api",), "orders-api", 0.25),
        (("newsletter",), "checkout", 0.25),
    ],
)
def test_nearness_by_name(names: tuple[str, ...], resource: str, expected: float):
    assert nearness(change(1, "UpdateFunctionCode", *names), resource, "lambda") == expected


def test_an_endpoint_bears_on_a_nat_gateway_without_naming_it():
    deleted = change(5, "DeleteVpcEndpoints", "vpce-1", service="ec2")
    unrelated = change(5, "RunInstances", "i-1", service="ec2")
    assert best(unrelated, deleted, resource="nat-0a1", service="nat") is deleted


def test_the_same_call_is_shown_once():
    ranked = rank([change(m, "UpdateAlias", "checkout") for m in (2, 9)], ONSET, "checkout")
    assert [r.minutes_before for r in unique(ranked)] == [2]


ARN = "arn:aws:lambda:eu-west-1:111122223333:function:checkout"


def test_a_change_in_another_account_or_region_ranks_low():
    here = change(10, "UpdateFunctionCode", "checkout", account="111122223333", region="eu-west-1")
    others = [
        change(2, "UpdateFunctionCode", "checkout", account="999988887777", region="eu-west-1"),
        change(2, "UpdateFunctionCode", "checkout", account="111122223333", region="us-east-1"),
    ]
    ranked = rank([*others, here], ONSET, ARN)
    assert ranked[0].change is here
    assert all(other.score < 0.35 for other in ranked[1:])


def test_a_change_whose_account_is_unknown_counts_as_the_resources_own():
    assert rank([change(3, "UpdateFunctionCode", "checkout")], ONSET, ARN)[0].score > 0.85


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (ARN, "checkout"),
        (ARN + ":live", "checkout"),
        ("arn:aws:ecs:eu-west-1:111122223333:service/prod-cluster/checkout", "checkout"),
        ("arn:aws:dynamodb:eu-west-1:111122223333:table/checkout", "checkout"),
        ("arn:aws:rds:eu-west-1:111122223333:db:checkout", "checkout"),
        ("arn:aws:sqs:eu-west-1:111122223333:checkout", "checkout"),
        ("arn:aws:s3:::checkout/some/key", "checkout"),
        ("arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/checkout/50dc6c495c0c9188", "checkout"),
    ],
)
def test_a_resource_may_be_named_by_its_arn(arn: str, name: str):
    for touched in (arn, name):
        assert nearness(change(1, "UpdateFunctionCode", touched), arn, "") == 1.0


HOME = "eu-west-1:111122223333"


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        (f"arn:aws:secretsmanager:{HOME}:secret:prod/orders-AbCdEf", "prod/orders"),
        (f"arn:aws:ssm:{HOME}:parameter/prod/db/url", "/prod/db/url"),
        (f"arn:aws:ssm:{HOME}:parameter/prod/db/url", "prod/db/url"),
        (f"arn:aws:ssm:{HOME}:parameter/url", "url"),
        (f"arn:aws:ssm:{HOME}:parameter/url", "/url"),
        (f"arn:aws:ecs:{HOME}:task-definition/orders:12", "orders"),
        (f"arn:aws:logs:{HOME}:log-group:/aws/lambda/orders:*", "/aws/lambda/orders"),
        (f"arn:aws:logs:{HOME}:log-group:/aws/lambda/orders:log-stream:a/b", "/aws/lambda/orders"),
        ("arn:aws:iam::111122223333:role/service-role/orders-role", "orders-role"),
        ("arn:aws:iam::111122223333:role/orders-role", "orders-role"),
    ],
)
def test_names_with_paths_versions_and_suffixes_are_read_from_arns(arn: str, name: str):
    assert nearness(change(1, "PutParameter", arn), name, "") == 1.0
    assert nearness(change(1, "PutParameter", name), arn, "") == 1.0
    assert nearness(change(1, "PutParameter", "billing/other"), arn, "") == 0.0


def test_another_secret_of_the_same_folder_is_not_the_same():
    arn = f"arn:aws:secretsmanager:{HOME}:secret:prod/orders-AbCdEf"
    assert nearness(change(1, "PutSecretValue", "prod/stripe"), arn, "") == 0.0


def test_a_log_group_is_near_to_its_function():
    arn = f"arn:aws:logs:{HOME}:log-group:/aws/lambda/orders:*"
    assert nearness(change(1, "PutRetentionPolicy", arn), "orders", "lambda") == 0.85


def test_a_deployment_beats_tags_of_the_same_minute():
    deployed = change(5, "CreateDeployment", "checkout", deployment=True)
    tagged = change(5, "TagResource", "checkout")
    ranked = rank([tagged, deployed], ONSET, "checkout")
    assert ranked[0].change is deployed
    assert ranked[0].score > 3 * ranked[1].score


EVENTS = ("UpdateFunctionCode", "TagResource", "AssumeRole", "DeleteVpcEndpoints", "PutScalingPolicy", "SomethingNew")
changes = st.builds(
    change,
    st.floats(-2000, 20_000),
    st.sampled_from(EVENTS),
    st.sampled_from(["checkout", "checkout-api", "orders", "", ARN]),
    error=st.sampled_from(["", "AccessDenied"]),
    by_aws=st.booleans(),
    deployment=st.booleans(),
    account=st.sampled_from(["", "111122223333", "999988887777"]),
    region=st.sampled_from(["", "eu-west-1", "us-east-1"]),
)


@given(st.lists(changes, max_size=12), st.sampled_from(["", "checkout", ARN, "arn:", "arn:aws:s3:::", "::::::"]))
def test_every_change_is_ranked_once_best_first(found: list[Change], resource: str):
    ranked = rank(found, ONSET, resource)
    assert sorted(map(id, found)) == sorted(id(r.change) for r in ranked)
    scores = [r.score for r in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(st.lists(changes, max_size=12), st.randoms())
def test_the_order_of_reading_does_not_change_the_scores(found: list[Change], chance: Random):
    mixed = list(found)
    chance.shuffle(mixed)
    scores = lambda ranked: sorted((id(r.change), r.score) for r in ranked)  # noqa: E731
    assert scores(rank(found, ONSET, "checkout")) == scores(rank(mixed, ONSET, "checkout"))


@given(changes, st.floats(0, 5000))
def test_an_earlier_change_never_explains_more_than_the_same_change_nearer_to_the_onset(item: Change, more: float):
    before = replace(item, at=min(item.at, ONSET))
    earlier = replace(before, at=before.at - timedelta(minutes=more))
    one = lambda one: rank([one], ONSET, ARN)[0].score  # noqa: E731
    assert one(earlier) <= one(before)
