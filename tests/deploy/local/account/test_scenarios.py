"""The scenarios that come with Watchkeeper: each loads, its alarm tells its story, and all ten live side by side."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from agent.findings import KINDS
from deploy.local.account import Scenario, load_scenario, render_alert, scenario_names
from tests.deploy.local.account.conftest import NOW

SUNDAY_NIGHT = datetime(2026, 11, 8, 3, 7, 30, tzinfo=UTC)
NAMES = scenario_names()


def all_named(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """(kind, name) of everything that must have a name of its own in an account."""
    for kind in type(scenario.resources).model_fields:
        for each in getattr(scenario.resources, kind):
            if kind != "event_source_mappings":
                yield kind, getattr(each, "name", None) or each.family
    for vpc in scenario.resources.vpcs:
        for part in (*vpc.subnets, *vpc.nat_gateways, *vpc.route_tables):
            yield "network", part.name
    for metric in scenario.metrics:
        yield "metric", json.dumps([metric.namespace, metric.name, dict(metric.dimensions)], sort_keys=True)
    for kind, things in (("alarm", scenario.alarms), ("mwaa", scenario.mwaa), ("budget", scenario.budgets)):
        for each in things:
            yield kind, each.name
    for group in scenario.logs:
        yield "log group", group.group


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Scenario]:
    return {name: load_scenario(name) for name in NAMES}


def test_there_are_ten() -> None:
    assert len(NAMES) >= 10


@pytest.mark.parametrize("now", [NOW, SUNDAY_NIGHT], ids=["in the afternoon", "on a sunday night"])
@pytest.mark.parametrize("name", NAMES)
def test_the_alarm_that_an_alert_speaks_of_has_fired_and_the_others_are_quiet(
    account, client, clock, scenarios, name, now
) -> None:
    clock.moment = now
    scenario = scenarios[name]
    account.load(scenario)
    cloudwatch = client("cloudwatch", scenario.region)
    alert = json.dumps(render_alert(scenario, now))
    for alarm in cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]:
        history = cloudwatch.describe_alarm_history(
            AlarmName=alarm["AlarmName"], HistoryItemType="StateUpdate", MaxRecords=100
        )["AlarmHistoryItems"]
        outcome = (alarm["StateValue"], len(history))
        spoken_of = any(each["Value"] in alert for each in alarm.get("Dimensions", []))
        if alarm["AlarmName"] in alert and scenario.answer_key.nothing_wrong:
            assert len(history) > 20
        elif alarm["AlarmName"] in alert:
            assert outcome == ("ALARM", 1)
        elif outcome != ("OK", 0):
            assert (outcome, spoken_of) == (("ALARM", 1), True), alarm["AlarmName"]


@pytest.mark.parametrize("name", NAMES)
def test_alarms_watch_metrics_that_are_there_or_that_may_be_silent(scenarios, name) -> None:
    scenario = scenarios[name]
    known = {(metric.namespace, metric.name, *sorted(metric.dimensions.items())) for metric in scenario.metrics}
    for alarm in scenario.alarms:
        for part in alarm.metrics or (alarm,):
            if part.metric is not None and alarm.treat_missing != "notBreaching":
                assert (part.namespace, part.metric, *sorted(part.dimensions.items())) in known


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_key_agrees_with_itself_and_with_the_vocabulary(scenarios, name) -> None:
    key = scenarios[name].answer_key
    for group in key.wordings:
        assert any(re.search(wording, key.root_cause, re.IGNORECASE) for wording in group), group
    for claim in key.must_not_claim:
        assert not re.search(claim, key.root_cause, re.IGNORECASE), claim
    assert {each.finding_kind for each in key.must_cite} - {None} <= set(KINDS)
    assert key.must_cite or key.nothing_wrong


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_is_rendered_without_leftovers_and_a_question_gives_nothing_away(scenarios, name) -> None:
    scenario = scenarios[name]

    assert not re.search(
        r"\{(time|epoch|date|region|account_id|nat|instance)\b", json.dumps(render_alert(scenario, NOW))
    )
    assert name not in scenario.question
    assert scenario.title.lower() not in scenario.question.lower()


def test_no_two_scenarios_use_the_same_name(scenarios) -> None:
    counted = Counter(named for scenario in scenarios.values() for named in set(all_named(scenario)))

    assert [named for named, count in counted.items() if count > 1] == []


def test_all_scenarios_live_side_by_side(account, client, clock, scenarios) -> None:
    clock.moment = datetime.now(UTC)
    for scenario in scenarios.values():
        account.load(scenario)

    def count(kind: str) -> int:
        return sum(len(getattr(scenario.resources, kind)) for scenario in scenarios.values())

    functions = client("lambda").get_paginator("list_functions").paginate().build_full_result()["Functions"]
    alarms = client("cloudwatch").get_paginator("describe_alarms").paginate().build_full_result()["MetricAlarms"]
    assert len(functions) == count("lambda_functions")
    assert len(client("s3").list_buckets()["Buckets"]) == count("s3_buckets")
    assert len(client("dynamodb").list_tables()["TableNames"]) == count("dynamodb_tables")
    assert len(client("rds").describe_db_instances()["DBInstances"]) == count("rds_instances")
    assert len(alarms) == sum(len(scenario.alarms) for scenario in scenarios.values())
    assert len({alarm["AlarmName"] for alarm in alarms}) == len(alarms)
