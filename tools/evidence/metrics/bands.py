"""Where CloudWatch has an anomaly detector on a metric, its band says what is normal, and not our own baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.figures import number
from agent.models import Finding
from agent.times import clock_time
from tools.evidence.base import Look
from tools.evidence.metrics.reader import Line
from tools.evidence.metrics.series import Seen
from tools.evidence.partial import gather

MAX_DETECTORS = 500
BATCH = 100
"""So many bands are read in one call, each with its metric: GetMetricData takes 500 queries."""
PERIOD = timedelta(minutes=5)
WIDTH = 2
"""Standard deviations, as CloudWatch's own alarms take by default."""
OUTSIDE = 3
"""Points in a row outside the band that make a departure: one in twenty is outside two deviations by chance."""
CHANCE = 0.15
"""Of the farthest distance from the band: what is nearer than that does not date the onset."""
Key = tuple[str, str, tuple[tuple[str, str], ...], str]


@dataclass(frozen=True)
class Banded:
    """A line with its points in the window and the bounds that the detector expects."""

    seen: Seen
    values: dict[datetime, float]
    lower: dict[datetime, float]
    upper: dict[datetime, float]

    def outside(self) -> list[tuple[datetime, float, str]]:
        """The first run of points outside the band that is long enough, and all that follow outside."""
        run: list[tuple[datetime, float, str]] = []
        for at in sorted(self.values):
            side = self._side(at)
            if side and (not run or run[-1][2] == side or len(run) >= OUTSIDE):
                run.append((at, self.values[at], side))
            elif len(run) < OUTSIDE:
                run = [(at, self.values[at], side)] if side else []
        return self._from_onset(run) if len(run) >= OUTSIDE else []

    def _from_onset(self, run: list[tuple[datetime, float, str]]) -> list[tuple[datetime, float, str]]:
        """Without what came before the onset and was outside only by chance, and by little."""
        gaps = [self.gap(at, side) for at, _, side in run]
        first = next(index for index, gap in enumerate(gaps) if gap >= CHANCE * max(gaps))
        return run[first:]

    def gap(self, at: datetime, side: str) -> float:
        """How far outside the band, in the metric's own unit; negative within."""
        return self.values[at] - self.upper[at] if side == "rise" else self.lower[at] - self.values[at]

    def _side(self, at: datetime) -> str:
        """`rise` above the band, `drop` below, empty within; only the way that matters for the metric."""
        if at not in self.upper or at not in self.lower:
            return ""
        value, watch = self.values[at], self.seen.line.metric.watch
        if value > self.upper[at] and watch in ("rise", "both"):
            return "rise"
        return "drop" if value < self.lower[at] and watch in ("drop", "both") else ""


def band_findings(look: Look, seen: Sequence[Seen]) -> tuple[dict[Key, Finding], str]:
    """What the detectors say of the lines that have one, by `key_of`; and a caveat when they could not be asked."""
    reads: dict[str, Callable[[], list[Banded]]] = {"anomaly bands": lambda: bands(look, seen), "no line": list}
    read = gather(reads)
    found = {key_of(b.seen.line): finding_of_band(b, look.now) for b in read.results.get("anomaly bands", [])}
    return found, read.caveat


def bands(look: Look, seen: Sequence[Seen]) -> list[Banded]:
    """The lines that have a detector, with their bands over the window."""
    wanted = {key_of(s.line): s for s in seen}
    spaces = {s.line.metric.namespace for s in seen}
    space = {"Namespace": spaces.pop()} if len(spaces) == 1 else {}
    detectors = look.pages("cloudwatch", "describe_anomaly_detectors", "AnomalyDetectors", limit=MAX_DETECTORS, **space)
    keys = dict.fromkeys(key for detector in detectors if (key := _detector_key(detector)) in wanted)
    chosen = [wanted[key] for key in keys]
    batches = [chosen[i : i + BATCH] for i in range(0, len(chosen), BATCH)]
    return [banded for batch in batches for banded in _read(look, batch)]


