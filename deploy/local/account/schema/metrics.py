"""Metric series and the alarms over them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from deploy.local.account.schema.base import Entry, Length, Offset


class Pulse(Entry):
    """An event that comes and goes: on for `width` at the start of every `period`."""

    period: Length
    width: Length


class SeriesEvent(Entry):
    """A change of a series between `from` and `to` (open-ended when absent). Exactly one of set, add, multiply."""

    start: Offset = Field(alias="from")
    end: Offset | None = Field(default=None, alias="to")
    set: float | None = None
    add: float | None = None
    multiply: float | None = None
    ramp: Length = timedelta(0)
    """Time from `from` until the change has its full size; it grows linearly."""
    fade: Length = timedelta(0)
    """Time from `to` until nothing of the change is left; it shrinks linearly."""
    every: Pulse | None = None
    noise: float | None = None
    """Relative standard deviation of what is set or added; the metric's own, but at most 5%, when absent."""

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if sum(change is not None for change in (self.set, self.add, self.multiply)) != 1:
            raise ValueError("an event needs exactly one of set, add, multiply")
        return self


class Metric(Entry):
    """One CloudWatch metric. `baseline` is the Sum a minute for `count`, the average value for the other kinds."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = {}
    unit: str = "None"
    baseline: float = 0.0
    noise: float = 0.05
    """Relative standard deviation from minute to minute."""
    daily: float = 0.0
    """Relative amplitude of the day's season: 0.3 swings from 70% (night, UTC) to 130% (14:00 UTC)."""
    weekend: float = 1.0
    """Factor on Saturdays and Sundays."""
    statistic_kind: Literal["count", "gauge", "percent", "duration"] = "gauge"
    samples_per_minute: float = 1.0
    minimum: float | None = None
    maximum: float | None = None
    integer: bool = False
    """Round every minute's value: counts of errors, connections."""
    sparse: bool = False
    """A minute with the value zero reports nothing, as DynamoDB's throttle metrics do."""
    interval: Length = timedelta(minutes=1)
    """How often a value is reported: 1m, 5m, or 1d for S3's storage metrics."""
    start: Offset | None = Field(default=None, alias="from")
    end: Offset | None = Field(default=None, alias="to")
    events: tuple[SeriesEvent, ...] = ()


class AlarmQuery(Entry):
    """One line of an alarm on metric math: an expression, or a metric with its statistic."""

    id: str
    expression: str | None = None
    namespace: str | None = None
    metric: str | None = None
    dimensions: Mapping[str, str] = {}
    statistic: str = "Average"
    period: int = 60
    label: str | None = None
    return_data: bool = True

    @model_validator(mode="after")
    def _expression_or_metric(self) -> Self:
        if (self.expression is None) == (self.metric is None):
            raise ValueError(f"alarm query {self.id} needs either an expression or a metric")
        return self


Comparison = Literal[
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
]


class Alarm(Entry):
    """A CloudWatch metric alarm. Its state and history are computed from the series, never written down."""

    name: str
    description: str = ""
    namespace: str | None = None
    metric: str | None = None
    dimensions: Mapping[str, str] = {}
    statistic: str = "Average"
    """Average, Sum, Minimum, Maximum, SampleCount or a percentile such as p99."""
    metrics: tuple[AlarmQuery, ...] = ()
    """Instead of namespace and metric: an alarm on metric math. The one query with return_data is compared."""
    threshold_metric_id: str | None = None
    """The id of an ANOMALY_DETECTION_BAND query, for the comparisons with a band."""
    period: int = 60
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    threshold: float | None = None
    comparison: Comparison = "GreaterThanThreshold"
    treat_missing: Literal["missing", "ignore", "breaching", "notBreaching"] = "missing"
    actions: tuple[str, ...] = ()
    ok_actions: tuple[str, ...] = ()
    actions_enabled: bool = True
    configured_at: Offset = timedelta(days=-90)

    @model_validator(mode="after")
    def _metric_or_metrics(self) -> Self:
        if (self.metric is None) == (not self.metrics):
            raise ValueError(f"alarm {self.name} needs either namespace and metric, or metrics")
        if (self.threshold is None) == (self.threshold_metric_id is None):
            raise ValueError(f"alarm {self.name} needs either threshold or threshold_metric_id")
        return self


class CompositeAlarm(Entry):
    """An alarm over other alarms; its state and history are computed from theirs."""

    name: str
    rule: str
    """ALARM(a) OR (ALARM("b") AND NOT OK(c)): the functions ALARM, OK and INSUFFICIENT_DATA, and TRUE and FALSE."""
    description: str = ""
    actions: tuple[str, ...] = ()
    configured_at: Offset = timedelta(days=-90)


class AnomalyDetector(Entry):
    """An anomaly detector that somebody has set up on a metric."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str] = {}
    statistic: str = "Average"
