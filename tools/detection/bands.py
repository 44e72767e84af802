"""Metrics outside the band of CloudWatch's own anomaly detection."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from agent.anomaly import Shift
from agent.detection.alarms import echoes
from agent.detection.alerts import own_alert, severity_of
from agent.detection.episodes import Anomaly
from agent.models import Alert, TimeRange
from tools.detection.base import BAND_METRICS, METRIC_USD, Round
from tools.detection.grid import whole_periods
from tools.evidence import console
from tools.evidence.metrics.bands import MAX_DETECTORS, PERIOD, Banded, bands, finding_of_band
from tools.evidence.metrics.catalog import custom_metric, key_metric
from tools.evidence.metrics.reader import Line
from tools.evidence.metrics.series import Seen

WINDOW = timedelta(hours=1)
NO_SHIFT = Shift("steady", 0.0, 0.0, 0.0, 0.0, factor=1.0)


def detect(tick: Round) -> list[Alert]:
    """Three points in a row outside the band, in the way that is bad for the metric, and still outside."""
    look = tick.look
    learning = not tick.memories.get(tick.key("episodes"))
    listed = look.pages("cloudwatch", "describe_anomaly_detectors", "AnomalyDetectors", limit=MAX_DETECTORS)
    lines = [line for each in listed if (line := _line(each))]
    if learning and lines:
        tick.learned.append(f"{len(lines)} anomaly bands")
    if not lines:
        return tick.told([], learning=learning)
    end = whole_periods(look.now, PERIOD)
    look.window = TimeRange(start=end - WINDOW, end=end)
    cost = len(lines) * (1 + BAND_METRICS) * METRIC_USD
    look.budget.spend(usd=cost)
    look.usd += cost
    found = bands(look, [Seen(line, (), NO_SHIFT) for line in lines])
    seen = [_anomaly(tick, banded) for banded in found if _still_outside(banded)]
    return tick.told(seen, learning=learning, quiet=lambda anomaly: echoes(anomaly.alert, tick.known, tick.firing))


def _line(detector: dict[str, Any]) -> Line | None:
    """The series of a detector; None for one on metric math."""
    single = detector.get("SingleMetricAnomalyDetector") or detector
    if not single.get("MetricName"):
        return None
    dimensions = {d["Name"]: d["Value"] for d in single.get("Dimensions", [])}
    namespace, name = str(single["Namespace"]), str(single["MetricName"])
    metric = key_metric(namespace, name, frozenset(dimensions)) or custom_metric(namespace, name, tuple(dimensions))
    return Line(replace(metric, statistic=str(single["Stat"])), dimensions)


def _still_outside(banded: Banded) -> bool:
    outside = banded.outside()
    return bool(outside) and outside[-1][0] == max(banded.values)


def _anomaly(tick: Round, banded: Banded) -> Anomaly:
    line, look = banded.seen.line, tick.look
    finding = finding_of_band(banded, look.now)
    metric = line.metric
    subject = f"{metric.namespace}/{metric.name}/{metric.statistic}/{sorted(line.dimensions.items())}"
    alert = own_alert(
        "bands",
        f"{look.aws.label}:{look.aws.region}:{subject}",
        f"{line.label} of {line.resource} is outside its usual band",
        finding.statement,
        finding.at or look.now,
        tick.resource(metric.service, line.resource),
        severity=severity_of(finding.strength),
        metric=metric.name,
        value=finding.attributes.get("peak", ""),
        threshold=finding.attributes.get("band", ""),
        link=console.metric_graph(
            look.aws, metric.namespace, metric.name, line.dimensions, look.window, metric.statistic
        ),
    )
    return Anomaly(subject, alert)
