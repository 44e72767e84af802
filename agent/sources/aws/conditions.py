"""What a CloudWatch alarm compares: its metric, its threshold and what was measured, in all the forms there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.sources.aws.lenient import document
from agent.sources.fields import at, mapping_at, parts_at, text_at

_OPERATORS = (
    ("GreaterThanOrEqual", ">="),
    ("LessThanOrEqual", "<="),
    ("LessThanLowerOrGreaterThanUpper", "outside"),
    ("GreaterThan", ">"),
    ("LessThan", "<"),
)
_WORDS = re.compile(
    r"\bwas (?:not )?((?:less|greater) than(?: or (?:greater than|equal to))?)(?: the)?"
    r"(?: (?:lower|upper|lower or upper))? thresholds? [\[(]([-+\d.eE]+)"
)
_SIGNS = {"greater than or equal to": ">=", "less than or equal to": "<=", "greater than": ">", "less than": "<"}
_MEASURED = re.compile(r"datapoints? \[([-+\d.eE]+)[ \]]")
_REFERENCE = re.compile(r"\b[a-z]\w*\b")

Metrics = Sequence[Mapping[str, Any]]


def returned(metrics: Metrics) -> Mapping[str, Any]:
    """The entry that is compared with the threshold. Only an anomaly band returns two: the band is not it."""
    shown = [entry for entry in metrics if entry.get("ReturnData", True) is not False] or list(metrics)
    values = [entry for entry in shown if "ANOMALY_DETECTION_BAND" not in text_at(entry, "Expression")]
    return next(iter([*values, *shown]), {})


def measured_metric(metrics: Metrics) -> Mapping[str, Any]:
    """The metric behind the returned entry: its own, or the first that its expression is made of."""
    named = {text_at(entry, "Id"): entry for entry in metrics}
    waiting, seen = [returned(metrics)], set[str]()
    while waiting:
        entry = waiting.pop(0)
        if metric := mapping_at(entry, "MetricStat.Metric"):
            return metric
        references = [name for name in _REFERENCE.findall(text_at(entry, "Expression")) if name in named]
        waiting += [named[name] for name in references if name not in seen]
        seen.update(references)
    return next((metric for entry in metrics if (metric := mapping_at(entry, "MetricStat.Metric"))), {})


def compared(metrics: Metrics) -> str:
    """The formula whose result is compared, "" where a metric itself is."""
    return formula(metrics) if text_at(returned(metrics), "Expression") else ""


def formula(metrics: Metrics) -> str:
    """`m1/m2 (m1: Errors, m2: Invocations)`, of an anomaly band what makes the band; "" for a plain metric."""
    expression = text_at(returned(metrics), "Expression") or next(
        (text_at(entry, "Expression") for entry in metrics if text_at(entry, "Expression")), ""
    )
    parts = ((text_at(entry, "Id"), text_at(entry, "MetricStat.Metric.MetricName")) for entry in metrics)
    names = ", ".join(f"{name}: {metric}" for name, metric in parts if metric)
    return f"{expression} ({names})" if expression and names else expression


def threshold(trigger: Mapping[str, Any], reason: str, reason_data: Mapping[str, Any]) -> str:
    """The number as it was sent; of an anomaly band the edge that was crossed."""
    stated = _WORDS.search(reason)
    crossed = stated[2] if stated else ""
    if text_at(trigger, "ThresholdMetricId"):
        return crossed
    return text_at(trigger, "Threshold") or text_at(reason_data, "threshold") or crossed


def value(reason: str, reason_data: Mapping[str, Any]) -> str:
    """What was measured last, the evaluated data points before the words of the reason."""
    points = parts_at(reason_data, "evaluatedDatapoints")
    latest = max(points, key=lambda point: text_at(point, "timestamp"), default={})
    if found := text_at(latest, "value"):
        return found
    recent = at(reason_data, "recentDatapoints")
    if isinstance(recent, list) and recent:
        return text_at({"last": recent[-1]}, "last")
    return measured[1] if (measured := _MEASURED.search(reason)) else ""


def condition(trigger: Mapping[str, Any], name: str, limit: str, reason: str) -> str:
    """`Sum of Errors > 5.0 for 2 of 3 periods of 60 s`, as far as it is known."""
    sign = next((sign for start, sign in _OPERATORS if text_at(trigger, "ComparisonOperator").startswith(start)), "")
    stated = _WORDS.search(reason)
    sign = sign or (_SIGNS.get(stated[1], "") if stated else "")
    if not name or not limit or not sign:
        return ""
    statistic = text_at(trigger, "Statistic", "ExtendedStatistic").capitalize()
    band = " (the edge of the expected band)" if text_at(trigger, "ThresholdMetricId") else ""
    return f"{f'{statistic} of ' if statistic else ''}{name} {sign} {limit}{band}{_periods(trigger)}"


def _periods(trigger: Mapping[str, Any]) -> str:
    count, seconds = text_at(trigger, "EvaluationPeriods"), text_at(trigger, "Period")
    needed = text_at(trigger, "DatapointsToAlarm") or count
    if not count or not seconds:
        return ""
    periods = f"{count} period{'s' if count != '1' else ''}"
    return f" for {periods if needed == count else f'{needed} of {periods}'} of {seconds} s"


def reason_data_of(written: Any) -> Mapping[str, Any]:
    """`reasonData` is JSON in a text."""
    return mapping_at({"": document(written) if isinstance(written, str) else written}, "")
