"""Our own detector on the metrics that a team lists, and CloudWatch's bands."""

from __future__ import annotations

from typing import Any

from deploy.local.account.faults import Fault
from graphs.detection import Found
from tests.lookout import Lookout
from tests.tools.detection.test_alarms import errors, errors_alarm


def invocations(function: str, *events: dict[str, Any], tags: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "namespace": "AWS/Lambda",
        "name": "Invocations",
        "dimensions": {"FunctionName": function},
        "baseline": 200,
        "noise": 0.05,
        "daily": 0.3,
        "statistic_kind": "count",
        "events": list(events),
    }


def one(function: str = "checkout") -> dict[str, Any]:
    return {"namespace": "AWS/Lambda", "metric": "Invocations", "dimensions": {"FunctionName": function}}


HIGH = ("firing", "Invocations of checkout is unusually high")


async def test_a_jump_is_told_within_two_ticks_and_told_to_be_over(watching: Lookout):
    watching.watches(metrics=[one()])
    watching.load(metrics=[invocations("checkout", {"from": "-30m", "to": "-5m", "multiply": 3})])
    assert await watching.until(-30) == []
    assert await watching.until(-20) == [HIGH]
    assert await watching.until(40) == [("resolved", HIGH[1])]
    [fired] = watching.firing
    assert "is usual at this time" in fired.description
    assert (fired.source, fired.metric, fired.resource.id) == ("watchkeeper", "Invocations", "checkout")
    assert f"{fired.started_at:%H:%M}" in ("14:25", "14:30")
    assert "checkout" in fired.links[0]


async def test_the_first_tick_learns_the_last_week_in_one_call(watching: Lookout):
    watching.watches(metrics=[one(), one("search")])
    watching.load(metrics=[invocations("checkout"), invocations("search")])
    assert await watching.tick() == []
    assert "2 metrics" in watching.ticks[0].learned
    assert cost(watching.ticks[0], "metrics")["api_calls"] == 1
    await watching.tick()
    assert (watching.ticks[1].learned, cost(watching.ticks[1], "metrics")["api_calls"]) == ([], 1)
    assert cost(watching.ticks[1], "metrics")["usd"] == 0.00002


async def test_what_was_learned_survives_a_restart(watching: Lookout):
    watching.watches(metrics=[one()])
    watching.load(metrics=[invocations("checkout", {"from": "-30m", "multiply": 3})])
    for _ in range(12):
        await watching.tick()
        watching.deps.cache.forget("")  # all that a process holds in memory
    assert [(str(alert.status), alert.title) for alert in watching.told] == [HIGH]
    assert sum("1 metrics" in found.learned for found in watching.ticks) == 1


async def test_a_metric_is_listed_by_resource_tag_or_search(watching: Lookout):
    jump = {"from": "-30m", "multiply": 3}
    watching.load(
        resources={"lambda_functions": [{"name": "checkout", "tags": {"team": "shop"}}]},
        metrics=[invocations("checkout", jump), invocations("search")],
    )
    search = '{AWS/Lambda,FunctionName} MetricName="Invocations" checkout'
    ways: list[dict[str, Any]] = [
        {"service": "lambda", "resource": "checkout"},
        {"tag": "team=shop"},
        {"search": search, "statistic": "Sum"},
    ]
    for way in ways:
        watching.watches(metrics=[way])
        watching.deps.cache.forget("")
        for key in ("episodes", *[name.split(":", 4)[-1] for found in watching.ticks for name in found.documents]):
            await watching.deps.state.put(f"detect:metrics:home:us-east-1:{key}", {})
        watching.clock.now = watching.story.replace(hour=14, minute=22)
        told = await watching.until(-15)
        assert [status for status, _ in told] == ["firing"], way


async def test_a_metric_with_an_alarm_in_alarm_says_nothing_new(watching: Lookout):
    watching.watches(metrics=[{**one(), "metric": "Errors"}])
    burst = {"from": "-30m", "add": 40}
    watching.load(metrics=[errors("checkout", burst)], alarms=[errors_alarm("checkout")])
    assert await watching.until(0) == [("firing", "checkout-errors")]


async def test_a_metric_outside_cloudwatchs_own_band_is_told_once(watching: Lookout):
    detector = {
        "namespace": "AWS/Lambda",
        "metric": "Invocations",
        "statistic": "Sum",
        "dimensions": {"FunctionName": "checkout"},
    }
    watching.load(
        metrics=[invocations("checkout", {"from": "-40m", "multiply": 4}), invocations("search")],
        anomaly_detectors=[detector, {**detector, "dimensions": {"FunctionName": "search"}}],
    )
    assert await watching.until(0) == [("firing", "Invocations of checkout is outside its usual band")]
    assert "2 anomaly bands" in watching.ticks[0].learned


async def test_a_metric_that_cannot_be_read_is_a_gap_and_not_over(watching: Lookout):
    watching.watches(metrics=[one()])
    watching.load(metrics=[invocations("checkout", {"from": "-30m", "multiply": 3})])
    assert await watching.until(-20) == [HIGH]
    watching.account.put(Fault("cloudwatch:GetMetricData", code="AccessDenied", status=403))
    assert await watching.until(10) == []
    assert any("metrics" in gap and "GetMetricData" in gap for gap in watching.ticks[-1].gaps)
    watching.account.heal()
    assert await watching.until(30) == []


def cost(found: Found, detector: str) -> dict[str, Any]:
    return next(each for each in found.costs if each["detector"] == detector)