def finding_of_band(banded: Banded, now: datetime) -> Finding:
    """What the detector says: how far outside its band the metric is since when, or that it is within."""
    line, outside = banded.seen.line, banded.outside()
    last = max(banded.upper, default=None)
    expected = f"{number(banded.lower[last])} to {number(banded.upper[last])}" if last else "unknown"
    details = {
        "namespace": line.metric.namespace,
        "metric": line.metric.name,
        "service": line.metric.service,
        "band": expected,
        "detector": "CloudWatch",
    }
    if not outside:
        statement = f"{line.label} of {line.resource} is within the band of CloudWatch's anomaly detector ({expected})."
        return Finding(
            kind="metric_steady", statement=statement, strength=0.4, resource=line.resource, attributes=details
        )
    onset, _, side = outside[0]
    extreme = (max if side == "rise" else min)(value for _, value, _ in outside)
    share = len(outside) / max(len([at for at in banded.values if at >= onset]), 1)
    statement = (
        f"{line.label} of {line.resource} is {'above' if side == 'rise' else 'below'} the band of CloudWatch's anomaly "
        f"detector since {clock_time(onset, now)}: {'up' if side == 'rise' else 'down'} to {number(extreme)}, where "
        f"{expected} is expected."
    )
    beyond = _distance(banded, onset, side)
    return Finding(
        kind=f"metric_{side}",
        statement=statement,
        strength=round(min(0.45 + 0.25 * share + 0.1 * beyond, 0.95) * line.metric.weight, 3),
        at=onset,
        resource=line.resource,
        attributes={**details, "peak": f"{extreme:.4g}"},
    )


def _distance(banded: Banded, onset: datetime, side: str) -> float:
    """How many widths of the band the farthest point lies outside, at most 3."""
    farthest = 0.0
    for at in banded.values:
        if at >= onset and at in banded.upper and at in banded.lower:
            width = max(banded.upper[at] - banded.lower[at], 1e-9)
            farthest = max(farthest, banded.gap(at, side) / width)
    return min(farthest, 3.0)


def key_of(line: Line) -> Key:
    return (line.metric.namespace, line.metric.name, tuple(sorted(line.dimensions.items())), line.metric.statistic)


def _detector_key(detector: dict[str, Any]) -> Key:
    single = detector.get("SingleMetricAnomalyDetector") or detector
    dimensions = tuple(sorted((d["Name"], d["Value"]) for d in single.get("Dimensions", [])))
    return single.get("Namespace", ""), single.get("MetricName", ""), dimensions, single.get("Stat", "")


def _read(look: Look, chosen: Sequence[Seen]) -> list[Banded]:
    queries: list[dict[str, Any]] = []
    for number_of, seen in enumerate(chosen):
        line = seen.line
        metric = {
            "Namespace": line.metric.namespace,
            "MetricName": line.metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in line.dimensions.items()],
        }
        stat = {"Metric": metric, "Period": int(PERIOD.total_seconds()), "Stat": line.metric.statistic}
        queries.append({"Id": f"m{number_of}", "MetricStat": stat})
        queries.append({"Id": f"b{number_of}", "Expression": f"ANOMALY_DETECTION_BAND(m{number_of}, {WIDTH})"})
    points: dict[str, list[dict[datetime, float]]] = {}
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "cloudwatch",
            "get_metric_data",
            StartTime=look.window.start,
            EndTime=look.window.end,
            MetricDataQueries=queries,
            ScanBy="TimestampAscending",
            **token,
        )
        for result in reply["MetricDataResults"]:
            series = dict(zip(result["Timestamps"], result["Values"], strict=True))
            points.setdefault(result["Id"], []).append(series)
        if not reply.get("NextToken"):
            break
        token = {"NextToken": reply["NextToken"]}
    return [
        _banded(seen, points.get(f"m{number_of}", []), points.get(f"b{number_of}", []))
        for number_of, seen in enumerate(chosen)
    ]


def _banded(seen: Seen, metric: list[dict[datetime, float]], band: list[dict[datetime, float]]) -> Banded:
    """A band comes as two series of one id; at each moment the smaller one is the lower bound."""
    values = {at: value for series in metric for at, value in series.items()}
    bounds: dict[datetime, list[float]] = {}
    for series in band:
        for at, value in series.items():
            bounds.setdefault(at, []).append(value)
    lower, upper = ({at: choose(pair) for at, pair in bounds.items()} for choose in (min, max))
    return Banded(seen, values, lower, upper)
