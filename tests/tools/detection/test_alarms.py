"""Alarms in ALARM that nobody posted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.models import Alert, Incident
from agent.sources import parse_alert
from tests.lookout import Lookout

TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"


def errors_alarm(function: str, **more: Any) -> dict[str, Any]:
    return {
        "name": f"{function}-errors",
        "namespace": "AWS/Lambda",
        "metric": "Errors",
        "dimensions": {"FunctionName": function},
        "statistic": "Sum",
        "period": 60,
        "evaluation_periods": 1,
        "threshold": 5,
        "actions": [TOPIC],
        **more,
    }


def errors(function: str, *events: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespace": "AWS/Lambda",
        "name": "Errors",
        "dimensions": {"FunctionName": function},
        "baseline": 0,
        "noise": 0,
        "statistic_kind": "count",
        "integer": True,
        "events": list(events),
    }


async def keep(looking: Lookout, alert: Alert) -> None:
    """An incident of an alert that somebody posted."""
    now = looking.clock()
    incident = Incident(id="inc_1", title=alert.title, alerts=(alert,), created_at=now, updated_at=now)
    await looking.deps.incidents.create(incident.model_copy(update={"last_alert_at": now}))


async def test_an_alarm_is_told_within_two_ticks_and_once_and_told_to_be_over(watching: Lookout):
    watching.load(
        metrics=[errors("checkout", {"from": "-30m", "to": "-10m", "add": 40})], alarms=[errors_alarm("checkout")]
    )
    assert await watching.until(-31) == []
    assert await watching.until(-20) == [("firing", "checkout-errors")]
    assert await watching.until(20) == [("resolved", "checkout-errors")]
    [fired] = watching.firing
    assert (fired.source, fired.metric, fired.resource.id) == ("cloudwatch", "Errors", "checkout")
    assert "alarmsV2:alarm/checkout-errors" in " ".join(fired.links)


async def test_an_alarm_that_was_in_alarm_before_anybody_looked_is_no_news(watching: Lookout):
    watching.load(metrics=[errors("checkout", {"from": "-3h", "add": 40})], alarms=[errors_alarm("checkout")])
    assert await watching.until(0) == []
    assert watching.ticks[0].learned == ["1 alarms"]


async def test_an_alarm_whose_message_was_posted_is_not_told_again(watching: Lookout):
    watching.load(metrics=[errors("checkout", {"from": "-30m", "add": 40})], alarms=[errors_alarm("checkout")])
    await watching.until(-31)
    sent = {
        "AlarmName": "checkout-errors",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:checkout-errors",
        "NewStateValue": "ALARM",
        "StateChangeTime": (watching.story - timedelta(minutes=29)).isoformat(),
    }
    await keep(watching, parse_alert(sent, watching.clock()))
    assert await watching.until(10) == []


async def test_an_alarm_that_flaps_is_told_a_few_times_and_not_at_every_turn(watching: Lookout):
    often = {"from": "-60m", "add": 40, "every": {"period": "20m", "width": "6m"}}
    watching.load(metrics=[errors("checkout", often)], alarms=[errors_alarm("checkout")])
    watching.clock.now = watching.story - timedelta(minutes=90)
    told = await watching.until(0)
    turns = sum(status == "firing" for status, _ in told)
    assert 1 <= turns <= 2


async def test_alarms_that_the_team_ignores_stay_silent(watching: Lookout):
    watching.watches(alarms={"ignore": ["checkout-*"]})
    watching.load(
        metrics=[errors("checkout", {"from": "-30m", "add": 40}), errors("search", {"from": "-30m", "add": 40})],
        alarms=[errors_alarm("checkout"), errors_alarm("search")],
    )
    assert await watching.until(0) == [("firing", "search-errors")]


async def test_a_composite_alarm_is_told_instead_of_its_parts(watching: Lookout):
    watching.load(
        metrics=[errors("checkout", {"from": "-30m", "add": 40})],
        alarms=[errors_alarm("checkout", actions=[])],
        composite_alarms=[{"name": "shop-down", "rule": 'ALARM("checkout-errors")', "actions": [TOPIC]}],
    )
    assert await watching.until(0) == [("firing", "shop-down")]
