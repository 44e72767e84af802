from typing import Any

from agent.models import Evidence, EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.metrics.alarms import alarm_history

CPU = {"namespace": "AWS/ECS", "name": "CPUUtilization", "dimensions": {"ClusterName": "prod", "ServiceName": "search"}}


def alarm(name: str, threshold: float, **more: Any) -> dict[str, Any]:
    series = {"namespace": CPU["namespace"], "metric": CPU["name"], "dimensions": CPU["dimensions"]}
    return {"name": name, "threshold": threshold, **series, **more}


def kinds(evidence: Evidence) -> set[str]:
    return {finding.kind for finding in evidence.findings}


async def test_a_value_that_brushes_a_tight_threshold_every_day_is_flapping_and_nothing_more(load: Load, call: Call):
    peaks = {"from": "-9d", "add": 15, "every": {"period": "20m", "width": "2m"}}
    load(metrics=[{**CPU, "baseline": 60, "noise": 0.01, "events": [peaks]}], alarms=[alarm("search-cpu", 72)])
    evidence = await call(alarm_history, alarm_name="search-cpu")
    assert kinds(evidence) >= {"alarm_flapping", "threshold_grazed", "metric_steady"}
    assert not kinds(evidence) & {"metric_rise"}
    flapping = next(f for f in evidence.findings if f.kind == "alarm_flapping")
    assert flapping.resource == "search"
    assert int(flapping.attributes["transitions"]) > 20


async def test_a_real_rise_is_no_flapping_though_it_comes_in_bursts(load: Load, call: Call):
    bursts = {"from": "-80m", "add": 36, "every": {"period": "20m", "width": "12m"}}
    load(metrics=[{**CPU, "baseline": 40, "noise": 0.02, "events": [bursts]}], alarms=[alarm("search-cpu", 72)])
    evidence = await call(alarm_history, resource="search")
    assert "alarm_flapping" not in kinds(evidence)
    assert "threshold_grazed" not in kinds(evidence)
    assert kinds(evidence) >= {"metric_rise", "alarm_fired"}


async def test_only_alarms_that_fired_are_shown_when_none_is_named(load: Load, call: Call):
    load(
        metrics=[{**CPU, "baseline": 50, "noise": 0.01, "events": [{"from": "-30m", "set": 95}]}],
        alarms=[alarm("search-cpu-high", 80), alarm("search-cpu-odd", 99)],
    )
    evidence = await call(alarm_history)
    assert {f.attributes["alarm"] for f in evidence.findings} == {"search-cpu-high"}
    assert "still in ALARM" in evidence.summary


async def test_quiet_alarms_are_evidence_of_absence(load: Load, call: Call):
    load(metrics=[{**CPU, "baseline": 50}], alarms=[alarm("search-cpu", 80)])
    evidence = await call(alarm_history)
    assert kinds(evidence) == {"metric_steady"}


async def test_an_unknown_alarm_names_those_there_are(load: Load, call: Call):
    load(metrics=[{**CPU, "baseline": 50}], alarms=[alarm("search-cpu", 80)])
    evidence = await call(alarm_history, alarm_name="billing")
    assert evidence.status is EvidenceStatus.no_data
    assert "search-cpu" in evidence.summary


def composite(name: str, rule: str) -> dict[str, Any]:
    return {"name": name, "rule": rule}


async def test_a_composite_alarm_tells_which_of_its_alarms_fired(load: Load, call: Call):
    load(
        metrics=[{**CPU, "baseline": 50, "noise": 0.01, "events": [{"from": "-30m", "set": 95}]}],
        alarms=[alarm("search-cpu-high", 80), alarm("search-cpu-odd", 99)],
        composite_alarms=[
            composite("search-down", 'ALARM("search-cpu-high") OR ALARM(search-cpu-odd)'),
            composite("search-quiet", "ALARM(search-cpu-odd) AND NOT OK(search-cpu-high)"),
        ],
    )
    evidence = await call(alarm_history, alarm_name="search-down")
    fired = next(f for f in evidence.findings if f.resource == "search-down")
    assert (fired.kind, fired.attributes["children"]) == ("alarm_fired", "search-cpu-high")
    assert "after search-cpu-high (14:3" in evidence.summary
    assert {"alarm_fired", "metric_rise"} <= kinds(evidence)
    everything = await call(alarm_history)
    assert "search-quiet (composite) did not fire" in everything.summary


async def test_alarms_are_listed_over_several_pages(load: Load, call: Call):
    steady = [alarm(f"search-{n:03d}", 99) for n in range(230)]
    load(
        metrics=[{**CPU, "baseline": 50, "noise": 0.01, "events": [{"from": "-30m", "set": 95}]}],
        alarms=[*steady, alarm("zz-last", 80)],
    )
    assert {f.attributes["alarm"] for f in (await call(alarm_history)).findings} == {"zz-last"}
